"""What the database itself refuses, whoever writes to it."""

from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError

from inference.labels import Label, Outcome
from store.tables import screenings
from tests.ledger import MODEL_SHA256, PROBABILITIES, arrive, hold, new_screening, predict, register_model, screen

NAN = float("nan")
DONE_WITHOUT_RESULT = "state = 'done', finished_at = received_at"


@pytest.mark.parametrize(
    "changed",
    [
        {"label": None},
        {"probabilities": None},
        {"outcome": Outcome.INDETERMINATE},
        {"outcome": Outcome.REJECTED},
        {"probabilities": {**PROBABILITIES, Label.COVID19: 1.5}},
        {"probabilities": {**PROBABILITIES, Label.VIRAL_PNEUMONIA: -0.5}},
        {"probabilities": {Label.NORMAL: 1.0}},
        {"probabilities": {Label.COVID19: 0.5, Label.VIRAL_PNEUMONIA: 0.5}},
        {"outcome": "benign"},
        {"label": "influenza"},
        {"model_sha256": "0" * 64},
    ],
)
def test_a_screening_that_contradicts_itself_is_refused(engine: Engine, changed: dict[str, Any]) -> None:
    register_model(engine)
    arrival_id = hold(engine, "a.dcm")
    with pytest.raises(IntegrityError):
        screen(engine, arrival_id, new_screening(**changed))


@pytest.mark.parametrize("label", Label)
def test_a_probability_that_is_no_number_is_refused(engine: Engine, label: Label) -> None:
    register_model(engine)
    arrival_id = hold(engine, "a.dcm")
    with pytest.raises(ValueError, match="no number"):
        screen(engine, arrival_id, new_screening(probabilities={**PROBABILITIES, label: NAN}))


@pytest.mark.parametrize("unknown", [Label.COVID19, Label.VIRAL_PNEUMONIA])
@pytest.mark.parametrize(
    "answer", [{}, {"outcome": Outcome.INDETERMINATE, "label": None}], ids=["predicted", "indeterminate"]
)
def test_a_model_may_not_know_a_class_that_it_does_not_name(
    engine: Engine, unknown: Label, answer: dict[str, Any]
) -> None:
    register_model(engine)
    predict(engine, "a.dcm", probabilities={label: 0.5 for label in Label if label is not unknown}, **answer)
    with engine.connect() as connection:
        row = connection.execute(select(screenings)).one()
    assert row._mapping[f"probability_{unknown}"] is None
    assert row.probability_normal == 0.5


@pytest.mark.parametrize(
    "change",
    [
        "state = 'lost'",
        "state = 'vanished'",
        "finished_at = received_at",
        DONE_WITHOUT_RESULT,
        "after = 'delete'",
        "screening_id = 99",
        "fingerprint = 'taken'",
    ],
)
def test_an_arrival_outside_the_design_is_refused(engine: Engine, change: str) -> None:
    arrive(engine, "a.dcm", "b.dcm")
    with engine.begin() as connection:
        connection.execute(text("UPDATE arrivals SET fingerprint = 'taken' WHERE id = 1"))
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text(f"UPDATE arrivals SET {change} WHERE id = 2"))


@pytest.mark.parametrize("statement", ["DELETE FROM models", "DELETE FROM screenings"])
def test_what_a_result_rests_on_cannot_be_deleted(engine: Engine, statement: str) -> None:
    register_model(engine, MODEL_SHA256)
    predict(engine, "a.dcm")
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text(statement))


def test_an_id_is_never_used_again(engine: Engine) -> None:
    (first,) = arrive(engine, "a.dcm")
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM arrivals"))
    (second,) = arrive(engine, "a.dcm")
    assert second > first
