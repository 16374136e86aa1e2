"""A copy of the ledger while the service runs: checked before it takes its name, so that one can rely on it.

SQLite is copied by its own online backup, PostgreSQL by its pg_dump and counted by its pg_restore.
"""

import os
import re
import shutil
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from sqlalchemy import Connection, Engine, func, inspect, select, table
from sqlalchemy.engine import URL

from store.database import reading
from store.errors import BackupError, BackupToolMissingError

PRIVATE = 0o600
LOGS = ("-wal", "-shm", "-journal")  # what SQLite keeps beside a database file; they belong to that file alone


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
    with private_part(target) as part:
        if engine.dialect.name == "sqlite":
            return _copy_sqlite(engine, part)
        return dump_postgresql(engine, part)


def _check_target(engine: Engine, target: Path) -> None:
    if target.is_dir():
        raise IsADirectoryError(None, "a folder, where the name of a file is expected", str(target))
    if engine.dialect.name != "sqlite":
        return
    ledger = Path(engine.url.database or "").resolve()
    if target in {ledger, *(ledger.with_name(ledger.name + suffix) for suffix in LOGS)}:
        raise BackupError("the backup would replace the ledger itself; name another file")


@contextmanager
def private_part(target: Path) -> Iterator[Path]:
    """Give an empty file beside the target, readable to its owner alone; it takes the target's name at the end."""
    part = target.with_name(f".{target.name}.{token_hex(4)}.part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE))
    except OSError as error:  # whoever reads it knows the file that they named, not the hidden one beside it
        raise OSError(error.errno, error.strerror, str(target)) from None
    try:
        yield part
        _flush(part)
        part.replace(target)
        _flush(target.parent)
    finally:
        for left in (part, *(part.with_name(part.name + suffix) for suffix in LOGS)):
            with suppress(FileNotFoundError):
                left.unlink()


def _flush(path: Path) -> None:
    """Wait until a file, or a folder's names, are on the disk."""
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
        check_counts(check_sqlite(copy), expected)
    return expected


def check_sqlite(copy: sqlite3.Connection) -> dict[str, int]:
    """Check a ledger's file from end to end, and count its rows by table; raises BackupError."""
    faults = [row[0] for row in copy.execute("PRAGMA integrity_check(1)")]
    if faults != ["ok"]:
        raise BackupError(
            "the copy does not pass SQLite's integrity check: is the ledger damaged? ('xray-cli db check')"
        )
    if copy.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise BackupError("the copy holds arrivals whose results are missing: is the ledger damaged?")
    tables = copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    names = [name for (name,) in tables if is_counted(name)]
    return {name: copy.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608


_TABLE_BEGINS = re.compile(rb'COPY (?:[^ ]+\.)?"?(\w+)"? \(')
_TABLE_ENDS = b"\\.\n"


def dump_postgresql(engine: Engine, part: Path) -> Mapping[str, int]:
    """Write an archive in pg_dump's custom format, and count its rows.

    Returns
    -------
    Mapping
        Rows by table.

    Raises
    ------
    BackupToolMissingError
        No ``pg_dump`` or ``pg_restore`` on the PATH.
    BackupError
        One of them failed, or the archive does not hold every row.
    """
    pg_dump, pg_restore = find_tool("pg_dump"), find_tool("pg_restore")
    with reading(engine) as connection:
        snapshot = connection.scalar(select(func.pg_export_snapshot()))
        expected = count_rows(connection)
        # inside the transaction: the snapshot lives as long as it does
        command = [pg_dump, "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
        run_tool([*command, f"--file={part}", f"--dbname={as_libpq(engine.url)}"], engine.url)
    check_counts(count_archived(pg_restore, part), expected)
    return expected


def find_tool(name: str) -> str:
    """Find one of PostgreSQL's programs on the PATH; raises BackupToolMissingError."""
    found = shutil.which(name)
    if found is None:
        message = f"{name} is not on the PATH: install PostgreSQL's client programs (Debian: postgresql-client)"
        raise BackupToolMissingError(message)
    return found


def as_libpq(url: URL) -> str:
    """Return the URL as PostgreSQL's programs read it; the password goes another way, which 'ps' does not show."""
    return url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)


def run_tool(command: Sequence[str], url: URL) -> None:
    """Run one of PostgreSQL's programs; raises BackupError with what it says."""
    environment = os.environ | ({"PGPASSWORD": str(url.password)} if url.password else {})
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if ended.returncode:
        raise _as_error(Path(command[0]).name, ended.stderr)


def count_archived(pg_restore: str, archive: Path) -> Mapping[str, int]:
    """Read the whole archive as the script that would restore it, and count its rows."""
    counts: Counter[str] = Counter()
    counted = None
    command = [pg_restore, "--data-only", "--file=-", str(archive)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdout is not None  # noqa: S101  (a pipe was asked for)
        assert process.stderr is not None  # noqa: S101
        for line in process.stdout:
            if counted is None:
                begins = _TABLE_BEGINS.match(line)
                counted = begins and begins[1].decode()
            elif line == _TABLE_ENDS:
                counted = None
            else:
                counts[counted] += 1
        said = process.stderr.read().decode(errors="replace")
    if process.returncode:
        raise _as_error("pg_restore", said)
    return counts


def _as_error(tool: str, said: str) -> BackupError:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return BackupError(f"{tool} failed: {'; '.join(lines[:2]) or 'it gave no reason'}")


def count_rows(connection: Connection) -> dict[str, int]:
    """Count the rows of each table that the ledger has: one of an older schema lacks some."""
    names = filter(is_counted, inspect(connection).get_table_names())
    return {name: connection.scalar(select(func.count()).select_from(table(name))) or 0 for name in names}


def is_counted(name: str) -> bool:
    """Tell a table of ours from those that the database and Alembic keep for themselves."""
    return name != "alembic_version" and not name.startswith("sqlite_")


def check_counts(found: Mapping[str, int], expected: Mapping[str, int]) -> None:
    """Hold a copy's rows against the ledger's; raises BackupError."""
    wrong = {name: (found.get(name, 0), count) for name, count in expected.items() if found.get(name, 0) != count}
    if wrong:
        counts = ", ".join(f"{name} {copied} of {count}" for name, (copied, count) in wrong.items())
        raise BackupError(f"the copy does not hold every row: {counts}")
