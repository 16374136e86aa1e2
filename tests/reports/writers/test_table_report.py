from datetime import timedelta
from io import StringIO
from typing import Any

import pytest

from inference.labels import LABELS, NOTICE, Label
from reports.figures.drift import Drift, DriftCheck, DriftLevel
from reports.figures.report import Group, HeaderGap, HourCount, Latency, ModelSwitch, Quality, ReasonCount, ServedModel
from reports.figures.summary import Summary
from reports.question.question import Question
from reports.writers.table_report import write_table
from store.questions.queries import Result
from store.questions.selection import Dimension, Filters, Part
from store.states import ArrivalState, Priority
from tests.reports.results import HOSTILE_NAMES, MOMENT, PERIOD, PREDICTED, GivenSource, named, new_report, refused

WIDTH = 80


def as_table(*results: Result, summary: Summary | None = None, **changed: Any) -> str:
    stream = StringIO()
    summary = summary or Summary(arrived=max(1, len(results)))
    write_table(GivenSource(new_report(summary, newest=results, **changed)), stream)
    return stream.getvalue()


def test_a_table_fits_80_columns_and_shows_hostile_names_as_text() -> None:
    written = as_table(*map(named, HOSTILE_NAMES))
    assert max(map(_cells, written.splitlines())) <= WIDTH
    assert written.count("11-01 08:30:00  normal 0.62") == len(HOSTILE_NAMES)
    assert "[red]x[bold].dcm" in written
    assert ":smiley:.dcm" in written
    assert r"\x1b[31m" in written
    assert not [sign for sign in written if not sign.isprintable() and sign != "\n"]


def _cells(line: str) -> int:
    from rich.cells import cell_len

    return cell_len(line)


def test_a_table_says_what_became_of_all_and_what_to_do() -> None:
    labels = dict.fromkeys(LABELS, 0) | {Label.NORMAL: 2}
    summary = Summary(arrived=4, predicted=2, rejected=1, quarantined=1, labels=labels)
    reasons = (
        ReasonCount(Part.REJECTED, "lateral", 1, "Nothing to do."),
        ReasonCount(Part.QUARANTINED, "made_up", 1, "Ask us."),
    )
    written = as_table(PREDICTED, refused("lateral"), summary=summary, reasons=reasons)
    lines = [" ".join(line.split()) for line in written.splitlines()]
    assert "predicted 2 50.0%" in lines
    assert "arrived 4 100.0%" in lines
    assert "normal 2 100.0% 34.2% to 100.0%" in lines
    assert "made_up 1 Ask us." in lines
    assert any(line.startswith("lateral 1") and len(line) > 10 for line in lines)
    assert "11-01 08:30:00 normal 0.62 film.dcm" in lines
    assert "11-01 08:30:00 lateral film.dcm" in lines


def test_a_marked_answer_keeps_its_label_and_says_why_it_is_marked() -> None:
    mark = ReasonCount(Part.PREDICTED, "outside_training_population", 1, "The model")
    summary = Summary(arrived=1, predicted=1)
    written = as_table(PREDICTED._replace(reason_code="outside_training_population"), summary=summary, reasons=(mark,))
    assert "normal 0.62 (marked)" in written
    marked = " ".join(written.split("Predicted, but marked", 1)[1].split())
    assert marked.startswith("Reason Files What it means")
    assert "outside_training_population 1 The model" in marked
    assert "Without a class" not in written


def test_a_duplicate_and_a_pending_file_are_told_apart_in_a_table() -> None:
    written = as_table(PREDICTED._replace(state=ArrivalState.DUPLICATE), refused("x", state=ArrivalState.QUEUED))
    assert "normal 0.62 (duplicate)" in written
    assert "pending" in written.rsplit("Newest", 1)[1]


@pytest.mark.parametrize("summary", [Summary(), Summary(arrived=1, pending=1)])
def test_every_table_ends_with_the_notice_and_a_file_gets_no_colours(summary: Summary) -> None:
    written = as_table(summary=summary)
    assert written.endswith(NOTICE + "\n")
    assert "\x1b" not in written
    assert ("Nothing arrived" in written) is (summary.arrived == 0)


def test_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    write_table(GivenSource(new_report()), stream)
    assert "\x1b[1m" in stream.getvalue()


LONG = "A station's name of 64 signs, as many as DICOM's LO can have....."


def mark(name: str) -> Result:
    return named(name)._replace(arrival_id=10_000_000, reason_code="m", priority=Priority.STAT)


def test_all_sections_fit_80_columns_with_long_names_and_large_counts() -> None:
    many = 10_000_000
    summary = Summary(
        arrived=9 * many, predicted=many, duplicate=8 * many, labels=dict.fromkeys(LABELS, many), conflicts=7
    )
    drift = Drift(
        PERIOD,
        many,
        many,
        (
            DriftCheck(
                "resolution", f"{LONG}, PA", "ks", 0.5, 0.1, 0.2, DriftLevel.SHIFTED, "Median 5.0. A new detector."
            ),
            DriftCheck("probability of viral_pneumonia", None, "psi", 0.2, 0.1, 0.25, DriftLevel.WATCH, "Mean. Look."),
            DriftCheck("probability of viral_pneumonia", None, "ks", 0.05, 0.1, 0.2, DriftLevel.STEADY, "Mean."),
            DriftCheck("refused", None, "share", None, None, None, DriftLevel.TOO_LITTLE_DATA, "3 films."),
        ),
        (),
    )
    written = as_table(
        *map(named, HOSTILE_NAMES),
        summary=summary,
        question=Question(PERIOD, by=Dimension.STATION, filters=Filters(reasons=("lateral",), minimums=((None, 0.5),))),
        groups=(Group(LONG, summary), Group(None, summary)),
        positives=tuple(map(mark, HOSTILE_NAMES)),
        hours=tuple(HourCount(MOMENT + timedelta(hours=hour), many) for hour in range(24)),
        models=(ServedModel(LONG, "a" * 64, MOMENT, MOMENT, many),),
        switches=(ModelSwitch(MOMENT, LONG, "2"),),
        quality=Quality(many, many, (HeaderGap("view_position", 1, many),)),
        latency=Latency(many, 0.25, 75, 7300),
        latency_of={Priority.STAT: Latency(7, 0.25, 1, 2), Priority.ROUTINE: Latency(many, 0.25, 75, 7300)},
        oldest_pending_at=MOMENT,
        drift=drift,
    )
    assert max(map(_cells, written.splitlines())) <= WIDTH
    assert not [sign for sign in written if not sign.isprintable() and sign != "\n"]
    said = " ".join(written.split())
    assert "Only reason: lateral Only probability of the likeliest label: 0.5 or more" in said
    assert "median 0.25 s, 95 % within 1.2 min, the longest 2.0 h." in said
    assert "STAT: 7 files, median 0.25 s, 95 % within 1.0 s. routine: 10,000,000 files, median" in said
    assert "Conflicts: 7 films" in said
    assert "1 of 4 comparisons are steady" in said
    assert "psi 0.20" in said


def test_a_filter_that_nothing_passes_is_named() -> None:
    written = as_table(summary=Summary(), question=Question(PERIOD, filters=Filters(reasons=("lateral",))))
    assert "Only reason: lateral\n\nNothing of what arrived in this period passes.\n" in written


def test_a_new_site_is_told_in_one_line_that_drift_needs_more_films() -> None:
    checks = (DriftCheck("refused", None, "share", None, None, None, DriftLevel.TOO_LITTLE_DATA, "3 films."),) * 3
    written = as_table(PREDICTED, drift=Drift(PERIOD, 3, 0, checks, ()))
    assert "Not as before" not in written
    assert "3 films against 0" in written
    assert "too few to compare, 50 of each are needed." in " ".join(written.split())


@pytest.mark.parametrize(("hours", "drawn"), [(1, False), (2, True), (26, True), (27, False)])
def test_a_day_is_drawn_and_a_longer_period_told_in_a_line(hours: int, drawn: bool) -> None:
    counts = tuple(HourCount(MOMENT + timedelta(hours=hour), hour + 1) for hour in range(hours))
    written = as_table(PREDICTED, hours=counts)
    assert ("Finished by hour" in written) is drawn
    assert ("Throughput: 14 files an hour over 27 hours" in written) is (hours == 27)


def test_groups_beyond_two_days_of_hours_are_left_to_other_formats() -> None:
    groups = tuple(Group(f"ROOM-{number}", Summary(arrived=1)) for number in range(50))
    written = as_table(PREDICTED, question=Question(PERIOD, by=Dimension.STATION), groups=groups)
    assert "ROOM-47" in written
    assert "ROOM-48" not in written
    assert "2 more; --format json or html shows all" in written
