"""What is said of a film, as a terminal writes it."""

import json
from datetime import UTC
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, update

from documents.html.page import render_content
from documents.terminal import write_content
from inference.bundle import SHIPPED_BUNDLE, read_bundle
from inference.labels import Label, Outcome
from reports.delivery.outbox import Outbox, Way
from reports.film.as_json import film_to_json
from reports.film.content import build_film, build_list
from reports.film.facts import FilmFacts, read_facts
from reports.outcomes import MEANINGS, SHORT, say_end
from store.database import reading
from store.ledger.deliveries import NewDelivery, queue_deliveries
from store.ledger.fates import REASONS
from store.ledger.models import record_model
from store.questions.film import read_film
from store.questions.selection import Part
from store.references.labels import ReferenceLabel, record_references
from store.references.words import Reference, ReferenceSource
from store.states import ArrivalState
from store.tables import arrivals
from tests.ledger import UID, arrive, digest, predict, quarantine, register_model, vanish
from tests.reports.results import PREDICTED, refused

HEADER = {"patient_id": "P1", "sop_instance_uid": UID, "station_name": "ROOM-7", "notes": "age_not_understood"}


@pytest.fixture
def engine(sqlite_engine: Engine) -> Engine:
    """Take one of the two databases: that both answer alike is held below, in the store."""
    return sqlite_engine


def read(engine: Engine, arrival_id: int, outbox: Outbox | None = None) -> FilmFacts:
    with reading(engine) as connection:
        facts = read_facts(connection, arrival_id, REASONS, outbox, UTC)
    assert facts is not None
    return facts


def say(facts: FilmFacts) -> str:
    stream = StringIO()
    write_content(build_film(facts, UTC), stream)
    return stream.getvalue()


@pytest.fixture
def answered(engine: Engine) -> int:
    """Record a film that the model that ships has answered for."""
    bundle = read_bundle(SHIPPED_BUNDLE)
    with engine.begin() as connection:
        record_model(connection, bundle.model_sha256, bundle.model_version, bundle.folder)
        label = ReferenceLabel(digest("a.dcm"), ReferenceSource.PCR, Reference.NOT_COVID19)
        record_references(connection, [label])
    return predict(engine, "a.dcm", identity=HEADER, model_sha256=bundle.model_sha256)


def test_an_answer_stands_beside_the_operating_points_of_its_model(engine: Engine, answered: int) -> None:
    facts = read(engine, answered)
    points = read_bundle(SHIPPED_BUNDLE).operating_points
    assert facts.operating_points == points
    said = say(facts)
    assert f"{points[Label.NORMAL]:.3f}  yes" in said
    for words in ("Film 1", "normal 0.62", "ROOM-7", "age_not_understood: No age", "RT-PCR", "not COVID-19"):
        assert words in said
    assert "Not known: Manufacturer" in said
    points_only = f"output for other finding reaches its operating point, {points['other_finding']:.3f}. What it is for"
    assert points_only in " ".join(said.split())
    assert "Research use only" in said


def test_a_refused_file_says_what_was_found_and_what_to_do(engine: Engine) -> None:
    arrival_id = quarantine(engine, "cut.dcm", "truncated_file", header=HEADER)
    facts = read(engine, arrival_id)
    said = say(facts)
    for words in ("quarantined (truncated_file)", "it ends early", "Send the file again", "ROOM-7", "not seen"):
        assert words in said
    assert (facts.lies_at, facts.is_there) == (Path("/quarantine/cut.dcm"), False)


def test_a_film_names_the_others_of_its_uid_and_of_its_patient(engine: Engine) -> None:
    register_model(engine)
    first, second = (predict(engine, name, identity=HEADER) for name in ("a.dcm", "b.dcm"))
    for arrival_id, other in ((first, "b.dcm"), (second, "a.dcm")):
        said = say(read(engine, arrival_id))
        assert "came with other bytes too" in said
        assert f"{other}  " in said
    assert [film.file_name for film in read(engine, second).earlier] == ["a.dcm"]
    assert read(engine, first).earlier == []


def test_a_model_that_is_gone_has_no_operating_points(engine: Engine) -> None:
    register_model(engine)
    facts = read(engine, predict(engine, "a.dcm"))
    assert facts.operating_points is None
    assert "operating points are not known" in " ".join(say(facts).split())


def test_what_waits_and_what_has_gone_are_said(engine: Engine) -> None:
    (waits,) = arrive(engine, "waits.dcm")
    said = say(read(engine, waits))
    assert "pending (waiting): not finished yet" in said
    assert "The file was not read yet." in said
    facts = read(engine, vanish(engine, "gone.dcm"))
    assert facts.lies_at is None
    assert "nowhere any more" in say(facts)
    assert "gone before its header was read" in say(facts)


def test_a_film_that_could_not_leave_the_inbox_lies_there(engine: Engine, tmp_path: Path) -> None:
    inbox = tmp_path / "stuck.dcm"
    arrival_id = quarantine(engine, "stuck.dcm", "truncated_file")
    with reading(engine) as connection:
        record = read_film(connection, arrival_id)
    assert record is not None
    inbox.write_bytes(bytes(record.size_bytes))
    with engine.begin() as connection:
        connection.execute(update(arrivals).values(path=inbox))
    facts = read(engine, arrival_id)
    assert (facts.lies_at, facts.is_there, facts.is_stuck) == (inbox, True, True)
    said = " ".join(say(facts).split())
    assert "still lies in the inbox, not at /quarantine/stuck.dcm" in said
    assert "not seen" not in said


def test_what_is_not_known_of_an_undecided_film_has_no_line(engine: Engine) -> None:
    register_model(engine)
    film = predict(engine, "a.dcm", outcome=Outcome.INDETERMINATE, label=None, reason_code="below_operating_point")
    said = say(read(engine, film))
    assert "below_operating_point" in said
    assert "found" not in said.split("Why it has no label")[1].split("Answer")[0]


def test_a_film_knows_the_daily_reports_that_hold_it(engine: Engine, answered: int, tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    day = f"xray-report-{read(engine, answered).record.result.finished_at:%Y-%m-%d}"
    for parcel_id in (f"{day}-0123abcd", f"{day}-webhook", f"{day}-0123456789ab", "xray-report-1999-01-01-webhook"):
        outbox.put(parcel_id, Way.WEBHOOK, b"{}")
    assert [one.sent_at for one in read(engine, answered, outbox).sendings] == [None, None]
    outbox.send({Way.WEBHOOK: lambda _content: None})
    facts = read(engine, answered, outbox)
    assert [one.id for one in facts.sendings] == [f"{day}-0123abcd", f"{day}-webhook"]
    assert all(one.sent_at for one in facts.sendings)
    assert f"{day}-webhook" in say(facts)


def test_a_film_knows_its_answers_in_the_pacs(engine: Engine, answered: int) -> None:
    with engine.begin() as connection:
        queue_deliveries(connection, [NewDelivery(answered, "sr", "archive", "1.2.840.10008.5.1.4.1.1.88.34", "1.2.3")])
        queue_deliveries(connection, [NewDelivery(answered + 1, "sr", "archive", "1.2.3", "1.2.4")])
    facts = read(engine, answered)
    assert [(one.target, one.state) for one in facts.record.deliveries] == [("archive", "waiting")]
    said = say(facts)
    assert "structured report" in said
    assert film_to_json(facts)["deliveries"] != []


def test_the_page_and_the_json_hold_it_too(engine: Engine, answered: int) -> None:
    facts = read(engine, answered)
    page = render_content(build_film(facts, UTC))
    for words in ("Film 1", "ROOM-7", "operating point"):
        assert words in page
    found: dict[str, Any] = json.loads(json.dumps(film_to_json(facts)))
    assert (found["arrival_id"], found["label"], found["notes"]) == (answered, "normal", ["age_not_understood"])
    assert found["header"]["station_name"] == "ROOM-7"
    assert found["operating_points"].keys() > found["probabilities"].keys()
    assert found["references"][0]["reference"] == "not_covid19"
    assert found["received_as"] == "/inbox/a.dcm"


def test_several_films_are_listed(engine: Engine) -> None:
    films = [PREDICTED, refused("lateral")._replace(arrival_id=2, file_name="b.dcm")]
    stream = StringIO()
    write_content(build_list("1.2.3", films, UTC), stream)
    for words in ("2 films found", "00000001", "film.dcm", "rejected (lateral)", "normal 0.62"):
        assert words in stream.getvalue()


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (PREDICTED, "normal 0.62"),
        (PREDICTED._replace(reason_code="x", conflict=True), "normal 0.62 (marked, conflict)"),
        (PREDICTED._replace(state=ArrivalState.DUPLICATE), "normal 0.62 (duplicate)"),
        (refused("lateral"), "rejected (lateral)"),
        (refused("lateral", conflict=True), "rejected (lateral, conflict)"),
        (refused("x", ArrivalState.QUARANTINED), "quarantined (x)"),
        (refused("vanished", ArrivalState.VANISHED), "vanished"),
        (refused("database", ArrivalState.FAILED), "pending (failed)"),
    ],
)
def test_the_end_of_a_film_in_a_few_words(result: Any, said: str) -> None:
    assert say_end(result) == said


def test_every_outcome_has_its_meaning() -> None:
    assert set(MEANINGS) == set(Part) > set(SHORT)
