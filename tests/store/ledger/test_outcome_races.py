"""Two workers on PostgreSQL whose transactions overlap (SQLite lets only one write at a time)."""

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaitingError

import pytest
from sqlalchemy import Engine, select

from store.ledger.outcomes import NewScreening, record_screening
from store.states import ArrivalState
from store.tables import screenings
from tests.ledger import OWNER, hold, new_screening, register_model, screen

IDENTITY = {"sop_instance_uid": "1.2.3"}
SAME = (new_screening("same", identity=IDENTITY), new_screening("same", identity=IDENTITY))
CONFLICT = (new_screening("one", identity=IDENTITY), new_screening("two", identity=IDENTITY))


@pytest.fixture
def held(postgresql_engine: Engine) -> tuple[int, int]:
    register_model(postgresql_engine)
    return hold(postgresql_engine, "a.dcm"), hold(postgresql_engine, "b.dcm")


def start_second(
    threads: ThreadPoolExecutor, engine: Engine, arrival_id: int, second: NewScreening
) -> Future[ArrivalState]:
    waiting = threads.submit(screen, engine, arrival_id, second)
    with pytest.raises(StillWaitingError):
        waiting.result(0.5)
    return waiting


def test_the_second_of_the_same_bytes_waits_and_is_a_duplicate(
    postgresql_engine: Engine, held: tuple[int, int]
) -> None:
    with ThreadPoolExecutor(1) as threads:
        with postgresql_engine.begin() as connection:
            assert record_screening(connection, held[0], OWNER, SAME[0], None) is ArrivalState.DONE
            waiting = start_second(threads, postgresql_engine, held[1], SAME[1])
        assert waiting.result(10) is ArrivalState.DUPLICATE


def test_the_second_of_the_same_bytes_is_screened_where_the_first_rolls_back(
    postgresql_engine: Engine, held: tuple[int, int]
) -> None:
    with ThreadPoolExecutor(1) as threads:
        with postgresql_engine.connect() as connection:
            record_screening(connection, held[0], OWNER, SAME[0], None)
            waiting = start_second(threads, postgresql_engine, held[1], SAME[1])
            connection.rollback()
        assert waiting.result(10) is ArrivalState.DONE


def test_a_conflict_is_flagged_when_both_are_recorded_at_once(postgresql_engine: Engine, held: tuple[int, int]) -> None:
    with ThreadPoolExecutor(1) as threads:
        with postgresql_engine.begin() as connection:
            record_screening(connection, held[0], OWNER, CONFLICT[0], None)
            waiting = threads.submit(screen, postgresql_engine, held[1], CONFLICT[1])
            with pytest.raises(StillWaitingError):
                waiting.result(0.5)
        assert waiting.result(10) is ArrivalState.DONE
    with postgresql_engine.begin() as connection:
        assert list(connection.scalars(select(screenings.c.conflict))) == [True, True]
