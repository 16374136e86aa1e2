"""Agreement with RT-PCR and readers: what the database sums is what counting film by film gives."""

import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import pairwise

import pytest
from sqlalchemy import Engine, select

from documents.rates import Rate, find_worth
from inference.labels import LABELS, Label, Outcome
from reports.figures.agreement import Agreement, compute_agreement
from reports.formats import ReportSource
from reports.question.periods import Period
from reports.question.question import Question
from reports.writers.json_report import write_json
from reports.writers.page_report import write_table
from store.database import reading
from store.questions.agreement import BINS
from store.questions.selection import Selection
from store.references.labels import ReferenceLabel, record_references
from store.references.words import Reference, ReferenceSource
from store.tables import screenings
from tests.ledger import digest, predict, register_model, reject

NOW = datetime.now(tz=UTC)
PERIOD = Period(NOW - timedelta(days=1), NOW + timedelta(days=1))
SELECTION = Selection(PERIOD.since, PERIOD.until)
PCR, READER = ReferenceSource.PCR, ReferenceSource.READER


def answer(engine: Engine, name: str, label: Label | None, share: float, patient: str | None = None) -> None:
    """Screen a film: ``share`` for the label, or for normal where the answer is indeterminate."""
    best = label or Label.NORMAL
    probabilities = {each: share if each is best else (1 - share) / 2 for each in LABELS}
    facts = {"outcome": Outcome.PREDICTED if label else Outcome.INDETERMINATE, "label": label}
    predict(engine, name, probabilities=probabilities, identity={"patient_id": patient}, **facts)


def refer(engine: Engine, source: ReferenceSource, **references: str) -> None:
    with engine.begin() as connection:
        record_references(
            connection, [ReferenceLabel(digest(film), source, Reference(said)) for film, said in references.items()]
        )


def compare(engine: Engine, shown: int = 20) -> dict[ReferenceSource, Agreement]:
    with reading(engine) as connection:
        return {each.source: each for each in compute_agreement(connection, SELECTION, shown)}


def test_without_reference_labels_there_is_no_agreement(sqlite_engine: Engine) -> None:
    register_model(sqlite_engine)
    answer(sqlite_engine, "a", Label.NORMAL, 0.9)
    assert compare(sqlite_engine) == {}
    refer(sqlite_engine, PCR, elsewhere="covid19")
    assert compare(sqlite_engine) == {}


def test_sums_of_the_database_are_those_of_counting_film_by_film(engine: Engine) -> None:
    register_model(engine)
    dice = random.Random(7)
    truth: dict[str, str] = {}
    for number in range(60):
        share = dice.uniform(0.4, 1)
        answer(engine, f"f{number}", dice.choice([*LABELS, None]), share, dice.choice([None, *"ABCDEFGH"]))
        truth[f"f{number}"] = dice.choice([each.value for each in Reference if each is not Reference.NOT_COVID19])
    reject(engine, "refused")
    truth["refused"] = "covid19"
    refer(engine, READER, **truth)
    found = compare(engine)[READER]
    with reading(engine) as connection:
        rows = connection.execute(select(screenings)).all()
    told = {row.source_sha256: row for row in rows}
    films = [(Reference(said), told[digest(name)]) for name, said in truth.items()]

    assert found.films == 61
    assert found.patients == len({row.patient_id or row.source_sha256 for row in rows})
    counted = Counter((reference, row.label and Label(row.label)) for reference, row in films)
    assert found.counts == counted
    given = [(reference, Label(row.label)) for reference, row in films if row.label is not None]
    assert found.answered == Rate(len(given), 61)
    for label, each in found.labels.items():
        is_so = [(reference.value == label.value, called is label) for reference, called in given]
        expected = {
            "sensitivity": [called for so, called in is_so if so],
            "specificity": [not called for so, called in is_so if not so],
            "ppv": [so for so, called in is_so if called],
            "npv": [not so for so, called in is_so if not called],
        }
        for name, hits in expected.items():
            rate = getattr(each, name)
            assert (rate.count, rate.whole) == (sum(hits), len(hits)), (label, name)
            assert 0 <= rate.low <= rate.value <= rate.high <= 1

    bins: Counter[int] = Counter()
    for _, row in films[:-1]:
        best = max(row._mapping[f"probability_{label}"] for label in LABELS)
        bins[min(int(best * BINS), BINS - 1)] += 1
    assert {round(each.low * BINS): each.observed.whole for each in found.calibration.bins} == bins


def test_a_pcr_is_held_against_covid19_alone(engine: Engine) -> None:
    register_model(engine)
    for name, label, share in (
        ("hit", "covid19", 0.95),
        ("miss", "normal", 0.85),
        ("alarm", "covid19", 0.75),
        ("pass", "normal", 0.65),
    ):
        answer(engine, name, Label(label), share)
    answer(engine, "unsure", None, 0.45)
    refer(engine, PCR, hit="covid19", miss="covid19", alarm="not_covid19", unsure="covid19", **{"pass": "not_covid19"})
    found = compare(engine)[PCR]
    (covid19,) = found.labels.values()
    assert [(r.count, r.whole) for r in (covid19.sensitivity, covid19.specificity, covid19.ppv, covid19.npv)] == [
        (1, 2)
    ] * 4
    assert (found.answered.count, found.missed.count, found.false_alarms.count) == (4, 2, 1)
    # what the model gave least comes first, whatever it said
    assert [film.result.file_name for film in found.missed.films] == ["miss", "unsure"]
    assert [film.result.file_name for film in found.false_alarms.films] == ["alarm"]
    came_true = {round(each.low * BINS): (each.observed.count, each.observed.whole) for each in found.calibration.bins}
    assert came_true == {0: (1, 1), 1: (0, 1), 2: (1, 1), 7: (0, 1), 9: (1, 1)}


def test_a_film_that_came_twice_counts_once(engine: Engine) -> None:
    register_model(engine)
    for name in ("first", "again"):
        predict(engine, name, content="same")
    refer(engine, PCR, same="covid19")
    assert compare(engine)[PCR].films == 1


def test_a_list_of_misses_ends_where_it_is_told_and_the_count_goes_on(sqlite_engine: Engine) -> None:
    register_model(sqlite_engine)
    for number in range(5):
        answer(sqlite_engine, f"f{number}", Label.NORMAL, 0.5 + number / 10)
    refer(sqlite_engine, READER, **{f"f{number}": "viral_pneumonia" for number in range(5)})
    found = compare(sqlite_engine, shown=3)[READER]
    assert (found.missed.count, len(found.missed.films)) == (5, 3)
    given = [film.probability or 0 for film in found.missed.films]
    assert given == sorted(given)


def test_false_alarms_are_what_a_source_can_tell_the_most_probable_first(engine: Engine) -> None:
    register_model(engine)
    called = {"a": Label.COVID19, "b": Label.VIRAL_PNEUMONIA, "c": Label.COVID19, "d": Label.NORMAL}
    for share, (name, label) in zip((0.7, 0.8, 0.9, 0.95), called.items(), strict=True):
        answer(engine, name, label, share)
    answer(engine, "e", None, 0.4)
    refer(engine, PCR, **dict.fromkeys("abcde", "not_covid19"))
    refer(engine, READER, a="viral_pneumonia", b="other_finding", c="covid19", d="covid19", e="normal")
    found = compare(engine)
    named = {
        source: [(film.result.file_name, film.illness, film.probability) for film in one.false_alarms.films]
        for source, one in found.items()
    }
    assert named == {
        PCR: [("c", "covid19", 0.9), ("a", "covid19", 0.7)],
        READER: [("b", "viral_pneumonia", 0.8), ("a", "covid19", 0.7)],
    }
    assert {source: one.false_alarms.count for source, one in found.items()} == {PCR: 2, READER: 2}
    assert [film.result.file_name for film in found[READER].missed.films] == ["d", "a"]
    assert compare(engine, shown=1)[PCR].false_alarms.count == 2


def test_films_of_one_patient_make_the_interval_no_narrower_than_its_patients_do() -> None:
    """Ten patients with ten films each that all agree are worth ten trials."""
    count, whole, each = 50, 100, 10
    squares = (5 * each**2, 5 * each * each, 10 * each**2)
    worth = find_worth(count, whole, 10, squares)
    assert worth == pytest.approx(9, abs=1.01)
    wide, narrow = Rate(count, whole, worth), Rate(count, whole)
    assert wide.low < narrow.low < narrow.high < wide.high  # type: ignore[operator]


def test_independent_films_are_worth_about_themselves_and_certainty_is_worth_its_patients() -> None:
    assert find_worth(30, 100, 100, (30, 30, 100)) == pytest.approx(99, abs=1.01)
    assert find_worth(100, 100, 4, (2500, 2500, 2500)) == 4
    assert Rate(100, 100, 4).low == Rate(4, 4).low
    assert find_worth(3, 5, 1, (9, 15, 25)) == 1


def test_the_interval_widens_as_the_films_belong_to_fewer_patients() -> None:
    widths = [Rate(60, 100, worth).high - Rate(60, 100, worth).low for worth in (100, 50, 20, 5)]  # type: ignore[operator]
    assert all(narrow < wide for narrow, wide in pairwise(widths))


def test_table_and_json_say_the_same(sqlite_engine: Engine) -> None:
    register_model(sqlite_engine)
    answer(sqlite_engine, "x" * 300, Label.NORMAL, 0.85)
    answer(sqlite_engine, "b", Label.COVID19, 0.95)
    answer(sqlite_engine, "c" * 300, Label.COVID19, 0.925)
    refer(sqlite_engine, PCR, b="covid19", **{"x" * 300: "covid19", "c" * 300: "not_covid19"})
    table, report = StringIO(), StringIO()
    with reading(sqlite_engine) as connection:
        source = ReportSource(connection, Question(PERIOD))
        write_table(source, table)
        write_json(source, report)
    (told,) = json.loads(report.getvalue())["agreement"]
    sensitivity = told["labels"]["covid19"]["sensitivity"]
    assert (sensitivity["count"], sensitivity["whole"], sensitivity["value"]) == (1, 2, 0.5)
    assert (told["missed"], told["misses"][0]["result"]["label"]) == (1, "normal")
    assert (told["falsely_called"], told["false_alarms"][0]["result"]["label"]) == (1, "covid19")
    lines = table.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert any("Against RT-PCR: 3 films of 3 patients" in line for line in lines)
    assert any("sensitivity" in line and "50.0 % (" in line and "1 of 2" in line for line in lines)
    assert any("not COVID-19" in line and "COVID-19 0.93" in line for line in lines)
