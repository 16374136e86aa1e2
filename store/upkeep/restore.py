"""A backup becomes the ledger again: checked before anything is touched, and what was there before is kept aside."""

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from store import HEAD_REVISION
from store.errors import BackupError, RestoreError, SchemaTooNewError
from store.upkeep.backup import LOGS, check_sqlite, private_part


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back.

    Attributes
    ----------
    rows : Mapping
        Rows by table.
    revision : str
        Its schema: the service brings an older one up to its own when it starts.
    aside : Path or str or None
        The file, or the database, that holds the ledger that was there before.
    """

    rows: Mapping[str, int]
    revision: str
    aside: Path | str | None


def restore_sqlite(backup: Path, ledger: Path) -> Restored:
    """Put a backup in the ledger's place; nobody else may have either open.

    Killed at any moment, the ledger is the old one or the new one, whole.

    Raises
    ------
    RestoreError
        The backup is no ledger, damaged, or the ledger itself: nothing has changed.
    SchemaTooNewError
        A newer version of the program made it.
    OSError
        It cannot be read, or the ledger's folder not be written.
    """
    backup, ledger = backup.resolve(strict=True), ledger.resolve()
    if backup == ledger:
        raise RestoreError(f"{backup} is the ledger itself; name a backup of it")
    with private_part(ledger) as part:
        rows, revision = _copy(backup, part)
        aside = _set_aside(ledger) if ledger.exists() else None
    return Restored(rows, revision, aside)


def _copy(backup: Path, part: Path) -> tuple[Mapping[str, int], str]:
    """Copy page by page, with what a log beside the backup still holds, and check the copy from end to end."""
    try:
        with (
            closing(sqlite3.connect(f"{backup.as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(part, isolation_level=None)) as copy,
        ):
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            revision = str(copy.execute("SELECT version_num FROM alembic_version").fetchone()[0])
            rows = check_sqlite(copy)
    except (sqlite3.DatabaseError, BackupError, TypeError):
        raise RestoreError(f"{backup} is no ledger of xray-watch, or it is damaged: nothing was changed") from None
    check_revision(backup, revision)
    return rows, revision


def check_revision(backup: Path, revision: str) -> None:
    """Do nothing where this version knows the schema; else raise SchemaTooNewError."""
    if not revision.isdecimal() or int(revision) > int(HEAD_REVISION):
        message = f"{backup} has schema {revision}, this version knows {HEAD_REVISION} at most: install a newer version"
        raise SchemaTooNewError(message)


def _set_aside(ledger: Path) -> Path:
    """Give the present ledger a second name, with all that its log holds; its own name stays until it is replaced."""
    aside = ledger.with_name(f"{ledger.name}.before-restore-{datetime.now(tz=UTC):%Y%m%dT%H%M%S%fZ}")
    try:
        with closing(sqlite3.connect(ledger, isolation_level=None)) as before:
            # one file, without a log that the new one would take for its own
            before.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError:
        pass  # a damaged ledger is kept as it is, each file under the name that belongs to it
    os.link(ledger, aside)
    for log in LOGS:
        if (left := ledger.with_name(ledger.name + log)).exists():
            left.rename(aside.with_name(aside.name + log))
    return aside
