"""A backup of PostgreSQL, by its own pg_dump and counted by its own pg_restore."""

import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import Engine, func, select
from sqlalchemy.engine import URL

from store.database import reading
from store.errors import BackupError, BackupToolMissingError
from store.upkeep.counting import check_counts, count_rows

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
    pg_dump, pg_restore = _find_tool("pg_dump"), _find_tool("pg_restore")
    with reading(engine) as connection:
        snapshot = connection.scalar(select(func.pg_export_snapshot()))
        expected = count_rows(connection)
        # inside the transaction: the snapshot lives as long as it does
        command = [pg_dump, "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
        _run([*command, f"--file={part}", f"--dbname={_as_libpq(engine.url)}"], engine.url)
    check_counts(_count_archived(pg_restore, part), expected)
    return expected


def _find_tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        message = f"{name} is not on the PATH: install PostgreSQL's client programs (Debian: postgresql-client)"
        raise BackupToolMissingError(message)
    return found


def _as_libpq(url: URL) -> str:
    """Return the URL as PostgreSQL's programs read it; the password goes another way, which 'ps' does not show."""
    return url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)


def _run(command: Sequence[str], url: URL) -> None:
    environment = os.environ | ({"PGPASSWORD": str(url.password)} if url.password else {})
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if ended.returncode:
        raise _as_error("pg_dump", ended.stderr)


def _count_archived(pg_restore: str, archive: Path) -> Mapping[str, int]:
    """Read the whole archive as the script that would restore it, and count its rows."""
    counts: Counter[str] = Counter()
    table = None
    command = [pg_restore, "--data-only", "--file=-", str(archive)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdout is not None  # noqa: S101  (a pipe was asked for)
        assert process.stderr is not None  # noqa: S101
        for line in process.stdout:
            if table is None:
                begins = _TABLE_BEGINS.match(line)
                table = begins and begins[1].decode()
            elif line == _TABLE_ENDS:
                table = None
            else:
                counts[table] += 1
        said = process.stderr.read().decode(errors="replace")
    if process.returncode:
        raise _as_error("pg_restore", said)
    return counts


def _as_error(tool: str, said: str) -> BackupError:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return BackupError(f"{tool} failed: {'; '.join(lines[:2]) or 'it gave no reason'}")
