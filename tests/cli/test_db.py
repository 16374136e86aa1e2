import json
import re
import shutil
import stat
from pathlib import Path

import pytest
from sqlalchemy import update

from installation.home import Home, lock_home
from store import HEAD_REVISION
from store.audit import list_events
from store.columns import database_now
from store.database import open_database, reading
from store.ledger.counts import count_by_state
from store.ledger.sweeps import settle_arrival
from store.states import ArrivalState
from store.tables import arrivals, screenings
from tests.cli.conftest import Run
from tests.databases import sqlite_template
from tests.earlier import list_revisions, make_earlier, read_rows
from tests.ledger import arrive, predict, quarantine, register_model

__all__ = ["sqlite_template"]

DAYS = 100


@pytest.fixture
def ledger(sqlite_template: Path, tmp_path: Path) -> str:
    """A ledger with three old results, a young one, one in quarantine and a file that waits."""
    (tmp_path / "home").mkdir()
    shutil.copyfile(sqlite_template, tmp_path / "home" / "xray.db")
    url = f"sqlite:///{tmp_path / 'home' / 'xray.db'}"
    engine = open_database(url)
    register_model(engine)
    old = [predict(engine, f"{number}.dcm") for number in range(3)]
    old.append(quarantine(engine, "letter.txt"))
    predict(engine, "young.dcm")
    with engine.begin() as connection:
        for arrival_id in old:
            settle_arrival(connection, arrival_id)
        then = database_now(-DAYS * 86_400)
        connection.execute(update(arrivals).where(arrivals.c.id.in_(old)).values(finished_at=then, received_at=then))
        connection.execute(update(screenings).where(screenings.c.arrival_id.in_(old)).values(screened_at=then))
    arrive(engine, "waiting.dcm")
    engine.dispose()
    return url


def words(text: str) -> str:
    return " ".join(text.split())


def test_a_backup_without_a_name_lies_in_the_home_with_its_time(run: Run, ledger: str, tmp_path: Path) -> None:
    answer = run("db", "backup")
    assert answer.returncode == 0, answer.stderr
    (made,) = (tmp_path / "home" / "backups").iterdir()
    assert re.fullmatch(r"xray-[0-9]{8}T[0-9]{6}Z\.db", made.name)
    assert stat.S_IMODE(made.parent.stat().st_mode) == 0o700
    assert "6 arrivals" in answer.stdout
    assert str(made) in answer.stdout


def test_a_backup_is_restored_as_the_readme_says(run: Run, ledger: str, tmp_path: Path) -> None:
    assert run("db", "backup", "--output", tmp_path / "copy.db").returncode == 0
    before = json.loads(run("report", "--since", "1h", "--format", "json").stdout)
    home = tmp_path / "restored"
    home.mkdir()
    (tmp_path / "copy.db").rename(home / "xray.db")
    assert run("db", "check", XRAY_HOME=str(home)).returncode == 0
    after = json.loads(run("report", "--since", "1h", "--format", "json", XRAY_HOME=str(home)).stdout)
    assert after["results"] == before["results"]
    assert after["summary"] == before["summary"]
    assert after["summary"]["arrived"] == 2


@pytest.mark.parametrize(
    ("output", "code", "says"),
    [
        ("home/xray.db", 73, "the ledger itself"),
        ("home", 74, "a folder, where the name of a file is expected"),
        ("nowhere/xray.db", 74, "No such file or directory"),
    ],
)
def test_a_place_where_no_backup_can_be_is_told_in_one_line(
    run: Run, ledger: str, tmp_path: Path, output: str, code: int, says: str
) -> None:
    answer = run("db", "backup", "--output", tmp_path / output)
    assert (answer.returncode, len(answer.stderr.splitlines())) == (code, 1)
    assert says in answer.stderr
    assert run("db", "check").returncode == 0


EARLIER = list_revisions()[:-1]


@pytest.mark.parametrize("revision", EARLIER[:1] + EARLIER[-1:])
def test_an_upgrade_makes_a_backup_first_and_the_way_back_is_the_one_it_says(
    run: Run, tmp_path: Path, revision: str
) -> None:
    (tmp_path / "home").mkdir()
    engine = open_database(f"sqlite:///{tmp_path / 'home' / 'xray.db'}")
    make_earlier(engine, revision)
    before = read_rows(engine)
    engine.dispose()
    upgraded = run("db", "upgrade")
    assert upgraded.returncode == 0, upgraded.stderr
    assert f"the ledger has schema {revision}, this version needs {HEAD_REVISION}" in upgraded.stdout
    (made,) = (tmp_path / "home" / "backups").iterdir()
    assert f"and 'xray-cli db restore {made}'" in upgraded.stdout
    assert run("db", "upgrade").stdout == f"the database has schema {HEAD_REVISION}\n"
    restored = run("db", "restore", made)
    assert restored.returncode == 0, restored.stderr
    assert f"with schema {revision}, and has passed its checks" in restored.stdout
    engine = open_database(f"sqlite:///{tmp_path / 'home' / 'xray.db'}")
    assert read_rows(engine) == before
    engine.dispose()
    assert run("db", "upgrade", "--no-backup").returncode == 0
    assert len(list((tmp_path / "home" / "backups").iterdir())) == 1


def test_nothing_is_restored_or_upgraded_under_a_service_that_runs(run: Run, ledger: str, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    assert run("db", "backup", "--output", tmp_path / "copy.db").returncode == 0
    with lock_home(home):
        answer = run("db", "restore", tmp_path / "copy.db")
        assert (answer.returncode, len(answer.stderr.splitlines())) == (73, 1)
        assert "a service already runs" in answer.stderr
        assert run("db", "upgrade").returncode == 0  # nothing is to be done
    assert run("db", "restore", tmp_path / "none.db").returncode == 66
    server = {"XRAY_DATABASE_URL": "postgresql+psycopg://x@127.0.0.1:9/x", "PATH": str(tmp_path)}
    postgresql = run("db", "restore", tmp_path / "copy.db", **server)
    assert (postgresql.returncode, "pg_restore --no-owner" in postgresql.stderr) == (69, True)


def test_pruning_shows_first_and_then_does_what_it_has_shown(run: Run, ledger: str) -> None:
    shown, done = run("db", "prune", "--older-than", "90d", "--dry-run"), run("db", "prune", "--older-than", "90d")
    assert shown.returncode == done.returncode == 0, shown.stderr + done.stderr
    for answer in (shown, done):
        told = words(answer.stdout)
        assert "3 │ done" in told
        assert "3 │ results that answer no file any more" in told
        assert "1 │ kept: the file waits in quarantine" in told
    assert shown.stdout.startswith("Would be forgotten: finished before")
    assert done.stdout.startswith("Forgotten: finished before")
    engine = open_database(ledger)
    with reading(engine) as connection:
        assert [event[1] for event in list_events(connection)] == ["pruned", "prune_started"]
        left = count_by_state(connection)
    engine.dispose()
    assert "letter.txt" in run("quarantine", "list").stdout
    assert left == {ArrivalState.WAITING: 1, ArrivalState.DONE: 1, ArrivalState.QUARANTINED: 1}


def test_a_date_is_an_age_too(run: Run, ledger: str) -> None:
    answer = run("db", "prune", "--older-than", "2020-01-01", "--dry-run", XRAY_TIME_ZONE="Europe/Berlin")
    assert answer.returncode == 0, answer.stderr
    assert "finished before 2020-01-01 00:00 CET" in answer.stdout
    assert "0 │ results" in words(answer.stdout)


@pytest.mark.parametrize("age", ["12h", "today", "2999-01-01", "soon"])
def test_what_is_young_is_not_forgotten_by_a_typing_error(run: Run, ledger: str, age: str) -> None:
    answer = run("db", "prune", "--older-than", age)
    assert answer.returncode == 2
    assert "accepted are" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_pruning_asks_for_an_age(run: Run, ledger: str) -> None:
    assert run("db", "prune").returncode == 2
