"""Reports over answers of a model that knows all classes and of one that knows two of them."""

import csv
import json
from dataclasses import replace
from io import BytesIO, StringIO
from typing import Any
from zipfile import ZipFile

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import Engine

from documents.figures import ABSENT
from inference.labels import LABELS, Label, Outcome
from reports.columns import result_to_cells, result_to_json
from reports.content.arrivals import build_labels
from reports.content.headline import build_tiles, say_verdict
from reports.delivery.webhook import build_body
from reports.figures.agreement import compute_agreement
from reports.figures.reading import read_report
from reports.figures.report import Report
from reports.formats import ReportSource, write_report_to
from reports.question.asking import parse_filters
from reports.writers.page_report import write_pdf, write_table
from reports.writers.xlsx_report import write_xlsx
from store.database import reading
from store.questions.queries import Result, list_likely, stream_results
from store.references.labels import ReferenceLabel, record_references
from store.references.words import Reference, ReferenceSource
from tests.ledger import digest
from tests.reports.figures.test_drift import BEFORE, NOW, QUESTION
from tests.reports.ledgers import Film, ask, fill_ledger
from tests.reports.results import PREDICTED
from tests.reports.writers.test_json_schema import SCHEMA

VALIDATOR = Draft202012Validator(SCHEMA)
TWO = (Label.COVID19, Label.NORMAL)
PNEUMONIA = Label.VIRAL_PNEUMONIA
OF_TWO = [
    Film(label=Label.COVID19, model="two", knows=TWO),
    Film(model="two", knows=TWO),
    Film(outcome=Outcome.INDETERMINATE, probability=0.5, model="two", knows=TWO),
    Film(outcome=Outcome.REJECTED, reason_code="lateral", model="two"),
]
OF_THREE = [Film(label=PNEUMONIA), Film(label=Label.COVID19, probability=0.8), Film(), Film()]


def read(engine: Engine, films: list[Film]) -> Report:
    fill_ledger(engine, films)
    return read_report(engine, ask())


def as_table(engine: Engine) -> list[str]:
    stream = StringIO()
    with reading(engine) as connection:
        write_table(ReportSource(connection, ask()), stream)
    return [" ".join(line.split()) for line in stream.getvalue().splitlines()]


def list_probabilities(engine: Engine) -> list[Any]:
    with reading(engine) as connection:
        return [result.probabilities for result in stream_results(connection, ask().selection)]


def test_a_result_has_the_probabilities_that_its_model_gives(engine: Engine) -> None:
    fill_ledger(engine, [OF_TWO[0], OF_THREE[0], OF_TWO[-1]])
    two, three, none = list_probabilities(engine)
    assert list(two) == list(TWO)
    assert two == pytest.approx({Label.COVID19: 0.9, Label.NORMAL: 0.1})
    assert list(three) == list(LABELS)
    assert none is None


def test_a_rate_is_over_the_films_whose_model_knows_the_label(engine: Engine) -> None:
    summary = read(engine, OF_TWO + OF_THREE).summary
    rates = {label: (summary.rate_of(label).count, summary.rate_of(label).whole) for label in LABELS}
    assert rates == {Label.COVID19: (2, 7), PNEUMONIA: (1, 4), Label.NORMAL: (3, 7)}
    assert (summary.judged, summary.known_labels) == (7, LABELS)


def test_people_read_over_how_many_films_a_rate_is(sqlite_engine: Engine) -> None:
    section = build_labels(read(sqlite_engine, OF_TWO + OF_THREE))
    (table,) = section.blocks
    assert table.note == (  # type: ignore[union-attr]
        "The rate of viral pneumonia is over 4 films: the models of the others do not know it."
    )
    assert "viral pneumonia 1 25.0 % (4.6 to 69.9)" in as_table(sqlite_engine)


def test_a_class_that_no_model_knew_has_neither_count_nor_rate(sqlite_engine: Engine) -> None:
    report = read(sqlite_engine, OF_TWO)
    assert report.summary.known_labels == TWO
    tiles = {tile.title: (tile.value, tile.detail) for tile in build_tiles(report)}
    assert tiles["viral pneumonia"] == (ABSENT, "no model knew it")
    assert tiles["COVID-19"] == ("1", "33.3 % of 3 answered")
    lines = as_table(sqlite_engine)
    assert f"viral pneumonia {ABSENT} {ABSENT}" in lines
    assert "No model that answered knows viral pneumonia." in lines
    written = json.loads(build_body("x", report))["summary"]["labels"]
    assert written == {"covid19": 1, "normal": 1}


def test_where_no_model_has_answered_each_class_is_counted_as_before(sqlite_engine: Engine) -> None:
    summary = read(sqlite_engine, OF_TWO[-1:]).summary
    assert [summary.find_count(label) for label in LABELS] == [0, 0, 0]


def test_the_verdict_names_the_films_that_covid19_was_looked_for_in(sqlite_engine: Engine) -> None:
    without = Film(label=PNEUMONIA, model="old", knows=(PNEUMONIA, Label.NORMAL))
    said = say_verdict(read(sqlite_engine, [without, *OF_THREE]))
    assert any("of the 4 that a model that knows COVID-19 has answered for." in sentence for sentence in said)
    said = say_verdict(read(sqlite_engine, [without]))
    assert "No film is labelled COVID-19: the model that answered does not know it." in said


def test_json_leaves_out_what_is_not_known_and_is_what_the_schema_says(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    for films, known in ((OF_TWO, TWO), (OF_TWO + OF_THREE, LABELS)):
        fill_ledger(engine, [replace(film, at_seconds=at) for film in films for at in (BEFORE, NOW)])
        write_report_to(engine, QUESTION, "json", None)
        report = json.loads(capsys.readouterr().out)
        VALIDATOR.validate(report)
        assert report["summary"]["labels"].keys() == report["rates"]["labels"].keys() == set(known)
        assert report["results"][0]["probabilities"].keys() == {"covid19", "normal"}
    assert set(result_to_json(two_of(PREDICTED))["probabilities"]) == set(TWO)  # type: ignore[call-overload]


def two_of(result: Result) -> Result:
    return result._replace(probabilities={Label.COVID19: 0.25, Label.NORMAL: 0.75})


def test_sheets_leave_the_cell_empty_and_the_others_in_their_columns(
    sqlite_engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert result_to_cells(two_of(PREDICTED), None)["probability_viral_pneumonia"] is None
    fill_ledger(sqlite_engine, [Film(label=Label.COVID19, probability=0.75, model="two", knows=TWO)])
    write_report_to(sqlite_engine, ask(), "csv", None)
    (line,) = csv.DictReader(StringIO(capsys.readouterr().out))
    assert [line[f"probability_{label}"] for label in LABELS] == ["0.75", "", "0.25"]
    book, page = BytesIO(), BytesIO()
    with reading(sqlite_engine) as connection:
        source = ReportSource(connection, ask())
        write_xlsx(source, book)
        write_pdf(source, page)
    sheet = ZipFile(book).read("xl/worksheets/sheet3.xml").decode()
    assert (sheet.count("<v>0.75</v>"), sheet.count("<v>0.25</v>"), sheet.count("<v>0</v>")) == (1, 1, 0)
    assert page.getvalue().startswith(b"%PDF")


def test_a_least_probability_lets_only_films_through_that_have_it(engine: Engine) -> None:
    fill_ledger(engine, OF_TWO + OF_THREE)
    for least, expected in (("viral_pneumonia=0.04", 4), ("viral_pneumonia=0.5", 1), ("normal=0.5", 4), ("0.5", 7)):
        asked = ask(filters=parse_filters(minimums=[least]))
        with reading(engine) as connection:
            assert len(list(stream_results(connection, asked.selection))) == expected, least


def test_likely_films_of_both_models_stand_in_one_order(engine: Engine) -> None:
    fill_ledger(engine, OF_THREE + OF_TWO)
    with reading(engine) as connection:
        found = list_likely(connection, ask().selection, Label.COVID19, 9)
        assert [(film.model_version, film.probabilities[Label.COVID19]) for film in found] == [  # type: ignore[index]
            ("two", 0.9),
            ("1", 0.8),
        ]
        assert [film.model_version for film in list_likely(connection, ask().selection, PNEUMONIA, 9)] == ["1"]


def test_drift_looks_at_the_probabilities_that_there_are(engine: Engine) -> None:
    films = [Film(NOW, label=Label.COVID19, model="two", knows=TWO)] * 60 + [Film(NOW)] * 20
    fill_ledger(engine, [*films, *(replace(film, at_seconds=BEFORE, label=Label.NORMAL) for film in films)])
    drift = read_report(engine, QUESTION).drift
    assert drift is not None
    assert tuple(drift.scores) == TWO
    assert sum(drift.scores[Label.COVID19].counts) == 60
    subjects = {check.subject for check in drift.checks}
    assert {"probability of covid19", "probability of normal"} <= subjects
    assert "probability of viral_pneumonia" not in subjects


def refer(engine: Engine, source: ReferenceSource, *said: str) -> None:
    """Say something of each film, in the order of the ledger."""
    with engine.begin() as connection:
        labels = [ReferenceLabel(digest(f"{n}"), source, Reference(word)) for n, word in enumerate(said, 1) if word]
        record_references(connection, labels)


def test_a_reader_who_names_a_class_that_the_model_does_not_know_contradicts_nobody(engine: Engine) -> None:
    fill_ledger(engine, OF_TWO[:3] + OF_THREE)
    refer(engine, ReferenceSource.READER, PNEUMONIA, "normal", PNEUMONIA, PNEUMONIA, "normal", "normal", "covid19")
    with reading(engine) as connection:
        (found,) = compute_agreement(connection, ask().selection, 9)
    assert found.not_known == {PNEUMONIA: 2}
    assert (found.films, found.patients, sum(found.counts.values())) == (5, 5, 5)
    assert (found.answered.count, found.missed.count, found.false_alarms.count) == (5, 1, 1)
    assert [film.result.arrival_id for film in found.missed.films] == [7]
    assert [film.result.arrival_id for film in found.false_alarms.films] == [5]
    pneumonia, normal = found.labels[PNEUMONIA], found.labels[Label.NORMAL]
    # what the model that does not know it never says is no proof that it is not there
    assert (pneumonia.specificity.count, pneumonia.specificity.whole) == (3, 3)
    assert (normal.sensitivity.count, normal.sensitivity.whole) == (2, 3)
    assert sum(each.observed.whole for each in found.calibration.bins) == 5
    assert sum(each.observed.count for each in found.calibration.bins) == 3


def test_rt_pcr_contradicts_no_model_that_does_not_know_covid19(engine: Engine) -> None:
    fill_ledger(engine, [Film(knows=(PNEUMONIA, Label.NORMAL))] * 2 + [Film(outcome=Outcome.REJECTED)])
    refer(engine, ReferenceSource.PCR, "covid19", "not_covid19")
    with reading(engine) as connection:
        (found,) = compute_agreement(connection, ask().selection, 9)
    assert (found.films, found.not_known) == (0, {Label.COVID19: 2})
    assert (found.missed.count, found.labels[Label.COVID19].specificity.value) == (0, None)
    lines = " ".join(as_table(engine))
    assert "2 films with a result of RT-PCR are in no figure, neither right nor wrong: the model" in lines
    assert "No film of an illness was missed" not in lines


def test_the_words_of_agreement_count_apart_what_was_not_known(
    sqlite_engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    fill_ledger(sqlite_engine, OF_TWO[:2])
    refer(sqlite_engine, ReferenceSource.READER, PNEUMONIA, "normal")
    lines = " ".join(as_table(sqlite_engine))
    assert "Against readers: 1 film of 1 patient" in lines
    assert "1 film with a result of readers is in no figure, neither right nor wrong" in lines
    assert f"viral pneumonia sensitivity 0 of 0 {ABSENT}" in lines
    write_report_to(sqlite_engine, ask(), "json", None)
    report = json.loads(capsys.readouterr().out)
    VALIDATOR.validate(report)
    assert report["agreement"][0]["not_known"] == {"viral_pneumonia": 1}
