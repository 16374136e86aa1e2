from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, event

from inference.labels import Label, Outcome
from reports.figures.reading import find_latency, read_report
from reports.figures.report import Latency
from reports.figures.summary import Summary
from reports.question.question import Question
from store.questions.selection import Dimension, Filters, Part
from store.states import ArrivalState, Priority
from tests.reports.ledgers import DAY, START, Film, ask, fill_ledger

BERLIN = ZoneInfo("Europe/Berlin")
QUARTER = 900


@pytest.mark.parametrize(
    ("day", "hours", "offsets"), [("2026-10-25", 25, "+0200 +0100"), ("2026-03-29", 23, "+0100 +0200")]
)
def test_the_hours_and_days_of_a_change_of_clocks(engine: Engine, day: str, hours: int, offsets: str) -> None:
    midnight = datetime.fromisoformat(day).replace(tzinfo=BERLIN)
    begun = (midnight - START).total_seconds()
    fill_ledger(engine, [Film(begun + hour * 3600 + 1800, takes_seconds=0) for hour in range(-1, hours + 1)])
    report = read_report(engine, ask(begun, begun + hours * 3600, BERLIN, by=Dimension.HOUR))
    assert [group.summary.arrived for group in report.groups] == [1] * hours
    assert [hour.finished for hour in report.hours] == [1] * hours
    assert f"{report.groups[0].key:%z} {report.groups[-1].key:%z}" == offsets
    around = read_report(engine, ask(begun - DAY, begun + 2 * DAY, BERLIN, by=Dimension.DAY))
    assert [group.summary.arrived for group in around.groups] == [1, hours, 1]
    assert around.groups[1].key == midnight


def test_hours_of_a_zone_that_is_off_by_45_minutes(engine: Engine) -> None:
    fill_ledger(engine, [Film(minute * 60, takes_seconds=0) for minute in (14, 16, 74, 76)])
    report = read_report(engine, ask(zone=ZoneInfo("Asia/Kathmandu"), by=Dimension.HOUR))
    assert [f"{hour.begins_at:%H:%M} {hour.finished}" for hour in report.hours] == ["05:00 1", "06:00 2", "07:00 1"]


def test_latency_is_exact_to_three_digits(engine: Engine) -> None:
    took = [0.004, 0.25, 1.239, 61.29, 7261.9]
    vanished = Film(takes_seconds=9999, state=ArrivalState.VANISHED)
    fill_ledger(
        engine, [*(Film(takes_seconds=seconds) for seconds in took), Film(state=ArrivalState.WAITING), vanished]
    )
    latency = read_report(engine, ask()).latency
    assert latency is not None
    assert (latency.files, latency.median_seconds, latency.max_seconds) == (5, 1.23, 7260)
    fill_ledger(engine, [Film(takes_seconds=-5)])  # the clock was put back
    latency = read_report(engine, ask(-10)).latency
    assert latency is not None
    assert latency.max_seconds == 0


def test_latency_is_told_of_stat_and_routine_apart(engine: Engine) -> None:
    fill_ledger(engine, [Film(takes_seconds=1, priority=Priority.STAT), *(Film(takes_seconds=9) for _ in range(3))])
    report = read_report(engine, ask())
    assert report.latency == Latency(4, 9, 9, 9)
    assert report.latency_of == {Priority.STAT: Latency(1, 1, 1, 1), Priority.ROUTINE: Latency(3, 9, 9, 9)}
    stat = read_report(engine, ask(filters=Filters(priorities=(Priority.STAT,))))
    assert (stat.summary.arrived, stat.latency) == (1, Latency(1, 1, 1, 1))


@given(st.lists(st.integers(0, 10**9), min_size=1))
def test_quantiles_are_those_of_the_sorted_values(values: list[int]) -> None:
    latency, ordered = find_latency(sorted(Counter(values).items())), sorted(values)
    assert latency is not None
    assert latency.median_seconds == ordered[(len(values) + 1) // 2 - 1] / 1000
    assert latency.p95_seconds == ordered[-(-95 * len(values) // 100) - 1] / 1000
    assert latency.max_seconds == ordered[-1] / 1000
    assert find_latency([]) is None


def test_models_that_take_turns_while_workers_restart_are_one_switch(engine: Engine) -> None:
    turns = ["1", "1", "2", "1", "2", "2"]
    fill_ledger(engine, [Film(-60), *(Film(3600 + 60 * n, model=model) for n, model in enumerate(turns))])
    report = read_report(engine, ask())
    assert [(model.model_version, model.films) for model in report.models] == [("1", 3), ("2", 3)]
    (switch,) = report.switches
    assert (switch.before, switch.after) == ("1", "2")
    assert switch.at == START + timedelta(seconds=3600 + 120 + 1)
    assert report.models[0].last_at == START + timedelta(seconds=3600 + 180 + 1)


def test_a_switch_over_night_and_one_back_are_told(engine: Engine) -> None:
    changes = [(-DAY, "1"), (60, "2"), (60 + QUARTER, "1"), (60 + 3 * QUARTER, "1")]
    fill_ledger(engine, [Film(at, model=model) for at, model in changes])
    report = read_report(engine, ask())
    assert [(switch.before, switch.after) for switch in report.switches] == [("1", "2"), ("2", "1")]
    assert not read_report(engine, ask(-2 * DAY, -DAY + 60)).switches


def test_likely_positives_come_with_the_highest_probability_first_and_once(engine: Engine) -> None:
    shares = [0.7, 0.99, 0.8, 0.95]
    ledger = [Film(label=Label.COVID19, probability=share) for share in shares]
    again = Film(label=Label.COVID19, probability=1, state=ArrivalState.DUPLICATE)
    unsure = Film(outcome=Outcome.INDETERMINATE, label=Label.COVID19, probability=1)
    fill_ledger(engine, [*ledger, again, unsure])
    report = read_report(engine, ask(positives_shown=3))
    assert [result.arrival_id for result in report.positives] == [2, 4, 3]
    assert report.summary.labels[Label.COVID19] == 4


def test_what_headers_leave_out_is_counted_among_films_that_have_one(engine: Engine) -> None:
    refused_by_its_header = Film(outcome=Outcome.REJECTED, source_format=None)
    png = Film(source_format="png", view_position=None, station_name=None)
    fill_ledger(engine, [Film(), Film(view_position=None), Film(patient_age_years=None), png, refused_by_its_header])
    quality = read_report(engine, ask()).quality
    gaps = {gap.attribute: gap.missing for gap in quality.gaps}
    assert (quality.films, quality.without_header) == (4, 1)
    assert {gap.headers for gap in quality.gaps} == {3}
    assert (gaps["view_position"], gaps["patient_age_years"], gaps["station_name"]) == (1, 1, 0)


def test_a_refused_film_counts_with_what_its_header_says_and_for_its_station(engine: Engine) -> None:
    refused = Film(outcome=Outcome.REJECTED, reason_code="other_body_part", station_name="ROOM-2", view_position=None)
    silent = dict.fromkeys(("view_position", "patient_age_years", "station_name", "modality"))
    unread = Film(outcome=Outcome.REJECTED, **silent)  # type: ignore[arg-type]
    fill_ledger(engine, [Film(station_name="ROOM-1"), refused, unread])
    report = read_report(engine, ask(by=Dimension.STATION))
    assert {gap.headers for gap in report.quality.gaps} == {2}
    gaps = {gap.attribute: gap.missing for gap in report.quality.gaps}
    assert (gaps["view_position"], gaps["station_name"]) == (1, 0)
    counts = {group.key: group.summary.rejected for group in report.groups}
    assert counts["ROOM-2"] == 1


def test_what_waits_and_what_contradicts_itself_is_told(engine: Engine) -> None:
    pending = [Film(at, state=ArrivalState.QUEUED) for at in (50, 20, 70)]
    fill_ledger(engine, [*pending, Film(conflict=True), Film(state=ArrivalState.DUPLICATE, conflict=True)])
    report = read_report(engine, ask(zone=BERLIN))
    assert report.oldest_pending_at == START + timedelta(seconds=20)
    assert report.oldest_pending_at.tzinfo is BERLIN
    assert report.summary.conflicts == 1


def test_an_empty_period_is_a_report(engine: Engine) -> None:
    report = read_report(engine, ask(by=Dimension.HOUR, reference=ask(-DAY, 0).period))
    assert report.summary == Summary()
    assert (report.latency, report.oldest_pending_at, report.groups, report.models) == (None, None, (), ())


def test_every_reason_of_a_part_comes_with_advice(engine: Engine) -> None:
    ledger = [
        Film(outcome=Outcome.REJECTED, reason_code="lateral"),
        Film(outcome=Outcome.REJECTED, reason_code="lateral"),
        Film(state=ArrivalState.QUARANTINED, reason_code="made_up"),
    ]
    fill_ledger(engine, ledger)
    reasons = read_report(engine, ask(), {"made_up": "Ask us."}).reasons
    assert [(one.part, one.reason_code, one.count) for one in reasons] == [
        (Part.REJECTED, "lateral", 2),
        (Part.QUARANTINED, "made_up", 1),
    ]
    assert reasons[0].advice
    assert reasons[1].advice == "Ask us."


def list_statements(engine: Engine, question: Question) -> list[tuple[str, object]]:
    statements: list[tuple[str, object]] = []

    def keep(_connection: object, _cursor: object, statement: str, parameters: object, *_more: object) -> None:
        statements.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", keep)
    read_report(engine, question)
    event.remove(engine, "before_cursor_execute", keep)
    return [(statement, parameters) for statement, parameters in statements if "FROM arrivals" in statement]


def test_a_day_is_found_by_its_times_however_large_the_ledger(sqlite_engine: Engine) -> None:
    question = ask(reference=ask(-28 * DAY, 0).period, by=Dimension.STATION)
    statements = list_statements(sqlite_engine, question)
    assert len(statements) > 10
    with sqlite_engine.connect() as connection:
        for statement, parameters in statements:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
            steps = [row.detail for row in plan if "arrivals" in row.detail]
            assert steps
            assert all("finished_at" in step or "unfinished" in step for step in steps), (statement, steps)
