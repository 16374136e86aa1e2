"""The databases that the composed services stand on."""

from tests.databases import empty_postgresql_url, postgresql_server

__all__ = ["empty_postgresql_url", "postgresql_server"]
