import pytest
from sqlalchemy import Engine, event, select, update

from store.columns import database_now
from store.ledger.arrivals import claim_arrival, find_arrival, list_arrivals, queue_arrivals
from store.ledger.sweeps import list_unsettled, release_all, release_expired, release_lost, settle_arrival
from store.states import AfterScreening, ArrivalState
from store.tables import arrivals
from tests.ledger import OWNER, arrive, hold, predict, quarantine, register_model, vanish


def test_a_lease_that_ran_out_is_released_and_no_attempt_is_counted(engine: Engine) -> None:
    dead, alive = arrive(engine, "dead.dcm", "alive.dcm")
    with engine.begin() as connection:
        claim_arrival(connection, dead, OWNER, -1)
        claim_arrival(connection, alive, OWNER, 60)
        assert release_expired(connection) == 1
        released, kept = find_arrival(connection, dead), find_arrival(connection, alive)
    assert released is not None
    assert kept is not None
    assert (released.state, released.attempts, released.transient_faults) == (ArrivalState.WAITING, 0, 1)
    assert kept.state == ArrivalState.SCREENING


def test_an_id_that_stayed_away_too_long_is_queued_again(engine: Engine) -> None:
    lost, fresh = arrive(engine, "lost.dcm", "fresh.dcm")
    with engine.begin() as connection:
        queue_arrivals(connection, 2)
        connection.execute(update(arrivals).where(arrivals.c.id == lost).values(queued_at=database_now(-100)))
        assert release_lost(connection, 50) == 1
        assert queue_arrivals(connection, 2) == [lost]
        assert [arrival.id for arrival in list_arrivals(connection, ArrivalState.QUEUED)] == [fresh, lost]
        arrival = find_arrival(connection, lost)
    assert arrival is not None
    assert arrival.transient_faults == 0


def test_of_what_was_sent_the_last_ids_still_wait_at_the_broker_and_the_others_were_lost(engine: Engine) -> None:
    lost, *waiting = arrive(engine, "lost.dcm", "waiting.dcm", "last.dcm")
    with engine.begin() as connection:
        queue_arrivals(connection, 3)
        connection.execute(update(arrivals).values(queued_at=database_now(-100)))
        assert release_lost(connection, 50, messages=3) == 0
        assert release_lost(connection, 50, messages=2) == 1
        assert [arrival.id for arrival in list_arrivals(connection, ArrivalState.QUEUED)] == waiting[::-1]
        assert [arrival.id for arrival in list_arrivals(connection, ArrivalState.WAITING)] == [lost]


def test_a_home_whose_workers_are_gone_starts_over_but_finished_work_stays(engine: Engine) -> None:
    register_model(engine)
    done = predict(engine, "done.dcm")
    hold(engine, "held.dcm")
    arrive(engine, "queued.dcm", "waiting.dcm")
    with engine.begin() as connection:
        queue_arrivals(connection, 1)
        assert release_all(connection) == 2
        assert release_all(connection) == 0
        assert len(list_arrivals(connection, ArrivalState.WAITING)) == 3
        assert [arrival.id for arrival in list_arrivals(connection, ArrivalState.DONE)] == [done]


def test_settling_frees_the_name_for_another_file(engine: Engine) -> None:
    register_model(engine)
    first = predict(engine, "a.dcm")
    assert arrive(engine, "a.dcm") == [first]
    with engine.begin() as connection:
        settle_arrival(connection, first)
    assert arrive(engine, "a.dcm") != [first]


def test_a_vanished_file_has_freed_its_name(engine: Engine) -> None:
    gone = vanish(engine, "a.dcm")
    assert arrive(engine, "a.dcm") != [gone]


def test_finished_files_that_should_have_moved_are_listed_until_settled(engine: Engine) -> None:
    register_model(engine)
    finished = [predict(engine, "a.dcm"), quarantine(engine, "b.dcm")]
    vanish(engine, "c.dcm")
    arrive(engine, "kept.dcm", after=AfterScreening.KEEP)
    hold(engine, "held.dcm")
    with engine.begin() as connection:
        connection.execute(update(arrivals).where(arrivals.c.id == finished[1]).values(finished_at=database_now(-100)))
        assert [arrival.id for arrival in list_unsettled(connection, -1)] == finished[::-1]
        assert [arrival.id for arrival in list_unsettled(connection, -1, limit=1)] == finished[1:]
        assert [arrival.id for arrival in list_unsettled(connection, 50)] == finished[1:]
        settle_arrival(connection, finished[0])
        assert [arrival.id for arrival in list_unsettled(connection, -1)] == finished[1:]


def test_a_kept_file_is_never_unsettled(engine: Engine) -> None:
    (kept,) = arrive(engine, "kept.dcm", after=AfterScreening.KEEP)
    finish_as(engine, kept, ArrivalState.DUPLICATE)
    with engine.begin() as connection:
        assert list_unsettled(connection, -1) == []


def finish_as(engine: Engine, arrival_id: int, state: ArrivalState) -> None:
    with engine.begin() as connection:
        which = arrivals.c.id == arrival_id
        connection.execute(update(arrivals).where(which).values(state=state, finished_at=database_now()))


@pytest.mark.parametrize("state", [ArrivalState.WAITING, ArrivalState.DONE])
def test_what_is_not_held_is_not_released(engine: Engine, state: ArrivalState) -> None:
    register_model(engine)
    _ = predict(engine, "a.dcm") if state is ArrivalState.DONE else arrive(engine, "a.dcm")
    with engine.begin() as connection:
        connection.execute(update(arrivals).values(lease_until=database_now(-9), queued_at=database_now(-9)))
        assert release_expired(connection) + release_lost(connection, 0) + release_all(connection) == 0
        assert connection.scalar(select(arrivals.c.state)) == state


def test_a_sweep_for_unsettled_files_does_not_read_the_whole_ledger(sqlite_engine: Engine) -> None:
    asked: list[str] = []

    def explain(connection, _cursor, statement, parameters, _context, _many) -> None:  # type: ignore[no-untyped-def]
        if "EXPLAIN" not in statement and "fingerprint IS NOT NULL" in statement:
            plan = connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters)
            asked.extend(row.detail for row in plan)

    event.listen(sqlite_engine, "before_cursor_execute", explain)
    with sqlite_engine.begin() as connection:
        list_unsettled(connection, 60)
    assert any("ix_arrivals_unsettled" in step for step in asked), asked


def test_what_was_noted_before_the_clock_was_set_back_holds_up_nothing(engine: Engine) -> None:
    register_model(engine)
    moved, lost, put_off = predict(engine, "moved.dcm"), *arrive(engine, "lost.dcm", "put off.dcm")
    held = hold(engine, "held.dcm")
    hours = database_now(2 * 3600)
    a = arrivals.c
    with engine.begin() as connection:
        connection.execute(update(arrivals).where(a.id == lost).values(state=ArrivalState.QUEUED, queued_at=hours))
        connection.execute(update(arrivals).where(a.id == put_off).values(not_before=hours))
        connection.execute(update(arrivals).where(a.id == held).values(lease_until=hours))
        connection.execute(update(arrivals).where(a.id == moved).values(finished_at=hours))
        assert [arrival.id for arrival in list_unsettled(connection, 10)] == [moved]
        assert release_lost(connection, 10) == 1
        assert release_expired(connection) == 1
        assert queue_arrivals(connection, 10) == [lost, put_off, held]
