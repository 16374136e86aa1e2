"""The dispatcher against a real Valkey."""

import errno
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery
from kombu import Message
from kombu.exceptions import OperationalError as BrokerError
from redis import Redis
from sqlalchemy import Engine, text, update

from installation.home import Home
from installation.installation import Installation
from installation.settings import Settings
from store.audit import list_events
from store.columns import database_now
from store.database import reading
from store.ledger.arrivals import claim_arrival
from store.ledger.counts import count_by_state
from store.ledger.fates import Fate, FateKind
from store.ledger.sweeps import list_unsettled
from store.states import ArrivalState, Priority
from store.tables import arrivals
from tests.worker.conftest import OWNER, claim, enroll
from worker.processes import KeptProcess
from worker.queue.broker import build_broker, wait_for_broker
from worker.queue.dispatch import OVERDUE_AT_ONCE, WINDOW, Dispatcher
from worker.queue.queues import MAX_RESTARTS, OVERDUE, QUEUES, build_celery, count_messages
from worker.screening.finishing import Claim, Finisher
from worker.screening.shelf import Shelf

DEAF_WORKER = (sys.executable, "-c", "import time; time.sleep(300)")


@pytest.fixture
def broker(home: Home) -> Iterator[KeptProcess]:
    process = build_broker(home)
    process.start()
    wait_for_broker(home.broker_socket)
    yield process
    process.stop(5.0)


@pytest.fixture
def client(broker: KeptProcess, home: Home) -> Iterator[Redis]:
    with Redis(unix_socket_path=str(home.broker_socket)) as client:
        yield client


@pytest.fixture
def app(broker: KeptProcess, home: Home) -> Iterator[Celery]:
    with build_celery(Installation(Settings(home=home.root), home).broker_url) as app:
        yield app
        app.pool.force_close_all()


@pytest.fixture
def dispatcher(engine: Engine, app: Celery, home: Home) -> Dispatcher:
    return Dispatcher(engine, app, Finisher(engine, Shelf(home)), KeptProcess("worker", DEAF_WORKER))


@pytest.fixture
def deaf_worker() -> Iterator[KeptProcess]:
    process = KeptProcess("worker", DEAF_WORKER)
    process.start()
    yield process
    process.stop(0.1)


def enroll_many(engine: Engine, inbox: Path, count: int, priority: Priority = Priority.ROUTINE) -> list[int]:
    paths = [inbox / f"SECRET^{priority}{number}.dcm" for number in range(count)]
    for path in paths:
        path.write_bytes(path.name.encode())
    return [enroll(engine, path, priority=priority) for path in paths]


def states(engine: Engine) -> dict[ArrivalState, int]:
    with reading(engine) as connection:
        return count_by_state(connection)


def test_a_message_holds_a_row_id_and_nothing_of_the_file(
    dispatcher: Dispatcher, engine: Engine, inbox: Path, client: Redis
) -> None:
    (arrival_id,) = enroll_many(engine, inbox, 1)
    assert dispatcher.tick() == 1
    (message,) = client.lrange(QUEUES[Priority.ROUTINE], 0, -1)
    assert b"SECRET" not in message
    assert str(inbox).encode() not in message
    body = json.loads(message)
    assert body["headers"]["argsrepr"] == f"({arrival_id},)"


def test_no_more_than_the_window_waits_at_the_broker(
    dispatcher: Dispatcher, engine: Engine, inbox: Path, app: Celery
) -> None:
    enroll_many(engine, inbox, WINDOW + 5)
    assert dispatcher.tick() == WINDOW
    assert dispatcher.tick() == 0
    assert count_messages(app) == {Priority.STAT: 0, Priority.ROUTINE: WINDOW}
    assert states(engine) == {ArrivalState.QUEUED: WINDOW, ArrivalState.WAITING: 5}


def let_wait(engine: Engine, ids: list[int], minutes: float) -> None:
    with engine.begin() as connection:
        long_ago = database_now(-60 * minutes)
        connection.execute(update(arrivals).where(arrivals.c.id.in_(ids)).values(received_at=long_ago))


def test_routine_films_that_have_waited_too_long_stand_in_the_first_queue_a_few_at_a_time(
    engine: Engine, inbox: Path, app: Celery, client: Redis, home: Home
) -> None:
    dispatcher = Dispatcher(engine, app, Finisher(engine, Shelf(home)), None, longest_wait_minutes=30)
    old = enroll_many(engine, inbox, OVERDUE_AT_ONCE + 3)
    dispatcher.tick()  # they stand at the broker already, behind one another
    assert client.llen(OVERDUE) == 0
    let_wait(engine, old, 31)
    for _ in range(2):
        dispatcher.tick()
        assert client.llen(OVERDUE) == OVERDUE_AT_ONCE
    sent = [json.loads(message)["headers"]["argsrepr"] for message in client.lrange(OVERDUE, 0, -1)]
    assert sorted(sent) == sorted(f"({arrival_id},)" for arrival_id in old[:OVERDUE_AT_ONCE])
    with engine.begin() as connection:
        assert claim_arrival(connection, old[0], OWNER, 60) is not None
    dispatcher.tick()
    assert client.llen(OVERDUE) == OVERDUE_AT_ONCE + 1  # the next, and the message of the one that was taken
    assert states(engine)[ArrivalState.QUEUED] == len(old) - 1


def test_without_a_promise_and_for_what_is_stat_nothing_is_overdue(
    dispatcher: Dispatcher, engine: Engine, inbox: Path, app: Celery, client: Redis, home: Home
) -> None:
    stat = enroll_many(engine, inbox, 1, Priority.STAT)
    let_wait(engine, [*enroll_many(engine, inbox, 1), *stat], 300)
    dispatcher.tick()
    assert client.llen(OVERDUE) == 0
    Dispatcher(engine, app, Finisher(engine, Shelf(home)), None, longest_wait_minutes=30).tick()
    assert client.llen(OVERDUE) == 1


def test_a_stat_film_does_not_wait_behind_the_window(
    dispatcher: Dispatcher, engine: Engine, inbox: Path, app: Celery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.queue.dispatch.WINDOW", 5)
    enroll_many(engine, inbox, 7)
    assert dispatcher.tick() == 5
    (urgent,) = enroll_many(engine, inbox, 1, Priority.STAT)
    assert dispatcher.tick() == 1
    assert take_ids(app, 2)[0] == urgent


def test_a_worker_takes_three_stat_films_and_then_a_routine_one(
    dispatcher: Dispatcher, engine: Engine, inbox: Path, app: Celery
) -> None:
    routine = enroll_many(engine, inbox, 3)
    urgent = enroll_many(engine, inbox, 7, Priority.STAT)
    dispatcher.tick()
    assert take_ids(app, 10) == [*urgent[:3], routine[0], *urgent[3:6], routine[1], urgent[6], routine[2]]


def take_ids(app: Celery, count: int) -> list[int]:
    """Take messages as a worker of one process does: one at a time, acknowledged before the next."""
    ids: list[int] = []

    def take(body: list[list[int]], message: Message) -> None:
        ids.append(body[0][0])
        message.ack()

    with app.connection_for_read() as connection, app.amqp.TaskConsumer(connection, callbacks=[take]) as consumer:
        consumer.qos(prefetch_count=1)
        while len(ids) < count:
            connection.drain_events(timeout=5)
    return ids


def test_an_id_of_an_empty_queue_is_lost_however_much_waits_in_the_other(
    dispatcher: Dispatcher, engine: Engine, inbox: Path, client: Redis
) -> None:
    enroll_many(engine, inbox, 3)
    enroll_many(engine, inbox, 1, Priority.STAT)
    dispatcher.tick()
    client.delete(QUEUES[Priority.STAT])
    forget_for_a_minute(engine)
    dispatcher._sweep_at = 0.0
    assert dispatcher.tick() == 1
    assert states(engine) == {ArrivalState.QUEUED: 4}


def forget_for_a_minute(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE arrivals SET queued_at = datetime('now', '-1 minute') || '.000000'"))


def test_a_broker_that_is_away_leaves_everything_ready(
    dispatcher: Dispatcher, engine: Engine, inbox: Path, broker: KeptProcess
) -> None:
    dispatcher.tick()
    enroll_many(engine, inbox, 3)
    broker.stop(5.0)
    with pytest.raises(BrokerError):
        dispatcher.tick()
    assert states(engine) == {ArrivalState.WAITING: 3}
    broker.start()


def test_an_emptied_broker_loses_nothing(
    dispatcher: Dispatcher, engine: Engine, inbox: Path, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    enroll_many(engine, inbox, 3)
    dispatcher.tick()
    client.flushall()
    forget_for_a_minute(engine)
    monkeypatch.setattr("worker.queue.dispatch.SWEEP_SECONDS", 0.0)
    dispatcher._sweep_at = 0.0
    assert dispatcher.tick() == 3
    assert states(engine) == {ArrivalState.QUEUED: 3}


def test_an_abandoned_lease_is_sent_again_and_costs_the_file_no_attempt(
    dispatcher: Dispatcher, engine: Engine, inbox: Path
) -> None:
    (arrival_id,) = enroll_many(engine, inbox, 1)
    claim(engine, arrival_id)
    with engine.begin() as connection:
        connection.execute(text("UPDATE arrivals SET lease_until = datetime('now', '-1 second') || '.000000'"))
    assert dispatcher.tick() == 1
    again = claim(engine, arrival_id, "attempt-2")
    assert (again.attempts, again.transient_faults) == (0, 1)


def test_a_recorded_file_that_did_not_move_is_moved_by_the_sweep(
    dispatcher: Dispatcher, engine: Engine, inbox: Path, home: Home
) -> None:
    (arrival_id,) = enroll_many(engine, inbox, 1)
    place = home.processed / "1.dcm"
    with engine.begin() as connection:  # as after a crash between the commit and the move
        connection.execute(
            text(
                "UPDATE arrivals SET state = 'quarantined', reason_code = 'empty_file', stored_path = :place, "
                "finished_at = datetime('now', '-1 minute') || '.000000' WHERE id = :id"
            ),
            {"place": str(place), "id": arrival_id},
        )
    dispatcher.tick()
    assert place.read_bytes() == b"SECRET^routine0.dcm"
    assert list(inbox.iterdir()) == []


def test_messages_that_nobody_takes_restart_the_worker_and_leave_a_mark(
    engine: Engine,
    app: Celery,
    home: Home,
    inbox: Path,
    deaf_worker: KeptProcess,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("worker.queue.dispatch.SWEEP_SECONDS", 0.0)
    monkeypatch.setattr("worker.queue.dispatch.STARTING_SECONDS", 0.1)
    dispatcher = Dispatcher(engine, app, Finisher(engine, Shelf(home)), deaf_worker)
    enroll_many(engine, inbox, 1)
    pids = []
    while len(pids) < MAX_RESTARTS:
        pids.append(deaf_worker.pid)
        while deaf_worker.pid is not None:
            assert dispatcher.is_stalled is (len(pids) > 1)
            dispatcher.tick()
            time.sleep(0.02)
        assert dispatcher.is_stalled
        deaf_worker.start()
    assert len(set(pids)) == MAX_RESTARTS
    dispatcher.tick()
    assert dispatcher.describe_stall().endswith("restarted 5 times, and it is left alone now")
    alarms = [record.levelname for record in caplog.records if record.action == "stalled"]  # type: ignore[attr-defined]
    assert alarms == ["ERROR"] * (MAX_RESTARTS - 1) + ["CRITICAL"]
    with reading(engine) as connection:
        marks = [detail for _, action, _, detail in list_events(connection) if action == "stalled"]
    assert {"messages": 1, "restarts": MAX_RESTARTS} in marks


def test_a_service_whose_workers_are_elsewhere_says_that_none_takes_anything(
    engine: Engine, app: Celery, home: Home, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.queue.dispatch.SWEEP_SECONDS", 0.0)
    monkeypatch.setattr("worker.queue.dispatch.STARTING_SECONDS", 0.1)
    dispatcher = Dispatcher(engine, app, Finisher(engine, Shelf(home)), None)
    enroll_many(engine, inbox, 1)
    deadline = time.monotonic() + 10.0
    while not dispatcher.is_stalled:
        assert time.monotonic() < deadline
        dispatcher.tick()
        time.sleep(0.02)
    assert dispatcher.describe_stall() == "messages wait and nothing finishes: does a worker run?"


def test_a_film_that_cannot_leave_the_inbox_is_said_once_and_holds_up_no_other(
    dispatcher: Dispatcher,
    engine: Engine,
    inbox: Path,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("worker.queue.dispatch.SWEEP_SECONDS", 0.0)
    monkeypatch.setattr("worker.queue.dispatch.SETTLE_SECONDS", -1.0)
    monkeypatch.setattr("worker.queue.dispatch.SETTLE_AGAIN_SECONDS", 0.0)
    stuck, free = inbox / "stuck.dcm", inbox / "free.dcm"
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self == stuck:
            raise PermissionError(errno.EPERM, "Operation not permitted", str(self), str(target))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    for path in (stuck, free):
        path.write_bytes(b"no radiograph")
        arrival = claim(engine, enroll(engine, path), OWNER)
        Finisher(engine, Shelf(home)).finish_quarantined(Claim(arrival, OWNER), Fate(FateKind.QUARANTINE, "x", "x"))
    for _ in range(4):
        dispatcher.tick()
    said = [record for record in caplog.records if getattr(record, "action", "") == "settle_later"]
    assert [record.getMessage() for record in said] == [
        "recorded, but its file cannot leave the inbox (Operation not permitted)"
    ]
    assert [path.name for path in inbox.iterdir()] == ["stuck.dcm"]
    monkeypatch.undo()
    with reading(engine) as connection:
        assert len(list_unsettled(connection, -1)) == 1
