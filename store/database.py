"""Opening the database: one engine for SQLite (WAL, FULL, ``BEGIN IMMEDIATE``) and PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from store.errors import DatabaseLocationError, DatabaseUrlError
from store.location import find_filesystem_type, is_network_share

SUPPORTED = ("sqlite", "postgresql+psycopg")
BUSY_SECONDS = 5.0  # a writer waits this long for another; then the caller's own back-off begins


def open_database(database_url: str) -> Engine:
    """Open an engine; no connection is made yet.

    Parameters
    ----------
    database_url : str
        ``sqlite:///path`` or ``postgresql+psycopg://user:password@host/name``.

    Raises
    ------
    DatabaseUrlError
        The URL cannot be parsed or names another kind of database.
    DatabaseLocationError
        SQLite on a network share, or in a folder that does not exist.
    """
    url = _parse_url(database_url)
    if url.drivername == "sqlite":
        return _open_sqlite(url)
    return create_engine(url, pool_pre_ping=True, pool_size=2, max_overflow=2, connect_args={"connect_timeout": 5})


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection that only reads: on SQLite it does not take the writer's lock."""
    with engine.connect().execution_options(xray_reading=True) as connection, connection.begin():
        yield connection


def build_insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Begin an INSERT that can say what happens on a conflict, in the dialect of the connection."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def _parse_url(database_url: str) -> URL:
    try:
        url = make_url(database_url)
    except ArgumentError:
        message = "the database URL cannot be parsed; expected sqlite:///PATH or postgresql+psycopg://..."
        raise DatabaseUrlError(message) from None
    if url.drivername not in SUPPORTED:
        message = f"the database '{url.drivername}' is not supported; accepted are {' and '.join(SUPPORTED)}"
        raise DatabaseUrlError(message)
    return url


def _open_sqlite(url: URL) -> Engine:
    path = Path(url.database or "")
    if not url.database or not path.parent.is_dir():
        message = f"there is no folder for the SQLite database {path}"
        raise DatabaseLocationError(message)
    if is_network_share(path.parent):
        kind = find_filesystem_type(path.parent)
        message = f"SQLite's locks do not hold on {kind} ({path.parent}); use a local disk or PostgreSQL"
        raise DatabaseLocationError(message)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: SqliteConnection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # plain BEGIN lets two writers meet half-way, and one of them fails at once with "database is locked"
    reads = connection.get_execution_options().get("xray_reading", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
