"""What monitoring counts is what happened between two looks, and agrees with the report's sums."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, event, update

from inference.labels import Label, Outcome
from store.database import reading
from store.questions.tallies import PROBABILITY_BOUNDS, SECONDS_BOUNDS, Tally, read_backlog, read_clock, tally
from store.states import ArrivalState
from store.tables import arrivals
from tests.ledger import PROBABILITIES, arrive, predict, quarantine, register_model, reject, vanish

HOUR = timedelta(hours=1)


def tally_around_now(engine: Engine) -> Tally:
    now = datetime.now(tz=UTC)
    with reading(engine) as connection:
        return tally(connection, now - HOUR, now + HOUR)


def test_every_end_is_counted_once(engine: Engine) -> None:
    register_model(engine)
    predict(engine, "a.dcm")
    predict(engine, "again.dcm", content="a.dcm")
    reject(engine, "b.dcm", "lateral")
    quarantine(engine, "c.dcm", "truncated")
    vanish(engine, "d.dcm")
    arrive(engine, "e.dcm")
    found = tally_around_now(engine)
    assert found.arrived == 6
    ends = {(group.outcome or group.state, group.label, group.reason_code): group.count for group in found.finished}
    assert ends == {
        (Outcome.PREDICTED, Label.NORMAL, None): 1,
        (ArrivalState.DUPLICATE, None, None): 1,
        (Outcome.REJECTED, None, "lateral"): 1,
        (ArrivalState.QUARANTINED, None, "truncated"): 1,
        (ArrivalState.VANISHED, None, "vanished"): 1,
    }


def test_probabilities_are_those_of_films_that_have_some(engine: Engine) -> None:
    register_model(engine)
    predict(engine, "a.dcm")
    predict(engine, "again.dcm", content="a.dcm")
    reject(engine, "b.dcm")
    found = tally_around_now(engine).probabilities
    for label, probability in PROBABILITIES.items():
        assert found[label].count == 1
        assert found[label].total == pytest.approx(probability)
        assert list(found[label].at_most) == [int(probability <= bound) for bound in PROBABILITY_BOUNDS]


def test_the_time_to_a_result_is_the_databases(engine: Engine) -> None:
    register_model(engine)
    arrival_id = predict(engine, "a.dcm")
    began = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
    with engine.begin() as connection:
        times = {"received_at": began, "finished_at": began + timedelta(seconds=2, milliseconds=125)}
        connection.execute(update(arrivals).where(arrivals.c.id == arrival_id).values(times))
    with reading(engine) as connection:
        found = tally(connection, began, began + HOUR).seconds
    assert found.count == 1
    assert found.total == pytest.approx(2.125, abs=0.01)
    assert list(found.at_most) == [int(bound >= 2.5) for bound in SECONDS_BOUNDS]


def test_periods_that_meet_count_nothing_twice(engine: Engine) -> None:
    register_model(engine)
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    ids = [predict(engine, f"{number}.dcm") for number in range(3)]
    with engine.begin() as connection:
        for minutes, arrival_id in enumerate(ids):
            at = moment + timedelta(minutes=minutes)
            connection.execute(
                update(arrivals).where(arrivals.c.id == arrival_id).values(received_at=at, finished_at=at)
            )
    with reading(engine) as connection:
        early = tally(connection, moment, moment + timedelta(minutes=1))
        late = tally(connection, moment + timedelta(minutes=1), moment + HOUR)
    assert (early.arrived, late.arrived) == (1, 2)
    assert (early.seconds.count, late.seconds.count) == (1, 2)
    assert (early.seconds + late.seconds).count == 3


def test_an_empty_period_has_sums_too(engine: Engine) -> None:
    found = tally_around_now(engine)
    assert (found.arrived, list(found.finished), found.seconds.count, found.seconds.total) == (0, [], 0, 0.0)


def test_the_backlog_is_what_waits_now(engine: Engine) -> None:
    with reading(engine) as connection:
        empty = read_backlog(connection)
    assert (sum(empty.states.values()), empty.oldest_seconds, empty.last_finished_at) == (0, 0.0, None)
    register_model(engine)
    predict(engine, "a.dcm")
    (waiting, _) = arrive(engine, "b.dcm", "c.dcm")
    with engine.begin() as connection:
        long_ago = read_clock(connection) - HOUR
        connection.execute(update(arrivals).where(arrivals.c.id == waiting).values(received_at=long_ago))
    with reading(engine) as connection:
        found = read_backlog(connection)
    assert found.states[ArrivalState.WAITING] == 2
    assert found.oldest_seconds == pytest.approx(3600, abs=30)
    assert found.last_finished_at is not None


def test_a_tally_costs_what_has_happened_since_and_not_the_whole_ledger(sqlite_engine: Engine) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []
    now = datetime.now(tz=UTC)
    with reading(sqlite_engine) as connection:
        event.listen(connection, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
        tally(connection, now - HOUR, now)
        read_backlog(connection)
        plans = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all() for text, values in asked[:]]
    steps = {step for plan in plans for (*_, step) in plan if "arrivals" in step or "screenings" in step}
    assert steps
    assert {step for step in steps if "finished_at" not in step and "INTEGER PRIMARY KEY" not in step} == set()
