"""The databases that reports read."""

from tests.databases import (
    database_url,
    engine,
    postgresql_server,
    postgresql_template,
    postgresql_url,
    sqlite_engine,
    sqlite_template,
    sqlite_url,
)

__all__ = [
    "database_url",
    "engine",
    "postgresql_server",
    "postgresql_template",
    "postgresql_url",
    "sqlite_engine",
    "sqlite_template",
    "sqlite_url",
]
