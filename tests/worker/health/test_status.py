from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from store.tables import arrivals
from tests.ledger import arrive, predict, quarantine, register_model
from worker.health.heartbeat import Heartbeat, ServiceState
from worker.health.status import MANY_QUARANTINED, Status, read_status
from worker.home import Home, lock_home
from worker.settings import WatchSettings


@pytest.fixture
def settings(home: Home) -> WatchSettings:
    return WatchSettings(home=home.root, min_free_bytes=0)


def screen(status: Status) -> str:
    return "\n".join(status.as_lines())


def test_a_quiet_home_has_no_problem(settings: WatchSettings, engine: Engine) -> None:
    status = read_status(settings, engine)
    assert status.problems == ()
    assert "not running" in screen(status)


def test_files_that_wait_for_no_service_are_a_problem(settings: WatchSettings, engine: Engine) -> None:
    arrive(engine, "a.dcm")
    (problem,) = read_status(settings, engine).problems
    assert "1 files wait and no service runs: start 'xray-cli watch'" in problem


def test_what_the_service_says_of_itself_is_passed_on_with_what_to_do(
    settings: WatchSettings, engine: Engine, home: Home
) -> None:
    with lock_home(home):
        Heartbeat(home).beat(ServiceState.PAUSED, ["intake pauses: the inbox cannot be read"])
        status = read_status(settings, engine)
        assert status.problems[0].startswith("intake pauses: the inbox cannot be read: it goes on by itself")
        assert "service          paused" in screen(status)
        Heartbeat(home).beat(ServiceState.STALLED, ["messages wait and nothing finishes"])
        assert "restart the service" in read_status(settings, engine).problems[0]


def test_a_broker_that_does_not_answer_is_a_problem_where_one_should(
    settings: WatchSettings, engine: Engine, home: Home
) -> None:
    assert read_status(settings, engine).broker.startswith("embedded")
    with lock_home(home):
        Heartbeat(home).beat(ServiceState.READY)
        status = read_status(settings, engine)
    assert status.broker.startswith("does not answer")
    assert "the broker does not answer" in status.problems[0]


def test_a_full_disk_is_a_problem_before_anything_is_started(settings: WatchSettings, engine: Engine) -> None:
    low = settings.model_copy(update={"min_free_bytes": 1 << 62})
    (problem,) = read_status(low, engine).problems
    assert "make room" in problem


def test_a_database_that_is_away_leaves_the_rest_of_the_screen(settings: WatchSettings) -> None:
    status = read_status(settings, None)
    assert "the database does not answer" in status.problems[0]
    assert "disk  " in screen(status)
    assert status.as_json()["database_answers"] is False


@pytest.mark.parametrize(("good", "problems"), [(0, 1), (5 * MANY_QUARANTINED, 0)])
def test_many_quarantined_files_point_to_their_sender(
    settings: WatchSettings, engine: Engine, good: int, problems: int
) -> None:
    register_model(engine)
    for number in range(MANY_QUARANTINED):
        quarantine(engine, f"bad {number}")
    for number in range(good):
        predict(engine, f"good {number}")
    status = read_status(settings, engine)
    assert len(status.problems) == problems
    assert all("quarantine list" in problem for problem in status.problems)
    counts = {"done": good, "duplicate": 0, "quarantined": MANY_QUARANTINED, "vanished": 0}
    assert status.as_json()["last_24_hours"] == {"finished": good + MANY_QUARANTINED} | counts


def test_what_waits_is_counted_however_old_it_is_and_what_has_finished_for_a_day(
    settings: WatchSettings, engine: Engine
) -> None:
    for name in ("a", "b"):
        arrive(engine, name)
        quarantine(engine, f"bad {name}")
    long_ago = datetime.now(tz=UTC) - timedelta(hours=25)
    with engine.begin() as connection:
        connection.execute(update(arrivals).where(arrivals.c.id < 3).values(received_at=long_ago))
        connection.execute(update(arrivals).where(arrivals.c.id == 2).values(finished_at=long_ago))
    shown = screen(read_status(settings, engine))
    assert "waiting          2" in shown
    assert "last 24 hours    1 finished" in shown
    assert "  quarantined    1" in shown


def test_one_screen_holds_it_all(settings: WatchSettings, engine: Engine, tmp_path: Path) -> None:
    lines = screen(read_status(settings, engine)).splitlines()
    assert len(lines) <= 24
    assert all(len(line) <= 80 for line in lines)
