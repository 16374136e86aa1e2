from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select, update

from store.audit import list_events
from store.columns import database_now
from store.ledger.arrivals import (
    claim_arrival,
    find_arrival,
    find_known_fingerprints,
    hurry_arrivals,
    is_any_overdue,
    is_any_ready,
    list_arrivals,
    list_quarantined,
    queue_arrivals,
    record_arrivals,
    record_release,
    retry_arrival,
    unqueue_arrivals,
)
from store.ledger.counts import count_pending
from store.ledger.sweeps import retry_now
from store.states import AfterScreening, ArrivalState, Priority
from store.tables import arrivals
from tests.ledger import INBOX, OWNER, arrive, digest, hold, new_arrival, predict, quarantine, register_model


def test_a_new_arrival_waits_with_all_that_is_known_of_it(engine: Engine) -> None:
    (arrival_id,) = arrive(engine, "a.dcm", after=AfterScreening.KEEP)
    with engine.begin() as connection:
        arrival = find_arrival(connection, arrival_id)
    assert arrival is not None
    assert (arrival.inbox, arrival.path, arrival.stored_path) == (INBOX, INBOX / "a.dcm", None)
    assert (arrival.state, arrival.after) == (ArrivalState.WAITING, AfterScreening.KEEP)
    assert (arrival.attempts, arrival.transient_faults) == (0, 0)
    assert arrival.received_at.utcoffset() == timedelta(0)


def test_recording_a_file_twice_is_one_row(engine: Engine) -> None:
    first = arrive(engine, "a.dcm", "b.dcm")
    assert arrive(engine, "b.dcm", "a.dcm") == first[::-1]
    with engine.begin() as connection:
        record_arrivals(connection, [new_arrival("c.dcm"), new_arrival("c.dcm")])
        assert connection.scalar(select(func.count()).select_from(arrivals)) == 3


def test_recording_nothing_is_no_error(engine: Engine) -> None:
    with engine.begin() as connection:
        record_arrivals(connection, [])
        assert count_pending(connection) == 0


def test_what_is_rolled_back_has_not_arrived(engine: Engine) -> None:
    with engine.connect() as connection:
        record_arrivals(connection, [new_arrival("a.dcm")])
        connection.rollback()
        assert count_pending(connection) == 0


def test_ids_follow_the_order_of_recording(engine: Engine) -> None:
    names = [f"{number}.dcm" for number in (5, 3, 9, 1)]
    ids = arrive(engine, *names)
    assert ids == sorted(ids)
    with engine.begin() as connection:
        newest_first = list_arrivals(connection, ArrivalState.WAITING)
    assert [arrival.path.name for arrival in newest_first] == names[::-1]


def test_only_known_fingerprints_are_found_however_many_are_asked_for(engine: Engine) -> None:
    arrive(engine, "a.dcm", "b.dcm")
    asked = [digest(f"{number}") for number in range(1200)] + [digest("a.dcm"), digest("b.dcm")]
    with engine.begin() as connection:
        assert find_known_fingerprints(connection, asked) == {digest("a.dcm"), digest("b.dcm")}
        assert find_known_fingerprints(connection, []) == set()


def test_the_oldest_are_queued_first_up_to_the_window(engine: Engine) -> None:
    ids = arrive(engine, *(f"{number}.dcm" for number in range(5)))
    with engine.begin() as connection:
        assert queue_arrivals(connection, 2) == ids[:2]
        assert queue_arrivals(connection, 2) == []
        assert queue_arrivals(connection, 3) == ids[2:3]
        assert queue_arrivals(connection, 99) == ids[3:]


def test_nothing_is_ready_before_it_arrives_and_after_it_is_queued(engine: Engine) -> None:
    with engine.begin() as connection:
        assert not is_any_ready(connection)
    arrive(engine, "a.dcm", "b.dcm")
    with engine.begin() as connection:
        assert is_any_ready(connection)
        queue_arrivals(connection, 1)
        assert is_any_ready(connection)
        queue_arrivals(connection, 2)
        assert not is_any_ready(connection)


def test_each_priority_has_a_window_of_its_own(engine: Engine) -> None:
    routine = arrive(engine, "a.dcm", "b.dcm")
    with engine.begin() as connection:
        assert queue_arrivals(connection, 2) == routine
    urgent = arrive(engine, "c.dcm", "d.dcm", priority=Priority.STAT)
    with engine.begin() as connection:
        assert queue_arrivals(connection, 2) == []
        assert queue_arrivals(connection, 1, Priority.STAT) == urgent[:1]
        assert queue_arrivals(connection, 2, Priority.STAT) == urgent[1:]


def test_what_could_not_be_sent_is_queued_again(engine: Engine) -> None:
    ids = arrive(engine, "a.dcm", "b.dcm")
    with engine.begin() as connection:
        queue_arrivals(connection, 10)
        unqueue_arrivals(connection, ids[:1])
        unqueue_arrivals(connection, [])
        assert queue_arrivals(connection, 10) == ids[:1]


def test_what_a_worker_has_is_not_taken_back_though_sending_it_seemed_to_fail(engine: Engine) -> None:
    ids = arrive(engine, "a.dcm", "b.dcm")
    with engine.begin() as connection:
        queue_arrivals(connection, 10)
        claim_arrival(connection, ids[0], OWNER, 60)
        unqueue_arrivals(connection, ids)
        assert [arrival.id for arrival in list_arrivals(connection, ArrivalState.SCREENING)] == ids[:1]
        assert [arrival.id for arrival in list_arrivals(connection, ArrivalState.WAITING)] == ids[1:]


@pytest.mark.parametrize("queued", [True, False])
def test_a_claim_is_exclusive_whether_the_id_was_sent_or_not(engine: Engine, queued: bool) -> None:
    (arrival_id,) = arrive(engine, "a.dcm")
    with engine.begin() as connection:
        if queued:
            queue_arrivals(connection, 1)
        claimed = claim_arrival(connection, arrival_id, OWNER, 60)
        assert claimed is not None
        assert (claimed.id, claimed.state, claimed.path) == (arrival_id, ArrivalState.SCREENING, INBOX / "a.dcm")
        assert claim_arrival(connection, arrival_id, "worker-2", 60) is None
        assert claim_arrival(connection, arrival_id, OWNER, 60) is None
        assert claim_arrival(connection, arrival_id + 1, OWNER, 60) is None


def test_a_lease_that_ran_out_may_be_taken_over(engine: Engine) -> None:
    (arrival_id,) = arrive(engine, "a.dcm")
    with engine.begin() as connection:
        claim_arrival(connection, arrival_id, OWNER, -1)
        assert claim_arrival(connection, arrival_id, "worker-2", 60) is not None
        owner = connection.scalar(select(arrivals.c.lease_owner))
    assert owner == "worker-2"


@pytest.mark.parametrize("seconds", [0.25, 60, 86400.5])
def test_a_lease_ends_so_many_seconds_after_the_databases_now(engine: Engine, seconds: float) -> None:
    (arrival_id,) = arrive(engine, "a.dcm")
    with engine.begin() as connection:
        before = connection.execute(select(database_now())).scalar_one()
        claim_arrival(connection, arrival_id, OWNER, seconds)
        until = connection.scalar(select(arrivals.c.lease_until))
        after = connection.execute(select(database_now())).scalar_one()
    assert until is not None
    length = timedelta(seconds=seconds)
    assert before + length <= until <= after + length


@pytest.mark.parametrize(
    ("spoilt", "attempts", "transient_faults", "state"),
    [(True, 1, 0, ArrivalState.WAITING), (False, 0, 1, ArrivalState.FAILED)],
)
def test_only_a_spoilt_attempt_is_counted_as_one(
    engine: Engine, spoilt: bool, attempts: int, transient_faults: int, state: ArrivalState
) -> None:
    arrival_id = hold(engine, "a.dcm")
    with engine.begin() as connection:
        assert retry_arrival(connection, arrival_id, OWNER, reason_code="x", delay_seconds=0, spoilt=spoilt)
        arrival = find_arrival(connection, arrival_id)
    assert arrival is not None
    assert (arrival.attempts, arrival.transient_faults) == (attempts, transient_faults)
    assert (arrival.state, arrival.reason_code) == (state, "x")


def test_only_the_owner_of_the_lease_may_give_it_back(engine: Engine) -> None:
    arrival_id = hold(engine, "a.dcm")
    with engine.begin() as connection:
        for owner, given_back in (("worker-2", False), (OWNER, True), (OWNER, False)):
            answer = retry_arrival(connection, arrival_id, owner, reason_code="x", delay_seconds=0, spoilt=True)
            assert answer is given_back
        arrival = find_arrival(connection, arrival_id)
    assert arrival is not None
    assert arrival.attempts == 1


@pytest.mark.parametrize("spoilt", [True, False])
def test_a_retry_is_queued_when_its_delay_has_passed_and_not_before(engine: Engine, spoilt: bool) -> None:
    later, now = hold(engine, "later.dcm"), hold(engine, "now.dcm")
    with engine.begin() as connection:
        retry_arrival(connection, later, OWNER, reason_code="x", delay_seconds=60, spoilt=spoilt)
        retry_arrival(connection, now, OWNER, reason_code="x", delay_seconds=-1, spoilt=spoilt)
        assert queue_arrivals(connection, 10) == [now]
        assert count_pending(connection) == 2
        assert retry_now(connection, [now]) == 0
        assert retry_now(connection, [later]) == 1
        assert queue_arrivals(connection, 10) == [later]


def test_all_back_offs_can_be_ended_at_once(engine: Engine) -> None:
    ids = [hold(engine, name) for name in ("a.dcm", "b.dcm")]
    with engine.begin() as connection:
        for arrival_id in ids:
            retry_arrival(connection, arrival_id, OWNER, reason_code="x", delay_seconds=60, spoilt=False)
        assert retry_now(connection) == 2
        assert queue_arrivals(connection, 10) == ids


def test_what_could_not_be_read_is_listed_the_newest_first_until_it_is_released(engine: Engine) -> None:
    register_model(engine)
    first, second = (quarantine(engine, name) for name in ("a.txt", "b.txt"))
    predict(engine, "c.dcm")
    with engine.begin() as connection:
        assert [arrival.id for arrival in list_quarantined(connection, 10)] == [second, first]
        assert [arrival.id for arrival in list_quarantined(connection, 1)] == [second]
        record_release(connection, second)
        assert [arrival.id for arrival in list_quarantined(connection, 10)] == [first]


def test_a_released_row_stays_and_its_name_is_free(engine: Engine) -> None:
    arrival_id = quarantine(engine, "a.txt")
    with engine.begin() as connection:
        record_release(connection, arrival_id)
        arrival = find_arrival(connection, arrival_id)
        assert [event[1:3] for event in list_events(connection)] == [("quarantine_released", arrival_id)]
    assert arrival is not None
    assert (arrival.state, arrival.reason_code, arrival.stored_path) == (ArrivalState.QUARANTINED, "truncated", None)
    assert arrive(engine, "a.txt") != [arrival_id]


def test_the_oldest_routine_arrivals_that_have_waited_too_long_are_hurried_and_nothing_else(engine: Engine) -> None:
    old = arrive(engine, "a.dcm", "b.dcm", "c.dcm", "held.dcm")
    stat = arrive(engine, "stat.dcm", priority=Priority.STAT)
    (young,) = arrive(engine, "young.dcm")
    put_off = arrive(engine, "put-off.dcm")
    with engine.begin() as connection:
        late = arrivals.c.id.in_([*old, *stat, *put_off])
        connection.execute(update(arrivals).where(late).values(received_at=database_now(-120)))
        off = arrivals.c.id.in_(put_off)
        connection.execute(update(arrivals).where(off).values(not_before=database_now(30)))
        assert claim_arrival(connection, old[3], "worker-1", 60) is not None
        assert not is_any_overdue(connection, 150)
        assert is_any_overdue(connection, 60)
        assert hurry_arrivals(connection, 60, 2) == old[:2]
        assert hurry_arrivals(connection, 60, 10) == old[:3]  # those that were sent are named until a worker has them
        states = {row.id: row.state for row in connection.execute(select(arrivals.c.id, arrivals.c.state))}
    assert [states[each] for each in old] == ["queued", "queued", "queued", "screening"]
    assert states[stat[0]] == states[young] == "waiting"
