"""What ``report --format json`` writes is what its schema says, and the schema says enough to notice."""

import json
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import Engine

from inference.labels import FEWEST_LABELS, LABELS, Label, Outcome
from reports.columns import COLUMNS
from reports.formats import write_report_to
from reports.question.asking import parse_filters
from reports.question.question import Question
from store.questions.selection import Dimension, Filters
from store.states import ArrivalState
from tests.reports.figures.test_drift import BEFORE, NOW, QUESTION
from tests.reports.ledgers import Film, fill_ledger

SCHEMA = json.loads(files("reports").joinpath("schemas/report-1.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
LEDGER = [
    *[Film(BEFORE)] * 60,
    *[Film(NOW, label=Label.COVID19, model="2", reason_code="outside_training_population")] * 60,
    Film(NOW, outcome=Outcome.REJECTED, reason_code="lateral", source_format=None),
    Film(NOW, outcome=Outcome.INDETERMINATE, conflict=True),
    Film(NOW, state=ArrivalState.QUARANTINED, reason_code="made_up"),
    Film(NOW, state=ArrivalState.DUPLICATE),
    Film(NOW, state=ArrivalState.VANISHED),
    Film(NOW, state=ArrivalState.WAITING),
]


def write(engine: Engine, question: Question, capsys: pytest.CaptureFixture[str]) -> Any:
    write_report_to(engine, question, "json", None)
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    "question",
    [
        QUESTION,
        *(replace(QUESTION, by=by) for by in Dimension),
        replace(QUESTION, reference=None, filters=parse_filters(labels=["covid19"], inboxes=["/a"], minimums=["0.5"])),
        replace(QUESTION, filters=Filters(reasons=("nobody_gave_this",))),
    ],
)
def test_a_report_is_what_the_schema_says(
    sqlite_engine: Engine, question: Question, capsys: pytest.CaptureFixture[str]
) -> None:
    fill_ledger(sqlite_engine, LEDGER)
    VALIDATOR.validate(write(sqlite_engine, question, capsys))


def test_the_schema_knows_every_key_and_misses_one_that_is_gone(
    sqlite_engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    fill_ledger(sqlite_engine, LEDGER)
    report = write(sqlite_engine, replace(QUESTION, by=Dimension.VIEW), capsys)
    assert report.keys() == SCHEMA["properties"].keys() == set(SCHEMA["required"])
    for key in report:
        less = {name: value for name, value in report.items() if name != key}
        assert not VALIDATOR.is_valid(less), key
    del report["results"][0]["label"]
    assert not VALIDATOR.is_valid(report)


def test_the_json_says_what_the_ledger_says(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    fill_ledger(engine, LEDGER)
    report = write(engine, replace(QUESTION, by=Dimension.MODEL), capsys)
    assert report["summary"]["arrived"] == len(report["results"]) == 66
    assert report["rates"]["labels"]["covid19"]["count"] == 60
    assert report["rates"]["labels"]["covid19"]["whole"] == 61
    assert report["conflicts"] == 1
    assert {(one["outcome"], one["reason_code"]): one["count"] for one in report["reasons"]} == {
        ("predicted", "outside_training_population"): 60,
        ("rejected", "lateral"): 1,
        ("quarantined", "made_up"): 1,
    }
    assert report["latency_seconds"] == {"files": 64, "median": 1.0, "p95": 1.0, "max": 1.0}
    assert [(one["hour"][:13], one["finished"]) for one in report["throughput"]] == [("2026-11-01T01", 65)]
    assert [(one["before"], one["after"]) for one in report["model_switches"]] == [("1", "2")]
    assert len(report["likely_positives"]) == 20
    assert {group["key"]: group["summary"]["arrived"] for group in report["groups"]} == {"2": 60, "1": 3, None: 3}
    assert report["drift"]["reference_films"] == 60
    assert report["oldest_pending_at"] == "2026-11-01T01:00:00+00:00"


@pytest.mark.parametrize(("minutes", "late"), [(None, None), (0.01, 64), (1.0, 0)])
def test_the_results_of_each_hour_are_held_against_what_the_site_promises(
    engine: Engine, capsys: pytest.CaptureFixture[str], minutes: float | None, late: int | None
) -> None:
    fill_ledger(engine, LEDGER)
    report = write(engine, replace(QUESTION, longest_wait_minutes=minutes), capsys)
    VALIDATOR.validate(report)
    assert report["longest_wait_minutes"] == minutes
    assert [(one["finished"], one["late"]) for one in report["throughput"]] == [(65, late)]


def test_schema_one_is_valid_and_says_so() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["schema"] == {"const": 1}


def test_a_report_of_nothing_is_valid(sqlite_engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    report = write(sqlite_engine, QUESTION, capsys)
    VALIDATOR.validate(report)
    assert report["latency_seconds"] is None


def test_the_schema_of_a_result_is_what_its_columns_declare() -> None:
    declared = {
        column.name: {
            "description": column.meaning,
            **({"x-may-identify": True} if column.stand_in else {}),
            **column.schema,
        }
        for column in COLUMNS
        if column.schema is not None
    }
    expected = {"type": "object", "properties": declared, "required": [*declared], "additionalProperties": False}
    assert SCHEMA["$defs"]["result"] == expected, json.dumps(expected, indent=1)


def list_objects(schema: Any, place: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        if "properties" in schema:
            yield place, schema
        schema = list(schema.items())
    if isinstance(schema, list):
        for key, value in enumerate(schema):
            name, inner = value if isinstance(value, tuple) else (key, value)
            yield from list_objects(inner, f"{place}/{name}")


@pytest.mark.parametrize(("place", "found"), [*list_objects(SCHEMA)])
def test_every_object_of_the_schema_needs_its_keys_and_refuses_others(place: str, found: dict[str, Any]) -> None:
    assert found["additionalProperties"] is False
    if set(found["properties"]) == set(LABELS):  # a model knows two or three of them
        assert (found["minProperties"], "required" in found) == (FEWEST_LABELS, False)
    else:
        assert set(found["required"]) == set(found["properties"])


def test_a_key_that_the_schema_does_not_know_is_refused(
    sqlite_engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    fill_ledger(sqlite_engine, LEDGER)
    report = write(sqlite_engine, QUESTION, capsys)
    for changed in (
        {**report, "more": 1},
        {**report, "summary": {**report["summary"], "more": 1}},
        {**report, "results": [{**report["results"][0], "patient_id": "x"}]},
    ):
        assert not VALIDATOR.is_valid(changed)
