"""A copy of the ledger while the service runs: checked before it takes its name, so that one can rely on it."""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from sqlalchemy import Engine

from store.database import reading
from store.errors import BackupError
from store.upkeep.counting import check_counts, count_rows

PRIVATE = 0o600


def back_up(engine: Engine, target: Path) -> Mapping[str, int]:
    """Write a backup: an SQLite file, or for PostgreSQL an archive of pg_dump.

    The service goes on meanwhile; the backup holds the ledger of one moment.

    Parameters
    ----------
    target : Path
        The file; an older one is replaced once the new one has been checked, and not before.

    Returns
    -------
    Mapping
        Rows by table, as counted in the ledger and again in the backup.

    Raises
    ------
    BackupError
        The target is the ledger itself, or the copy is not what it should be: no file is left.
    BackupToolMissingError
        PostgreSQL without its ``pg_dump`` and ``pg_restore``.
    OSError
        The file cannot be written.
    """
    target = target.resolve()
    _check_target(engine, target)
    with _private_part(target) as part:
        if engine.dialect.name == "sqlite":
            return _copy_sqlite(engine, part)
        from store.upkeep.postgresql_backup import dump_postgresql

        return dump_postgresql(engine, part)


def _check_target(engine: Engine, target: Path) -> None:
    if target.is_dir():
        raise IsADirectoryError(None, "a folder, where the name of a file is expected", str(target))
    if engine.dialect.name != "sqlite":
        return
    ledger = Path(engine.url.database or "").resolve()
    if target in {ledger, *(ledger.with_name(ledger.name + suffix) for suffix in ("-wal", "-shm", "-journal"))}:
        raise BackupError("the backup would replace the ledger itself; name another file")


@contextmanager
def _private_part(target: Path) -> Iterator[Path]:
    """Give an empty file beside the target, readable to its owner alone; it takes the target's name at the end."""
    part = target.with_name(f".{target.name}.{token_hex(4)}.part")
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE))
    try:
        yield part
        _flush(part)
        part.replace(target)
        _flush(target.parent)
    finally:
        for left in (part, *(part.with_name(part.name + suffix) for suffix in ("-wal", "-shm", "-journal"))):
            with suppress(FileNotFoundError):
                left.unlink()


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy_sqlite(engine: Engine, part: Path) -> Mapping[str, int]:
    """Copy page by page (SQLite's online backup API) from one snapshot, which holds up no writer."""
    with closing(sqlite3.connect(part, isolation_level=None)) as copy:
        with reading(engine) as connection:
            expected = count_rows(connection)  # the transaction's first look: what follows sees the same moment
            source = connection.connection.driver_connection
            assert isinstance(source, sqlite3.Connection)  # noqa: S101  (the dialect says so; the type does not)
            # all pages in one step: in smaller ones every write of the service would begin the copy anew
            source.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        _check_copy(copy, expected)
    return expected


def _check_copy(copy: sqlite3.Connection, expected: Mapping[str, int]) -> None:
    faults = [row[0] for row in copy.execute("PRAGMA integrity_check(1)")]
    if faults != ["ok"]:
        raise BackupError(
            "the copy does not pass SQLite's integrity check: is the ledger damaged? ('xray-cli db check')"
        )
    if copy.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise BackupError("the copy holds arrivals whose results are missing: is the ledger damaged?")
    # the names are the program's own, from its description of the tables
    found = {name: copy.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in expected}  # noqa: S608
    check_counts(found, expected)
