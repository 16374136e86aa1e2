from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, update

from installation.home import Home, lock_home
from installation.installation import Installation, open_installation
from installation.settings import Settings
from store.columns import database_now
from store.ledger.alerts import AlertKind, record_alert
from store.ledger.deliveries import NewDelivery, claim_delivery, queue_deliveries, record_refused
from store.tables import alerts, arrivals, deliveries
from tests.ledger import arrive, predict, quarantine, register_model
from worker.health.doctor import check_targets
from worker.health.heartbeat import Heartbeat, ServiceState
from worker.health.status import MANY_QUARANTINED, Status, read_status


@pytest.fixture
def installation(home: Home, sqlite_url: str) -> Iterator[Installation]:
    yield from open_here(home, sqlite_url)


def open_here(home: Home, database_url: str, min_free_bytes: int = 0) -> Iterator[Installation]:
    settings = Settings(home=home.root, database_url=SecretStr(database_url), min_free_bytes=min_free_bytes)
    with open_installation(settings) as installation:
        yield installation


def screen(status: Status) -> str:
    return "\n".join(status.as_lines())


def test_a_quiet_home_has_no_problem(installation: Installation, engine: Engine) -> None:
    status = read_status(installation)
    assert status.problems == ()
    assert "not running" in screen(status)


def test_files_that_wait_for_no_service_are_a_problem(installation: Installation, engine: Engine) -> None:
    arrive(engine, "a.dcm")
    (problem,) = read_status(installation).problems
    assert "1 file waits and no service runs: start 'xray-cli watch'" in problem


def test_how_long_something_waits_is_said_as_people_say_it(installation: Installation, engine: Engine) -> None:
    arrive(engine, "a.dcm")
    with engine.begin() as connection:
        connection.execute(update(arrivals).values(received_at=datetime.now(tz=UTC) - timedelta(minutes=75)))
    assert "oldest waiting   1 h 15 min ago" in screen(read_status(installation))


def test_what_the_service_says_of_itself_is_passed_on_with_what_to_do(
    installation: Installation, engine: Engine, home: Home
) -> None:
    with lock_home(home):
        Heartbeat(home).beat(ServiceState.PAUSED, ["intake pauses: the inbox cannot be read"])
        status = read_status(installation)
        assert status.problems[0].startswith("intake pauses: the inbox cannot be read: it goes on by itself")
        assert "service          paused" in screen(status)
        Heartbeat(home).beat(ServiceState.STALLED, ["messages wait and nothing finishes"])
        assert "restart the service" in read_status(installation).problems[0]


def test_a_service_serves_the_model_that_it_began_with_until_it_is_started_again(
    installation: Installation, engine: Engine, home: Home
) -> None:
    model, heartbeat = installation.model, Heartbeat(home)
    with lock_home(home):
        heartbeat.name_model(model.model_version, model.model_sha256)
        heartbeat.beat(ServiceState.READY)
        assert f"model            {model.model_version}\n" in screen(read_status(installation))
        heartbeat.name_model("earlier-1", "0" * 64)
        heartbeat.beat(ServiceState.PAUSED)
        status = read_status(installation)
    assert f"model            serving earlier-1; {model.model_version} from the next start\n" in screen(status)
    said = status.as_json()
    assert (said["model_version"], said["next_model_version"]) == ("earlier-1", model.model_version)
    assert f"model            {model.model_version}\n" in screen(read_status(installation)), "it has stopped"


def test_what_is_to_be_put_right_is_a_problem_of_a_service_that_is_ready_too(
    installation: Installation, engine: Engine, home: Home
) -> None:
    with lock_home(home):
        Heartbeat(home).beat(ServiceState.READY, ["1 subfolder of /inbox cannot be entered (Permission denied)"])
        status = read_status(installation)
    assert status.state is ServiceState.READY
    assert any(problem.startswith("1 subfolder of /inbox cannot be entered") for problem in status.problems)


def test_a_film_that_cannot_leave_the_inbox_is_counted(installation: Installation, engine: Engine) -> None:
    register_model(engine)
    arrival_id = predict(engine, "stays.dcm")
    assert read_status(installation).problems == ()
    long_ago = datetime.now(tz=UTC) - timedelta(minutes=1)
    with engine.begin() as connection:
        connection.execute(update(arrivals).where(arrivals.c.id == arrival_id).values(finished_at=long_ago))
    status = read_status(installation)
    assert "1 file is recorded and cannot leave the inbox" in screen(status)
    assert status.as_json()["cannot_leave_inbox"] == 1


def test_a_broker_that_does_not_answer_is_a_problem_where_one_should(
    installation: Installation, engine: Engine, home: Home
) -> None:
    assert read_status(installation).broker.startswith("embedded")
    with lock_home(home):
        Heartbeat(home).beat(ServiceState.READY)
        status = read_status(installation)
    assert status.broker.startswith("does not answer")
    assert "the broker does not answer" in status.problems[0]


def test_a_full_disk_is_a_problem_before_anything_is_started(home: Home, engine: Engine, sqlite_url: str) -> None:
    for low in open_here(home, sqlite_url, min_free_bytes=1 << 62):
        (problem,) = read_status(low).problems
        assert "make room" in problem


def test_a_database_that_is_away_leaves_the_rest_of_the_screen(home: Home) -> None:
    (away,) = open_here(home, "postgresql+psycopg://nobody@127.0.0.1:9/x")
    status = read_status(away)
    assert "the database does not answer" in status.problems[0]
    assert "disk  " in screen(status)
    assert status.as_json()["database_answers"] is False


@pytest.mark.parametrize(("good", "problems"), [(0, 1), (5 * MANY_QUARANTINED, 0)])
def test_many_quarantined_files_point_to_their_sender(
    installation: Installation, engine: Engine, good: int, problems: int
) -> None:
    register_model(engine)
    for number in range(MANY_QUARANTINED):
        quarantine(engine, f"bad {number}")
    for number in range(good):
        predict(engine, f"good {number}")
    status = read_status(installation)
    assert len(status.problems) == problems
    assert all("quarantine list" in problem for problem in status.problems)
    counts = {"done": good, "duplicate": 0, "quarantined": MANY_QUARANTINED, "vanished": 0}
    assert status.as_json()["last_24_hours"] == {"finished": good + MANY_QUARANTINED} | counts


def test_what_waits_is_counted_however_old_it_is_and_what_has_finished_for_a_day(
    installation: Installation, engine: Engine
) -> None:
    for name in ("a", "b"):
        arrive(engine, name)
        quarantine(engine, f"bad {name}")
    long_ago = datetime.now(tz=UTC) - timedelta(hours=25)
    with engine.begin() as connection:
        connection.execute(update(arrivals).where(arrivals.c.id < 3).values(received_at=long_ago))
        connection.execute(update(arrivals).where(arrivals.c.id == 2).values(finished_at=long_ago))
    shown = screen(read_status(installation))
    assert "waiting          2" in shown
    assert "last 24 hours    1 finished" in shown
    assert "  quarantined    1" in shown
    assert "  done           0, read to the end: with a label, without one, or rejected" in shown


def test_one_screen_holds_it_all(installation: Installation, engine: Engine, tmp_path: Path) -> None:
    lines = screen(read_status(installation)).splitlines()
    assert len(lines) <= 24
    assert all(len(line) <= 80 for line in lines)


def test_alerts_that_nobody_hears_are_a_problem(installation: Installation, engine: Engine) -> None:
    with engine.begin() as connection:
        record_alert(connection, AlertKind.FILM, "film-1", arrival_id=1, label="covid19", probability=0.97)
    assert read_status(installation).problems == ()  # it goes out in a moment
    with engine.begin() as connection:
        long_ago = database_now(-120)
        connection.execute(update(alerts).values(recorded_at=long_ago, faults=2, fault="the webhook answered 503"))
    status = read_status(installation)
    (problem,) = status.problems
    assert problem.startswith("1 alert does not go out (the webhook answered 503): 'xray-cli alerts test'")
    assert status.as_json()["stuck_alerts"] == 1


def test_answers_that_a_target_does_not_take_are_a_problem_in_its_words(
    installation: Installation, engine: Engine
) -> None:
    with engine.begin() as connection:
        queue_deliveries(connection, [NewDelivery(1, "sr", "PACS", "1.2", "2.25.1")])
        found = claim_delivery(connection, "PACS", 30)
        assert found is not None
        record_refused(connection, found, "0xA700", "no room left", 60)
    assert read_status(installation).problems == ()  # a target that is restarted is back soon
    long_ago = datetime.now(tz=UTC) - timedelta(minutes=5)
    with engine.begin() as connection:
        connection.execute(update(deliveries).values(queued_at=long_ago))
    status = read_status(installation)
    (problem,) = status.problems
    assert problem.startswith("1 answer has not reached PACS (0xA700 no room left)")
    assert "to PACS          1 answer waits" in screen(status)
    assert status.as_json()["waiting_deliveries"] == {"PACS": 1}
    check = check_targets(installation)
    assert "no room left" in check.found
    assert check.advice
