from collections import Counter
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, update

from inference.labels import LABELS, Label, Outcome
from reports.figures.reading import read_report
from reports.figures.summary import PARTS, Summary
from reports.question.asking import parse_filters
from store.questions.selection import Dimension, Filters
from store.states import ArrivalState, Priority
from store.tables import headers, screenings
from tests.reports.ledgers import DAY, Film, ask, fill_ledger

films = st.builds(
    Film,
    at_seconds=st.integers(0, DAY - 1),
    takes_seconds=st.integers(0, 3600),
    state=st.sampled_from(ArrivalState),
    outcome=st.sampled_from(Outcome),
    label=st.sampled_from(LABELS),
    probability=st.floats(0.4, 1),
    reason_code=st.sampled_from([None, "lateral", "truncated_file"]),
    inbox=st.sampled_from(["/a", "/b"]),
    model=st.sampled_from(["1", "2"]),
    modality=st.sampled_from([None, "CR", "DX"]),
    view_position=st.sampled_from([None, "PA", "AP"]),
    station_name=st.sampled_from([None, "ROOM-1", "ROOM-2"]),
    conflict=st.booleans(),
    priority=st.sampled_from(Priority),
)
on_one_ledger = settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def count_parts(summary: Summary) -> int:
    return sum(summary.count(part) for part in PARTS)


@on_one_ledger
@given(st.lists(films, max_size=12), st.integers(0, DAY + 3600))
def test_a_report_of_two_halves_adds_up_to_the_whole(sqlite_engine: Engine, drawn: list[Film], cut: int) -> None:
    fill_ledger(sqlite_engine, drawn)
    end = DAY + 3601
    whole, first, second = (read_report(sqlite_engine, ask(*bounds)) for bounds in ((0, end), (0, cut), (cut, end)))
    assert whole.summary.arrived == len(drawn) == count_parts(whole.summary)
    assert first.summary + second.summary == whole.summary
    assert sum(whole.summary.labels.values()) == whole.summary.predicted
    hours: Counter[datetime] = Counter()
    for hour in (*first.hours, *second.hours):
        hours[hour.begins_at] += hour.finished
    assert hours == {hour.begins_at: hour.finished for hour in whole.hours}
    assert sum(hours.values()) == whole.summary.finished
    films_of = [sum(model.films for model in report.models) for report in (whole, first, second)]
    assert films_of[0] == films_of[1] + films_of[2]


@on_one_ledger
@given(st.lists(films, max_size=12))
def test_filters_partition_and_groups_add_up(sqlite_engine: Engine, drawn: list[Film]) -> None:
    fill_ledger(sqlite_engine, drawn)
    asked = ask(0, 2 * DAY)
    whole = read_report(sqlite_engine, asked).summary
    parts = [read_report(sqlite_engine, replace(asked, filters=Filters(parts=(part,)))).summary for part in PARTS]
    assert sum(parts, Summary()) == whole
    assert all(found.count(part) == found.arrived for part, found in zip(PARTS, parts, strict=True))
    inboxes = parse_filters(inboxes=["/a"]), parse_filters(inboxes=["/b"])
    halves = [read_report(sqlite_engine, replace(asked, filters=filters)).summary for filters in inboxes]
    assert sum(halves, Summary()) == whole
    for by in Dimension:
        groups = read_report(sqlite_engine, replace(asked, by=by)).groups
        assert sum((group.summary for group in groups), Summary()) == whole
        assert len({str(group.key) for group in groups}) == len(groups)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ({"labels": ["covid19"]}, [1, 5]),
        ({"labels": ["covid19", "viral_pneumonia"]}, [1, 2, 5]),
        ({"outcomes": ["Rejected", "pending"]}, [3, 6]),
        ({"outcomes": ["duplicate"]}, [5]),
        ({"reasons": ["lateral"]}, [3]),
        ({"reasons": ["truncated_file"]}, [4]),
        ({"models": ["2"]}, [2]),
        ({"inboxes": ["/stat"]}, [2]),
        ({"modalities": ["cr"]}, [1]),
        ({"priorities": ["STAT"]}, [5, 6]),
        ({"minimums": ["covid19=0.8"]}, [1, 5]),
        ({"minimums": ["0.65"]}, [1, 5, 7]),
        ({"minimums": ["0.65", "normal=0.5"]}, [7]),
        ({"labels": ["covid19"], "modalities": ["DX"]}, [5]),
        ({"models": ["_"]}, []),
        ({"stations": ["CT ROOM"]}, [2, 4]),
        ({"files": ["film-3.dcm", "film-6.dcm"]}, [3, 6]),
        ({"files": ["film-3"]}, []),
        ({"accessions": [" A7 "]}, [4, 7]),
        ({"patients": ["P1"]}, [1, 4]),
        ({"uids": ["1.2.3.1"]}, [1]),
        ({"uids": ["1.2.3.4", "1.2.9"]}, [4, 7]),
        ({}, [1, 2, 3, 4, 5, 6, 7]),
    ],
)
def test_a_filter_lets_through_what_it_names(engine: Engine, words: dict[str, list[str]], found: list[int]) -> None:
    ledger = [
        Film(label=Label.COVID19, probability=0.95, modality="CR"),
        Film(label=Label.VIRAL_PNEUMONIA, probability=0.6, model="2", inbox="/stat"),
        Film(outcome=Outcome.REJECTED, reason_code="lateral"),
        Film(state=ArrivalState.QUARANTINED, reason_code="truncated_file"),
        Film(state=ArrivalState.DUPLICATE, label=Label.COVID19, probability=0.9, priority=Priority.STAT),
        Film(state=ArrivalState.WAITING, priority=Priority.STAT),
        Film(outcome=Outcome.INDETERMINATE, probability=0.7),
    ]
    fill_ledger(engine, ledger)
    say_in_headers(engine)
    report = read_report(engine, ask(filters=parse_filters(**words)))  # type: ignore[arg-type]
    assert sorted(result.arrival_id for result in report.newest) == found
    assert report.summary.arrived == len(found)


def say_in_headers(engine: Engine) -> None:
    said = {"accession_number": "A7", "patient_id": "P1", "study_instance_uid": "1.2.3.4", "station_name": "CT ROOM"}
    answered = {
        1: {"patient_id": "P1", "sop_instance_uid": "1.2.3.1"},
        2: {"station_name": "CT ROOM"},
        7: {"accession_number": "A7", "series_instance_uid": "1.2.9"},
    }
    with engine.begin() as connection:
        connection.execute(insert(headers).values(arrival_id=4, **said))
        for number, facts in answered.items():
            connection.execute(update(screenings).where(screenings.c.id == number).values(**facts))


def test_a_model_is_found_by_the_first_digits_of_its_hash(engine: Engine) -> None:
    fill_ledger(engine, [Film(), Film(model="2")])
    (served, _) = read_report(engine, ask()).models
    found = read_report(engine, ask(filters=parse_filters(models=[served.model_sha256[:10]])))
    assert [model.model_sha256 for model in found.models] == [served.model_sha256]
