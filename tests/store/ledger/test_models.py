import time
from pathlib import Path

import pytest
from sqlalchemy import Engine

from store.audit import list_events, record_event
from store.errors import ModelUnknownError
from store.ledger.models import activate_model, find_active_model, list_models, record_model
from tests.ledger import digest, register_model

FIRST, SECOND = digest("first"), digest("second")


def test_nobody_has_chosen_a_model_at_the_start(engine: Engine) -> None:
    register_model(engine, FIRST)
    with engine.begin() as connection:
        assert find_active_model(connection) is None


def test_registering_again_moves_the_folder_and_nothing_else(engine: Engine) -> None:
    register_model(engine, FIRST, "1")
    with engine.begin() as connection:
        activate_model(connection, FIRST)
        before = list_models(connection)
        record_model(connection, FIRST, "2", Path("/elsewhere"))
        (after,) = list_models(connection)
    assert (after.model_version, after.folder, after.active) == ("1", Path("/elsewhere"), True)
    assert after.registered_at == before[0].registered_at


def test_the_models_are_listed_newest_first(engine: Engine) -> None:
    register_model(engine, FIRST)
    time.sleep(0.002)  # SQLite's clock counts milliseconds
    register_model(engine, SECOND)
    with engine.begin() as connection:
        assert [model.model_sha256 for model in list_models(connection)] == [SECOND, FIRST]


def test_one_model_is_active_at_a_time_and_each_choice_is_on_record(engine: Engine) -> None:
    register_model(engine, FIRST)
    register_model(engine, SECOND)
    for chosen in (FIRST, SECOND):
        with engine.begin() as connection:
            activate_model(connection, chosen)
            active = find_active_model(connection)
        assert active is not None
        assert active.model_sha256 == chosen
    with engine.begin() as connection:
        events = list_events(connection)
    assert [(action, detail) for _, action, _, detail in events] == [
        ("model_activated", {"model_sha256": SECOND}),
        ("model_activated", {"model_sha256": FIRST}),
    ]


def test_an_unknown_model_cannot_be_activated_and_the_choice_stays(engine: Engine) -> None:
    register_model(engine, FIRST)
    with engine.begin() as connection:
        activate_model(connection, FIRST)
        with pytest.raises(ModelUnknownError, match="model list"):
            activate_model(connection, SECOND)
        active = find_active_model(connection)
        assert len(list_events(connection)) == 1
    assert active is not None
    assert active.model_sha256 == FIRST


def test_events_keep_their_details_and_the_newest_come_first(engine: Engine) -> None:
    with engine.begin() as connection:
        record_event(connection, "first", arrival_id=7, count=1.5, who=None, text="Ω\n")
        record_event(connection, "second")
        found = list_events(connection)
        assert [(action, arrival_id, detail) for _, action, arrival_id, detail in found] == [
            ("second", None, {}),
            ("first", 7, {"count": 1.5, "who": None, "text": "Ω\n"}),
        ]
        assert len(list_events(connection, limit=1)) == 1
