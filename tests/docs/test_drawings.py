"""The drawings show what the code does: every state and every step of an arrival, and rooms that are there."""

import re
from collections.abc import Callable
from contextlib import suppress
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import pytest
from sqlalchemy import Connection, Engine, text

from docs.drawings import film, processes
from docs.drawings.__main__ import DRAWINGS, FOLDER, main
from docs.drawings.arrival_states import BOXES, STEPS, read_meanings
from docs.drawings.house import House
from store.errors import LeaseLostError
from store.ledger.arrivals import claim_arrival, queue_arrivals, record_arrivals, retry_arrival, unqueue_arrivals
from store.ledger.outcomes import find_screening, record_duplicate, record_quarantine, record_screening, record_vanished
from store.ledger.sweeps import release_all, release_expired, release_held, release_lost, retry_now, settle_arrival
from store.states import ArrivalState
from tests.ledger import OWNER, new_arrival, new_screening, predict, register_model

ROOT = Path(__file__).resolve().parents[2]
RECORDER = (
    "CREATE TABLE steps (before TEXT, after TEXT)",
    "CREATE TRIGGER enters AFTER INSERT ON arrivals BEGIN INSERT INTO steps VALUES (NULL, NEW.state); END",
    "CREATE TRIGGER goes AFTER UPDATE OF state ON arrivals BEGIN INSERT INTO steps VALUES (OLD.state, NEW.state); END",
)
LONG_AGO = text("UPDATE arrivals SET lease_until = '2020-01-01', queued_at = '2020-01-01' WHERE id = :id")
Act = Callable[[Connection, int], object]


def quarantine(connection: Connection, arrival_id: int) -> None:
    facts = {"reason_code": "empty_file", "reason": "", "source_sha256": None, "stored_path": Path("/quarantine/a")}
    record_quarantine(connection, arrival_id, OWNER, **facts)  # type: ignore[arg-type]


def answer_by_another(connection: Connection, arrival_id: int) -> None:
    bytes_of_another = new_screening("first")
    known = find_screening(connection, bytes_of_another.source_sha256, bytes_of_another.model_sha256)
    assert known is not None
    record_duplicate(connection, arrival_id, OWNER, known, bytes_of_another.source_sha256, None)


def retry(connection: Connection, arrival_id: int, *, spoilt: bool) -> None:
    retry_arrival(connection, arrival_id, OWNER, reason_code="any", delay_seconds=0, spoilt=spoilt)


def send(connection: Connection, _arrival_id: int) -> None:
    queue_arrivals(connection, 1000)


def claim(connection: Connection, arrival_id: int) -> None:
    claim_arrival(connection, arrival_id, OWNER, 60)


def claim_from_the_dead(connection: Connection, arrival_id: int) -> None:
    connection.execute(LONG_AGO, {"id": arrival_id})
    claim_arrival(connection, arrival_id, "another", 60)


def predict_one(connection: Connection, arrival_id: int) -> None:
    record_screening(connection, arrival_id, OWNER, new_screening(f"bytes of {arrival_id}"), None)


def sweep(connection: Connection, arrival_id: int) -> None:
    connection.execute(LONG_AGO, {"id": arrival_id})
    release_expired(connection)
    release_lost(connection, 10)


ACTS: dict[str, Act] = {
    "send": send,
    "claim": claim,
    "claim_from_the_dead": claim_from_the_dead,
    "predict": predict_one,
    "answer_by_another": answer_by_another,
    "quarantine": quarantine,
    "vanish": lambda connection, arrival_id: record_vanished(connection, arrival_id, OWNER),
    "retry_file": lambda connection, arrival_id: retry(connection, arrival_id, spoilt=True),
    "retry_fault": lambda connection, arrival_id: retry(connection, arrival_id, spoilt=False),
    "sweep": sweep,
    "release_held": lambda connection, _: release_held(connection, OWNER),
    "release_all": lambda connection, _: release_all(connection),
    "retry_now": lambda connection, _: retry_now(connection),
    "settle": settle_arrival,
}
WAYS = {
    ArrivalState.WAITING: [],
    ArrivalState.QUEUED: ["send"],
    ArrivalState.SCREENING: ["send", "claim"],
    ArrivalState.FAILED: ["send", "claim", "retry_fault"],
    ArrivalState.DONE: ["send", "claim", "predict"],
    ArrivalState.DUPLICATE: ["send", "claim", "answer_by_another"],
    ArrivalState.QUARANTINED: ["send", "claim", "quarantine"],
    ArrivalState.VANISHED: ["send", "claim", "vanish"],
}


def do(connection: Connection, arrival_id: int, acts: list[str]) -> None:
    for act in acts:
        with suppress(LeaseLostError), connection.begin_nested():
            ACTS[act](connection, arrival_id)


def test_the_states_are_drawn_with_every_step_that_the_ledger_makes(sqlite_engine: Engine) -> None:
    register_model(sqlite_engine)
    predict(sqlite_engine, "first")
    with sqlite_engine.begin() as connection:
        for statement in RECORDER:
            connection.execute(text(statement))
        for number, (state, act) in enumerate(product(WAYS, ACTS), 2):
            record_arrivals(connection, [new_arrival(f"{state} {act}")])
            do(connection, number, WAYS[state])
            assert find_state(connection, number) == state
            do(connection, number, [act])
        unqueue_arrivals(connection, queue_arrivals(connection, 1))
        made = {(row.before, row.after) for row in connection.execute(text("SELECT before, after FROM steps"))}
    assert made == {(step.before, step.after) for step in STEPS}


def find_state(connection: Connection, arrival_id: int) -> str:
    return str(connection.scalar(text("SELECT state FROM arrivals WHERE id = :id"), {"id": arrival_id}))


def test_every_state_is_drawn_with_its_meaning() -> None:
    assert set(BOXES) == set(ArrivalState)
    assert {state.value for state in ArrivalState} <= set(read_meanings())


def test_every_room_that_a_drawing_names_is_there() -> None:
    named = {room for _, _, words, _ in processes.CARDS for room in re.findall(r"^\((.+)\)$", words, re.MULTILINE)}
    kept = [words for _, _, words, _ in processes.COMPANIONS]
    named |= {room for words in kept for room in re.findall(r"; ([a-z/]+)\)$", words)}
    named |= {step.room for step in film.STEPS}
    assert named >= {"worker/screening", "store/ledger", "imaging", "web", "pacs/receiving", "pacs/delivery"}
    assert {room for room in named if not (ROOT / room / "__init__.py").is_file()} == set()


def test_the_house_has_every_room_and_no_arrow_points_up() -> None:
    house = House()
    floor_of = {room: number for number, floor in enumerate(house.floors) for room in floor}
    assert set(floor_of) == set(house.rooms)
    assert {(a, b) for a, b in house.arrows if floor_of[a] >= floor_of[b]} == set()
    assert house.skeleton <= house.arrows
    assert ("worker", "imaging") in house.arrows - house.skeleton


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_says_in_words_what_it_shows_and_knows_light_and_dark(name: str) -> None:
    root = ElementTree.fromstring((FOLDER / name).read_text())
    names = [child.tag.partition("}")[2] for child in root]
    assert names[:3] == ["title", "desc", "style"]
    assert "prefers-color-scheme: dark" in (root[2].text or "")


def test_a_drawing_that_was_changed_by_hand_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("docs.drawings.__main__.FOLDER", tmp_path)
    monkeypatch.setattr("docs.drawings.__main__.DRAWINGS", {"way.svg": film.draw_way})
    assert main([]) == 0
    assert main(["--check"]) == 0
    (tmp_path / "way.svg").write_text("<svg/>")
    assert main(["--check"]) == 1
    assert "way.svg" in capsys.readouterr().err
