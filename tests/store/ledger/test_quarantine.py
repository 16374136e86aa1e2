from sqlalchemy import Engine

from store.audit import list_events
from store.ledger.arrivals import find_arrival
from store.ledger.quarantine import list_quarantined, record_release
from store.states import ArrivalState
from tests.ledger import arrive, predict, quarantine, register_model


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
