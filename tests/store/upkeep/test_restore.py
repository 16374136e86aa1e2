"""A backup becomes the ledger again, and nothing is lost of either."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine

from store.database import open_database, reading
from store.errors import RestoreError, SchemaTooNewError
from store.ledger.counts import count_by_state
from store.schema import find_revision
from store.states import ArrivalState
from store.upkeep.backup import back_up
from store.upkeep.restore import restore_sqlite
from tests.earlier import list_revisions, make_earlier
from tests.ledger import arrive


def count(path: Path) -> int:
    engine = open_database(f"sqlite:///{path}")
    with reading(engine) as connection:
        found = count_by_state(connection)[ArrivalState.WAITING]
    engine.dispose()
    return found


@pytest.fixture
def backup(sqlite_engine: Engine, tmp_path: Path) -> Path:
    """A backup with one arrival, of a ledger that has two now."""
    arrive(sqlite_engine, "a.dcm")
    back_up(sqlite_engine, tmp_path / "backup.db")
    arrive(sqlite_engine, "b.dcm")
    return tmp_path / "backup.db"


@pytest.fixture
def ledger(sqlite_engine: Engine) -> Path:
    return Path(str(sqlite_engine.url.database))


def test_the_backup_is_the_ledger_and_the_ledger_is_kept(backup: Path, ledger: Path, sqlite_engine: Engine) -> None:
    sqlite_engine.dispose()
    restored = restore_sqlite(backup, ledger)
    assert restored.rows["arrivals"] == 1
    assert restored.aside is not None
    assert (count(ledger), count(restored.aside), count(backup)) == (1, 2, 1)
    assert ledger.stat().st_mode & 0o077 == 0
    assert [path.name for path in ledger.parent.glob(".*")] == []


def test_what_a_killed_service_left_in_its_log_is_kept_with_the_ledger_and_does_not_enter_the_new_one(
    backup: Path, ledger: Path, sqlite_engine: Engine
) -> None:
    assert ledger.with_name(f"{ledger.name}-wal").stat().st_size > 0  # the engine is still open: nothing was moved in
    restored = restore_sqlite(backup, ledger)
    assert restored.aside is not None
    sqlite_engine.dispose()
    assert (count(ledger), count(restored.aside)) == (1, 2)


def test_where_there_is_no_ledger_it_is_put_there(backup: Path, tmp_path: Path) -> None:
    restored = restore_sqlite(backup, tmp_path / "other.db")
    assert (restored.aside, count(tmp_path / "other.db")) == (None, 1)


def test_a_damaged_ledger_is_kept_as_it_is(backup: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"no database" * 1000)
    restored = restore_sqlite(backup, damaged)
    assert isinstance(restored.aside, Path)
    assert restored.aside.read_bytes() == b"no database" * 1000
    assert count(damaged) == 1


@pytest.mark.parametrize("revision", list_revisions())
def test_a_backup_of_each_earlier_version_is_taken(tmp_path: Path, revision: str) -> None:
    source = open_database(f"sqlite:///{tmp_path / 'old.db'}")
    make_earlier(source, revision)
    back_up(source, tmp_path / "backup.db")
    source.dispose()
    restored = restore_sqlite(tmp_path / "backup.db", tmp_path / "ledger.db")
    assert (restored.revision, restored.rows["arrivals"]) == (revision, 1)
    engine = open_database(f"sqlite:///{tmp_path / 'ledger.db'}")
    assert find_revision(engine) == revision
    engine.dispose()


def make_newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def write_letter(path: Path) -> None:
    path.write_text("Dear colleague")


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("spoil", "error", "says"),
    [
        (make_newer, SchemaTooNewError, "schema 9999, this version knows"),
        (cut_off, RestoreError, "is no ledger of xray-watch, or it is damaged: nothing was changed"),
        (write_letter, RestoreError, "is no ledger"),
        (empty, RestoreError, "is no ledger"),
    ],
)
def test_what_cannot_be_the_ledger_changes_nothing(
    backup: Path, ledger: Path, sqlite_engine: Engine, spoil: object, error: type[Exception], says: str
) -> None:
    sqlite_engine.dispose()
    spoil(backup)  # type: ignore[operator]
    names = sorted(path.name for path in ledger.parent.iterdir())
    with pytest.raises(error, match=says):
        restore_sqlite(backup, ledger)
    assert sorted(path.name for path in ledger.parent.iterdir()) == names
    assert count(ledger) == 2


def test_the_ledger_is_no_backup_of_itself(ledger: Path) -> None:
    with pytest.raises(RestoreError, match="is the ledger itself"):
        restore_sqlite(ledger, ledger)
