"""A backup becomes PostgreSQL's ledger again: restored into a new database, checked there, and then renamed.

The database that was there keeps its rows under another name. Both are renamed in one transaction: killed at any
moment, the ledger is the old one or the new one, whole.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from store.errors import BackupError, BackupToolMissingError, RestoreError, describe_database_error
from store.upkeep.backup import as_libpq, check_counts, count_archived, count_rows, find_tool, run_tool
from store.upkeep.restore import Restored, check_revision

SERVERS_OWN = "postgres"  # the database that every server has
BY_HAND = (
    "by hand: stop every service and worker, make an empty database (CREATE DATABASE xray_restored ENCODING 'UTF8' "
    "TEMPLATE template0), run 'pg_restore --no-owner --exit-on-error --dbname=xray_restored {file}', set "
    "XRAY_DATABASE_URL to it, and 'xray-cli db check'; the old one stays as it is"
)
LONGEST_NAME = 63  # bytes, of PostgreSQL


def restore_postgresql(archive: Path, url: URL) -> Restored:
    """Put an archive of pg_dump in the ledger's place; nobody else may be connected to the ledger.

    Raises
    ------
    BackupToolMissingError
        No ``pg_restore`` on the PATH: the message says what to do elsewhere.
    RestoreError
        The archive is no ledger or damaged, somebody is connected, or this user may not make databases.
    SchemaTooNewError
        A newer version of the program made it.
    """
    pg_restore, expected = _read_archive(archive)
    try:
        return _restore(pg_restore, archive, url, expected)
    except (DBAPIError, BackupError) as error:
        why = describe_database_error(error) if isinstance(error, DBAPIError) else str(error)
        raise RestoreError(f"nothing was changed: {why}; {BY_HAND.format(file=archive)}") from None


def _read_archive(archive: Path) -> tuple[str, Mapping[str, int]]:
    """Return the program that restores, and the rows that the archive holds of each table."""
    try:
        pg_restore = find_tool("pg_restore")
        return pg_restore, count_archived(pg_restore, archive)
    except BackupToolMissingError as error:
        raise BackupToolMissingError(f"{error}; or {BY_HAND.format(file=archive)}") from None
    except BackupError as error:
        raise RestoreError(f"{archive} is no backup of a ledger, or it is damaged ({error})") from None


def _restore(pg_restore: str, archive: Path, url: URL, expected: Mapping[str, int]) -> Restored:
    name, at = str(url.database), f"{datetime.now(tz=UTC):%Y%m%dT%H%M%S%f}"
    made, aside = (f"{name[: LONGEST_NAME - len(at) - 16]}_{what}_{at}" for what in ("restored", "before_restore"))
    found = url.set(database=made)
    with _connect(url.set(database=SERVERS_OWN)) as server:
        _check_quiet(server, name)
        with _new_database(server, made):
            command = [pg_restore, "--no-owner", "--exit-on-error", f"--dbname={as_libpq(found)}", str(archive)]
            run_tool(command, url)
            rows, revision = _check(archive, found, expected)
            was_there = _take_name(server, name, made, aside)
    return Restored(rows, revision, f"the database {aside}" if was_there else None)


@contextmanager
def _connect(url: URL) -> Iterator[Connection]:
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _check_quiet(server: Connection, name: str) -> None:
    connected = server.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE datname = :name"), {"name": name})
    if connected:
        raise RestoreError(
            f"{connected} connections are open to the database {name}: stop every service, worker and page that uses it"
        )


@contextmanager
def _new_database(server: Connection, name: str) -> Iterator[None]:
    """Make a database; it goes again where something fails before it is the ledger."""
    server.execute(text(f"CREATE DATABASE {_quote(server, name)} ENCODING 'UTF8' TEMPLATE template0"))
    try:
        yield
    except BaseException:
        server.execute(text(f"DROP DATABASE IF EXISTS {_quote(server, name)}"))
        raise


def _check(archive: Path, restored: URL, expected: Mapping[str, int]) -> tuple[Mapping[str, int], str]:
    with _connect(restored) as connection:
        rows = count_rows(connection)
        check_counts(rows, {name: count for name, count in expected.items() if name != "alembic_version"})
        revision = str(connection.scalar(text("SELECT version_num FROM alembic_version")))
    check_revision(archive, revision)
    return rows, revision


def _take_name(server: Connection, name: str, made: str, aside: str) -> bool:
    """Rename both databases at once; returns whether there was one before."""
    was_there = bool(server.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}))
    pairs = [*([(name, aside)] if was_there else []), (made, name)]
    renames = (f"ALTER DATABASE {_quote(server, old)} RENAME TO {_quote(server, new)}" for old, new in pairs)
    server.exec_driver_sql(f"BEGIN; {'; '.join(renames)}; COMMIT")
    return was_there


def _quote(server: Connection, name: str) -> str:
    return server.dialect.identifier_preparer.quote_identifier(name)
