from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from store.audit import record_event
from store.database import reading
from store.ledger.outcomes import record_duplicate
from store.questions.film import FilmKeys, FilmRecord, find_arrivals, list_earlier, list_same_uid, read_film
from store.references.labels import ReferenceLabel, record_references
from store.references.words import Reference, ReferenceSource
from tests.ledger import OWNER, UID, digest, hold, predict, quarantine, register_model, reject

HEADER = {"sop_instance_uid": f"{UID}.9", "study_instance_uid": UID, "accession_number": "A9", "patient_id": "P1"}


@pytest.fixture
def ids(engine: Engine) -> list[int]:
    """Record five arrivals: two films of one patient and UID, a lateral one, a cut-off file, and the first again."""
    register_model(engine)
    said = {"sop_instance_uid": f"{UID}.1", "study_instance_uid": UID, "accession_number": "A1", "patient_id": "P1"}
    first = predict(engine, "a.dcm", identity=said)
    second = predict(engine, "b.dcm", identity=said | {"accession_number": "A2"})
    third = reject(engine, "odd \\ name.dcm", identity={"patient_id": "P2"})
    fourth = quarantine(engine, "cut.dcm", header=HEADER)
    fifth = hold(engine, "again.dcm")
    with engine.begin() as connection:
        record_duplicate(connection, fifth, OWNER, 1, digest("a.dcm"), None)
    return [first, second, third, fourth, fifth]


FOUND = [
    (FilmKeys(arrival_id=2), [1]),
    (FilmKeys(arrival_id=0), []),
    (FilmKeys(arrival_id=2**63), []),
    (FilmKeys(file_name="cut.dcm"), [3]),
    (FilmKeys(file_name="odd \\ name.dcm"), [2]),
    (FilmKeys(file_name="cut"), []),
    (FilmKeys(uid=f"{UID}.1"), [4, 1, 0]),
    (FilmKeys(uid=UID), [4, 3, 1, 0]),
    (FilmKeys(uid=f"{UID}.9"), [3]),
    (FilmKeys(accession_number="A9"), [3]),
    (FilmKeys(accession_number="A1"), [4, 0]),
    (FilmKeys(hash_begins=digest("a.dcm")[:8]), [4, 0]),
    (FilmKeys(hash_begins=digest("cut.dcm")), [3]),
    (FilmKeys(arrival_id=1, file_name="b.dcm"), [1, 0]),
    (FilmKeys(), []),
]


def test_a_film_is_found_by_what_it_is_called(engine: Engine, ids: list[int]) -> None:
    with reading(engine) as connection:
        for keys, found in FOUND:
            assert find_arrivals(connection, keys, 9) == [ids[place] for place in found], keys
            assert len(find_arrivals(connection, keys, 1)) == min(1, len(found))


def read(engine: Engine, arrival_id: int) -> FilmRecord:
    with reading(engine) as connection:
        record = read_film(connection, arrival_id)
    assert record is not None
    return record


def test_all_of_a_film_is_read(engine: Engine, ids: list[int]) -> None:
    with engine.begin() as connection:
        label = ReferenceLabel(digest("a.dcm"), ReferenceSource.READER, Reference.NORMAL)
        record_references(connection, [label])
        record_event(connection, "looked_at", arrival_id=ids[0])
    record = read(engine, ids[0])
    assert (record.result.file_name, record.received_as, record.stored_path) == ("a.dcm", Path("/inbox/a.dcm"), None)
    assert (record.answered_by, record.model_folder) == (ids[0], Path("/bundle"))
    assert record.started_at is not None
    assert (record.header["accession_number"], record.header["station_name"]) == ("A1", None)
    assert [(one.source, one.reference) for one in record.references] == [("reader", "normal")]
    assert [event.action for event in record.events] == ["looked_at"]
    assert read(engine, ids[4]).answered_by == ids[0]


def test_a_file_that_cannot_be_read_has_its_header_and_no_answer(engine: Engine, ids: list[int]) -> None:
    record = read(engine, ids[3])
    assert {name: record.header[name] for name in HEADER} == HEADER
    assert (record.answered_by, record.model_folder, record.references) == (None, None, [])
    assert record.result.reason == "it ends early"


def test_there_is_no_film_of_another_number(engine: Engine, ids: list[int]) -> None:
    with reading(engine) as connection:
        assert [read_film(connection, number) for number in (0, -1, max(ids) + 1, 2**70)] == [None] * 4


def test_other_films_of_the_same_uid_and_of_the_same_patient(engine: Engine, ids: list[int]) -> None:
    with reading(engine) as connection:
        first, second, other, *_ = (read_film(connection, each) for each in ids)
        assert first is not None
        assert second is not None
        assert other is not None
        assert [film.arrival_id for film in list_same_uid(connection, first, 9)] == [ids[1]]
        assert [film.arrival_id for film in list_earlier(connection, second, 9)] == [ids[0]]
        for record in (first, other):
            assert list_earlier(connection, record, 9) == []
        assert list_same_uid(connection, other, 9) == []


def test_sqlite_finds_a_film_by_an_index_too(sqlite_engine: Engine) -> None:
    scans: list[str] = []

    @event.listens_for(sqlite_engine, "before_cursor_execute")
    def explain(connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "FROM" in statement and not statement.startswith("EXPLAIN"):
            plan = connection.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            scans.extend(step for *_, step in plan if step.startswith(("SCAN arrivals", "SCAN screenings")))

    with reading(sqlite_engine) as connection:
        for keys, _ in FOUND:
            find_arrivals(connection, keys, 9)
        read_film(connection, 1)
    assert scans == []
