import os
import shutil
from pathlib import Path

import pytest
from sqlalchemy import Engine, NullPool, create_engine, inspect, make_url

from store.database import open_database, reading
from store.errors import BackupToolMissingError, RestoreError
from store.upkeep.backup import back_up, count_rows
from store.upkeep.restore_postgresql import restore_postgresql
from tests.ledger import arrive
from tests.store.upkeep.test_backup import _postgresql_programs, fill

__all__ = ["_postgresql_programs"]
pytestmark = pytest.mark.usefixtures("_postgresql_programs")


@pytest.fixture
def backup(postgresql_engine: Engine, tmp_path: Path) -> Path:
    """Return a backup; the ledger has one more arrival since."""
    fill(postgresql_engine)
    target = tmp_path / "xray.dump"
    back_up(postgresql_engine, target)
    arrive(postgresql_engine, "since.dcm")
    postgresql_engine.dispose()
    return target


def count_arrivals(url: str) -> int:
    engine = open_database(url)
    with reading(engine) as connection:
        counted = count_rows(connection)["arrivals"]
    engine.dispose()
    return counted


def list_databases(url: str) -> set[str]:
    engine = create_engine(make_url(url).set(database="postgres"), poolclass=NullPool)
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT datname FROM pg_database").scalars().all()
    engine.dispose()
    return set(found)


def test_the_backup_is_the_ledger_and_the_ledger_is_kept(backup: Path, postgresql_url: str) -> None:
    restored = restore_postgresql(backup, make_url(postgresql_url))
    assert restored.rows["arrivals"] == count_arrivals(postgresql_url) == 4
    name = str(make_url(postgresql_url).database)
    aside = str(restored.aside).removeprefix("the database ")
    assert aside.startswith(f"{name[:26]}_before_restore_")  # a name has 63 bytes at most
    kept = make_url(postgresql_url).set(database=aside).render_as_string(hide_password=False)
    assert count_arrivals(kept) == 5
    engine = open_database(postgresql_url)
    assert arrive(engine, "after.dcm") == [5]  # the numbering goes on
    assert inspect(engine).get_view_names() == ["films"]
    engine.dispose()


def test_nothing_is_restored_under_a_service_that_is_connected(backup: Path, postgresql_url: str) -> None:
    before = list_databases(postgresql_url)
    engine = open_database(postgresql_url)
    with reading(engine), pytest.raises(RestoreError, match=r"connections are open .* stop every service"):
        restore_postgresql(backup, make_url(postgresql_url))
    engine.dispose()
    assert list_databases(postgresql_url) == before
    assert count_arrivals(postgresql_url) == 5


@pytest.mark.parametrize("damage", ["cut", "other"])
def test_what_is_no_whole_backup_changes_nothing(backup: Path, postgresql_url: str, damage: str) -> None:
    before = list_databases(postgresql_url)
    content = backup.read_bytes()
    backup.write_bytes(content[: len(content) // 2] if damage == "cut" else b"no archive")
    with pytest.raises(RestoreError, match="is no backup of a ledger, or it is damaged"):
        restore_postgresql(backup, make_url(postgresql_url))
    assert list_databases(postgresql_url) == before


def test_a_restore_that_breaks_off_leaves_the_ledger_and_no_other_database(
    backup: Path, postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, real = list_databases(postgresql_url), shutil.which("pg_restore")
    program = tmp_path / "bin" / "pg_restore"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\ncase "$*" in *--data-only*) exec {real} "$@";; esac\necho broken >&2\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    with pytest.raises(RestoreError, match="nothing was changed: pg_restore failed: broken; by hand"):
        restore_postgresql(backup, make_url(postgresql_url))
    assert list_databases(postgresql_url) == before
    assert count_arrivals(postgresql_url) == 5


def test_without_pg_restore_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackupToolMissingError, match=r"pg_restore is not on the PATH.*pg_restore --no-owner"):
        restore_postgresql(tmp_path / "xray.dump", make_url("postgresql+psycopg://x@127.0.0.1:9/x"))
