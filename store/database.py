"""Opening the database: one engine for SQLite (WAL, FULL, ``BEGIN IMMEDIATE``) and PostgreSQL."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from sqlite3 import OperationalError as SqliteOperationalError
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Connection,
    Dialect,
    Engine,
    ExceptionContext,
    Table,
    create_engine,
    event,
    func,
    make_url,
    select,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from store.errors import DatabaseLocationError, DatabaseUrlError
from store.location import find_filesystem_type, is_network_share

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

SUPPORTED = ("sqlite", "postgresql+psycopg")
MOST_CONNECTIONS = 12  # of one process
BUSY_SECONDS = 5.0  # a writer waits this long for another; then the caller's own back-off begins
READING: dict[str, dict[str, object]] = {
    "sqlite": {"xray_reading": True},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}
# a server that stops answering in mid-query is noticed in 20 s; by default it takes hours
POSTGRESQL_CONNECTION = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
    "client_encoding": "utf8",
    # a pooler that gives each transaction another of the server's sessions mixes up statements that were prepared
    "prepare_threshold": None,
}
# how each connection begins, whatever the server's own settings are: a client that stops answering is noticed, and a
# host that was cut off or stopped in mid-transaction lets go of what it holds after half a minute
POSTGRESQL_SESSION = {
    "idle_in_transaction_session_timeout": "30s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "cursor_tuple_fraction": "1",  # what is streamed is read to its end: no plan is chosen for its first rows
}
# what pgbouncer says to settings of a session, and those which mean something between a pooler and its server
POOLER_REFUSAL = "unsupported startup parameter"
POOLED_SESSION = ("idle_in_transaction_session_timeout", "cursor_tuple_fraction")
LONGEST_LOOK = "1h"  # a transaction that only reads holds nothing up, and somebody may page through what it gives


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
        SQLite in memory, on a network share, or in a folder that does not exist.
    """
    url = _parse_url(database_url)
    engine = _open_sqlite(url) if url.drivername == "sqlite" else _open_postgresql(url)
    event.listen(engine, "handle_error", _hide_values)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection that only reads, and sees one moment: sums and rows read through it agree."""
    with engine.connect() as connection:
        connection.execution_options(**READING[engine.dialect.name])
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = '{LONGEST_LOOK}'")
            yield connection


@contextmanager
def undurable(engine: Engine) -> Iterator[Connection]:
    """Give a transaction that is done again if it is lost: its commit does not wait for the disk.

    Only a power cut or a crash of the machine loses it, never the death of a process, and no longer once a later commit
    has waited for the disk: both databases write their log in order.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            with connection.begin():
                connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
                yield connection
            return
        cursor = connection.connection.cursor()  # a pragma does nothing in a transaction
        cursor.execute("PRAGMA synchronous = NORMAL")
        try:
            with connection.begin():
                yield connection
        finally:
            cursor.execute("PRAGMA synchronous = FULL")


def wait_for_turn(connection: Connection, name: str) -> None:
    """Wait until no other transaction holds this name; SQLite's writers wait for one another as it is."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def build_insert(connection: Connection, table: Table) -> "postgresql.Insert | sqlite.Insert":
    """Begin an INSERT that can say what happens on a conflict, in the dialect of the connection."""
    return build_insert_in(connection.dialect.name, table)


def build_insert_in(dialect: str, table: Table) -> "postgresql.Insert | sqlite.Insert":
    """Begin such an INSERT in a dialect of this name."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # imports four drivers' dialects: not for a report of SQLite

        return postgresql.insert(table)
    return sqlite.insert(table)


def _parse_url(database_url: str) -> URL:
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        message = "the database URL cannot be parsed; expected sqlite:///PATH or postgresql+psycopg://..."
        raise DatabaseUrlError(message) from None
    if url.drivername not in SUPPORTED:
        message = f"the database '{url.drivername}' is not supported; accepted are {' and '.join(SUPPORTED)}"
        raise DatabaseUrlError(message)
    return url


def _open_sqlite(url: URL) -> Engine:
    path = _find_sqlite_file(url)
    if is_network_share(path.parent):
        kind = find_filesystem_type(path.parent)
        message = f"SQLite's locks do not hold on {kind} ({path.parent}); use a local disk or PostgreSQL"
        raise DatabaseLocationError(message)
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _find_sqlite_file(url: URL) -> Path:
    if url.database in {None, "", ":memory:"} or url.query:
        raise DatabaseLocationError("SQLite in memory or with options is not supported; expected sqlite:///PATH")
    path = Path(url.database or "").resolve()  # where a link leads is where the locks are
    if not path.parent.is_dir():
        raise DatabaseLocationError(f"there is no folder for the SQLite database {path}")
    return path


def _open_postgresql(url: URL) -> Engine:
    session = " ".join(f"-c {name}={value}" for name, value in POSTGRESQL_SESSION.items())
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        # a process works on one thing at a time and keeps one connection; threads, most of all those of the page, may
        # want more for a moment
        pool_size=1,
        max_overflow=MOST_CONNECTIONS - 1,
        connect_args=POSTGRESQL_CONNECTION | {"options": session},
    )
    event.listen(engine, "do_connect", _connect_through_pooler)
    event.listen(engine, "begin", _begin_through_pooler)
    return engine


def _connect_through_pooler(
    dialect: Dialect, record: "ConnectionPoolEntry", words: list[Any], options: dict[str, Any]
) -> "DBAPIConnection":
    """Connect; a pooler (pgbouncer) which refuses settings of a session is given them with each transaction."""
    try:
        return dialect.connect(*words, **options)
    except dialect.loaded_dbapi.OperationalError as error:
        if POOLER_REFUSAL not in str(error):
            raise
    record.info["pooled"] = True
    return dialect.connect(*words, **{name: value for name, value in options.items() if name != "options"})


def _begin_through_pooler(connection: Connection) -> None:
    if connection.connection.info.get("pooled"):
        for name in POOLED_SESSION:
            connection.exec_driver_sql(f"SET LOCAL {name} = '{POSTGRESQL_SESSION[name]}'")


def _hide_values(context: ExceptionContext) -> None:
    # PostgreSQL's second line quotes the row that it refused: it may name a patient, and messages reach logs
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args:
            error.args = (str(error.args[0]).partition("\n")[0], *error.args[1:])


def _prepare_sqlite(connection: SqliteConnection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
    _enter_wal(connection)
    for pragma in ("synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _enter_wal(connection: SqliteConnection) -> None:
    """Switch a new file to the write-ahead log; of two that do so together one is refused at once, without waiting."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except SqliteOperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    # plain BEGIN lets two writers meet half-way, and one of them fails at once with "database is locked"
    reads = connection.get_execution_options().get("xray_reading", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
