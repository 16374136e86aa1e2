"""Both databases, and the few rows that every test of the ledger begins with."""

from tests.databases import (
    database_url,
    empty_database_url,
    empty_engine,
    empty_postgresql_url,
    empty_sqlite_url,
    engine,
    postgresql_engine,
    postgresql_server,
    postgresql_template,
    postgresql_url,
    sqlite_engine,
    sqlite_template,
    sqlite_url,
)

__all__ = [
    "database_url",
    "empty_database_url",
    "empty_engine",
    "empty_postgresql_url",
    "empty_sqlite_url",
    "engine",
    "postgresql_engine",
    "postgresql_server",
    "postgresql_template",
    "postgresql_url",
    "sqlite_engine",
    "sqlite_template",
    "sqlite_url",
]
