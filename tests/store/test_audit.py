from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from store.audit import find_events, find_head, record_event, verify_chain
from store.database import reading

WRITERS = 4


def record(engine: Engine, count: int = 3) -> None:
    for number in range(count):
        with engine.begin() as connection:
            record_event(connection, "film_viewed", arrival_id=number, actor="zoë", address="::1", share=0.1, why=None)


def test_a_chain_that_nobody_touched_is_whole_and_says_its_head(engine: Engine) -> None:
    with reading(engine) as connection:
        assert verify_chain(connection).events == 0
        assert find_head(connection) is None
    record(engine)
    with reading(engine) as connection:
        chain = verify_chain(connection)
        assert (chain.events, chain.broken_at, chain.head_sha256) == (3, None, find_head(connection))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_events SET actor = 'bob' WHERE id = 2",
        "UPDATE audit_events SET address = NULL WHERE id = 2",
        "UPDATE audit_events SET detail = '{}' WHERE id = 2",
        "UPDATE audit_events SET arrival_id = 7 WHERE id = 2",
        "DELETE FROM audit_events WHERE id = 2",
        "UPDATE audit_events SET sha256 = NULL WHERE id = 2",
    ],
)
def test_what_was_changed_or_taken_out_is_found(engine: Engine, change: str) -> None:
    record(engine, 4)
    with engine.begin() as connection:
        connection.execute(text(change))
    with reading(engine) as connection:
        assert verify_chain(connection).broken_at in (2, 3)


def test_events_of_writers_at_once_make_one_chain(engine: Engine) -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(lambda _: record(engine, 5), range(WRITERS)))
    with reading(engine) as connection:
        chain = verify_chain(connection)
    assert (chain.events, chain.broken_at) == (5 * WRITERS, None)


def test_events_of_a_period_come_the_newest_first(engine: Engine) -> None:
    record(engine)
    now = datetime.now(tz=UTC)
    with reading(engine) as connection:
        events = find_events(connection, now - timedelta(hours=1), now + timedelta(hours=1), limit=2)
        assert find_events(connection, now - timedelta(hours=2), now - timedelta(hours=1), limit=2) == []
    assert [(event.arrival_id, event.actor, event.address) for event in events] == [
        (2, "zoë", "::1"),
        (1, "zoë", "::1"),
    ]
    assert events[0].detail == {"share": 0.1, "why": None}
