from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, update

from inference.labels import Outcome
from store.database import reading
from store.questions.stations import find_oldest_stat, list_station_histories, list_station_refusals
from store.states import Priority
from store.tables import arrivals
from tests.ledger import arrive, predict, register_model

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
REFUSED = {"outcome": Outcome.REJECTED, "label": None, "probabilities": None, "reason_code": "lateral", "reason": "no"}


def send(engine: Engine, station: str, hours_ago: Sequence[float], **changed: object) -> None:
    for hours in hours_ago:
        arrival_id = predict(engine, f"{station}-{hours}-{len(changed)}", identity={"station_name": station}, **changed)
        at = NOW - timedelta(hours=hours)
        with engine.begin() as connection:
            this = update(arrivals).where(arrivals.c.id == arrival_id)
            connection.execute(this.values(received_at=at, finished_at=at))


def test_the_days_of_a_station_are_counted_up_to_yesterday(engine: Engine) -> None:
    register_model(engine)
    send(engine, "CR1", [1, 16, 17, 40, 64, 30 * 24])  # today, two of yesterday, two days before, and long ago
    send(engine, "CR2", [5])
    with reading(engine) as connection:
        cr1, cr2 = sorted(list_station_histories(connection, NOW), key=lambda history: history.station_name)
    assert (cr1.station_name, cr1.days) == ("CR1", 3)
    assert (cr1.first_at, cr1.last_at) == (NOW - timedelta(hours=64), NOW - timedelta(hours=1))
    assert (cr2.station_name, cr2.days) == ("CR2", 0)


def test_refusals_of_late_and_before(engine: Engine) -> None:
    register_model(engine)
    send(engine, "CR1", [1, 2, 48])
    send(engine, "CR1", [3, 72, 96], **REFUSED)
    with reading(engine) as connection:
        (found,) = list_station_refusals(connection, NOW, timedelta(hours=24))
    assert (found.recent_refused, found.recent, found.before_refused, found.before) == (1, 3, 2, 3)


def test_the_stat_film_that_has_waited_longest(engine: Engine) -> None:
    with reading(engine) as connection:
        assert find_oldest_stat(connection) is None
    arrive(engine, "routine.dcm")
    first, second = arrive(engine, "a.dcm", "b.dcm", priority=Priority.STAT)
    with engine.begin() as connection:
        connection.execute(
            update(arrivals).where(arrivals.c.id == second).values(received_at=NOW - timedelta(days=300))
        )
    with reading(engine) as connection:
        assert find_oldest_stat(connection) == (second, NOW - timedelta(days=300))
    assert first != second
