from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from inference.labels import Label, Outcome
from store.audit import list_events
from store.errors import LeaseLostError
from store.ledger.arrivals import Arrival, claim_arrival, find_arrival
from store.ledger.outcomes import find_screening, record_duplicate, record_quarantine, record_screening, record_vanished
from store.states import ArrivalState
from store.tables import arrivals, screenings
from tests.ledger import (
    MODEL_SHA256,
    OWNER,
    UID,
    arrive,
    count_screenings,
    digest,
    hold,
    new_screening,
    predict,
    quarantine,
    register_model,
    screen,
)


@pytest.fixture(autouse=True)
def _model(engine: Engine) -> None:
    register_model(engine)


def find(engine: Engine, arrival_id: int) -> Arrival:
    with engine.begin() as connection:
        arrival = find_arrival(connection, arrival_id)
    assert arrival is not None
    return arrival


def list_conflicts(engine: Engine) -> list[bool]:
    with engine.begin() as connection:
        return list(connection.scalars(select(screenings.c.conflict).order_by(screenings.c.id)))


def test_a_prediction_is_recorded_with_its_identity_and_ends_the_lease(engine: Engine) -> None:
    arrival_id = hold(engine, "a.dcm")
    screening = new_screening("x", identity={"sop_instance_uid": UID, "rows": 2048, "patient_age_years": 40.5})
    assert screen(engine, arrival_id, screening) is ArrivalState.DONE
    with engine.begin() as connection:
        row = connection.execute(select(screenings)).one()
        lease = connection.execute(select(arrivals.c.lease_owner, arrivals.c.lease_until)).one()
        assert find_screening(connection, digest("x"), MODEL_SHA256) == row.id
        assert find_screening(connection, digest("x"), digest("another model")) is None
    assert (row.outcome, row.label, row.probability_normal) == (Outcome.PREDICTED, Label.NORMAL, 0.625)
    assert (row.sop_instance_uid, row._mapping["rows"], row.patient_age_years) == (UID, 2048, 40.5)
    assert tuple(lease) == (None, None)
    assert find(engine, arrival_id).state is ArrivalState.DONE


def test_a_refusal_is_recorded_without_a_label(engine: Engine) -> None:
    arrival_id = hold(engine, "a.dcm")
    refused = new_screening(outcome=Outcome.REJECTED, label=None, probabilities=None, reason_code="lateral", reason="a")
    assert screen(engine, arrival_id, refused) is ArrivalState.DONE
    with engine.begin() as connection:
        row = connection.execute(select(screenings)).one()
    assert (row.label, row.probability_normal, row.reason_code) == (None, None, "lateral")


def test_the_same_bytes_are_screened_once_with_a_model_and_again_with_another(engine: Engine) -> None:
    predict(engine, "a.dcm", content="same")
    second, third = hold(engine, "b.dcm"), hold(engine, "c.dcm")
    assert screen(engine, second, new_screening("same")) is ArrivalState.DUPLICATE
    register_model(engine, digest("model 2"))
    assert screen(engine, third, new_screening("same", model_sha256=digest("model 2"))) is ArrivalState.DONE
    assert count_screenings(engine) == 2
    assert find(engine, second).source_sha256 == digest("same")


def test_a_known_answer_can_be_recorded_without_screening(engine: Engine) -> None:
    predict(engine, "a.dcm", content="same")
    arrival_id = hold(engine, "b.dcm")
    with engine.begin() as connection:
        known = find_screening(connection, digest("same"), MODEL_SHA256)
        assert known is not None
        record_duplicate(connection, arrival_id, OWNER, known, digest("same"), Path("/processed/b.dcm"))
    arrival = find(engine, arrival_id)
    assert (arrival.state, arrival.stored_path) == (ArrivalState.DUPLICATE, Path("/processed/b.dcm"))


def test_a_quarantined_file_keeps_its_reason_and_where_it_went(engine: Engine) -> None:
    arrival = find(engine, quarantine(engine, "a.dcm"))
    assert (arrival.state, arrival.reason_code, arrival.reason) == (
        ArrivalState.QUARANTINED,
        "truncated",
        "it ends early",
    )
    assert (arrival.stored_path, arrival.source_sha256) == (Path("/quarantine/a.dcm"), digest("a.dcm"))


def test_a_worker_that_lost_its_lease_leaves_nothing_behind(engine: Engine) -> None:
    (arrival_id,) = arrive(engine, "a.dcm")
    predict(engine, "other.dcm", identity={"sop_instance_uid": UID})
    with engine.begin() as connection:
        claim_arrival(connection, arrival_id, "slow", -1)
        claim_arrival(connection, arrival_id, "fast", 60)
    with pytest.raises(LeaseLostError):
        screen(engine, arrival_id, new_screening("x", identity={"sop_instance_uid": UID}), owner="slow")
    assert count_screenings(engine) == 1
    with engine.begin() as connection:
        assert list_events(connection) == []
    assert list_conflicts(engine) == [False]
    assert find(engine, arrival_id).state is ArrivalState.SCREENING
    assert screen(engine, arrival_id, new_screening("x"), owner="fast") is ArrivalState.DONE


def test_no_outcome_is_recorded_without_the_lease(engine: Engine) -> None:
    (arrival_id,) = arrive(engine, "a.dcm")
    predict(engine, "b.dcm", content="same")
    why: dict[str, Any] = {"reason_code": "x", "reason": "x", "source_sha256": None, "stored_path": None}
    with engine.begin() as connection:
        with pytest.raises(LeaseLostError):
            record_vanished(connection, arrival_id, OWNER)
        known = find_screening(connection, digest("same"), MODEL_SHA256)
        assert known is not None
        with pytest.raises(LeaseLostError):
            record_duplicate(connection, arrival_id, OWNER, known, digest("same"), None)
        with pytest.raises(LeaseLostError):
            record_quarantine(connection, arrival_id, OWNER, **why)
        with pytest.raises(LeaseLostError):
            record_screening(connection, arrival_id, OWNER, new_screening(), None)


def test_one_sop_instance_uid_with_other_bytes_flags_all_and_says_so_once_each(engine: Engine) -> None:
    same = {"sop_instance_uid": UID}
    first = predict(engine, "a.dcm", identity=same)
    assert list_conflicts(engine) == [False]
    second, third = (predict(engine, name, identity=same) for name in ("b.dcm", "c.dcm"))
    predict(engine, "other.dcm", identity={"sop_instance_uid": UID + ".1"})
    assert list_conflicts(engine) == [True, True, True, False]
    with engine.begin() as connection:
        events = list_events(connection)
    assert [(action, arrival) for _, action, arrival, _ in events] == [
        ("sop_instance_conflict", third),
        ("sop_instance_conflict", second),
    ]
    assert first not in {arrival for _, _, arrival, _ in events}


def test_the_same_bytes_with_another_model_are_no_conflict(engine: Engine) -> None:
    predict(engine, "a.dcm", content="same", identity={"sop_instance_uid": UID})
    register_model(engine, digest("model 2"))
    identity = {"sop_instance_uid": UID}
    predict(engine, "b.dcm", content="same", model_sha256=digest("model 2"), identity=identity)
    assert list_conflicts(engine) == [False, False]


def test_files_without_a_sop_instance_uid_are_no_conflict(engine: Engine) -> None:
    predict(engine, "a.png")
    predict(engine, "b.png", identity={"sop_instance_uid": None})
    assert list_conflicts(engine) == [False, False]
