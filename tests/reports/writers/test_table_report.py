import re
from datetime import timedelta
from io import BytesIO, StringIO, TextIOWrapper
from typing import Any

import pytest

from documents.figures import say_count
from inference.labels import LABELS, NOTICE, Label
from reports.figures.drift import Drift, DriftCheck, DriftLevel
from reports.figures.report import Group, HeaderGap, HourCount, Latency, ModelSwitch, Quality, ReasonCount, ServedModel
from reports.figures.summary import Summary
from reports.question.periods import Period
from reports.question.question import Question
from reports.writers.page_report import write_table
from store.questions.queries import Result
from store.questions.selection import Dimension, Filters, Part
from store.states import ArrivalState, Priority
from tests.reports.reports import make_report
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
    assert written.count("11-01 08:30:00  normal 0.62") == len(HOSTILE_NAMES)  # the heading says which year
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
    assert any(re.match(r"predicted (█* )?2 50 % a label whose probability", line) for line in lines)
    assert any(re.match(r"arrived 4 100 %$", line) for line in lines)
    assert "normal 2 100.0 % (34.2 to 100.0)" in lines
    assert any(re.match(r"made_up (█* )?1 quarantined Ask us\.", line) for line in lines)
    assert any(re.match(r"lateral (█* )?1 rejected Nothing to do\.", line) for line in lines)
    assert "2026-11-01 08:30:00 normal 0.62 film.dcm" in lines
    assert "2026-11-01 08:30:00 rejected (lateral) film.dcm" in lines


def test_a_marked_answer_keeps_its_label_and_says_why_it_is_marked() -> None:
    mark = ReasonCount(Part.PREDICTED, "outside_training_population", 1, "The model")
    summary = Summary(arrived=1, predicted=1)
    written = as_table(PREDICTED._replace(reason_code="outside_training_population"), summary=summary, reasons=(mark,))
    assert "normal 0.62 (marked)" in written
    marked = " ".join(written.split("Predicted, but marked: trust these less", 1)[1].split())
    assert marked.startswith("reason files outcome what to do")
    assert re.search(r"outside_training_population (█* )?1 predicted The model", marked)
    assert "Without a class" not in written


def test_a_duplicate_and_a_pending_file_are_told_apart_in_a_table() -> None:
    written = as_table(PREDICTED._replace(state=ArrivalState.DUPLICATE), refused("x", state=ArrivalState.QUEUED))
    assert "normal 0.62 (duplicate)" in written
    assert "pending" in written.rsplit("Newest", 1)[1]


@pytest.mark.parametrize("summary", [Summary(), Summary(arrived=1, pending=1)])
def test_every_table_ends_with_the_notice_and_a_file_gets_no_colours(summary: Summary) -> None:
    written = as_table(summary=summary)
    assert written.endswith("\n\n" + NOTICE + "\n")
    assert "\x1b" not in written
    assert ("Nothing arrived" in written) is (summary.arrived == 0)


def test_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    write_table(GivenSource(make_report(1236)), stream)
    assert "\x1b[1mxray-watch: Screening report\x1b[0m" in stream.getvalue()
    shifted = next(line for line in stream.getvalue().splitlines() if "PSI 0.31" in line)
    assert shifted.startswith("\x1b[1;31mprobability of covid19")


@pytest.mark.parametrize("columns", [80, 120, 200])
@pytest.mark.parametrize("names", [(), HOSTILE_NAMES])
def test_every_section_fits_its_terminal(columns: int, names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", str(columns))
    stream = Terminal()
    report = make_report(1_000_000, names=names, by=Dimension.STATION if names else Dimension.HOUR)
    write_table(GivenSource(report), stream)
    written = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())
    assert max(map(_cells, written.splitlines())) == columns
    for model in report.models:
        assert model.model_version in written


def test_a_terminal_without_unicode_gets_lines_and_bars_of_ascii() -> None:
    content = BytesIO()
    stream = TextIOWrapper(content, encoding="ascii", errors="backslashreplace")
    write_table(GivenSource(make_report(1236)), stream)
    stream.flush()
    written = content.getvalue().decode("ascii")
    assert "\\u" not in written
    assert "Speed ----" in written
    assert re.search(r"^11:00  158  #{44}$", written, re.MULTILINE)


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
        {},
    )
    written = as_table(
        *map(named, HOSTILE_NAMES),
        summary=summary,
        question=Question(PERIOD, by=Dimension.STATION, filters=Filters(reasons=("lateral",), minimums=((None, 0.5),))),
        groups=(Group(LONG, summary), Group(None, summary)),
        positives=tuple(map(mark, HOSTILE_NAMES)),
        hours=tuple(HourCount(MOMENT + timedelta(hours=hour), many) for hour in range(24)),
        models=(ServedModel(LONG, "a" * 64, many, MOMENT, MOMENT),),
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
    assert "Limited to reason: lateral; probability of the likeliest label: 0.5 or more." in said
    assert "within 0.25 s, 95 of 100 within 1 min 15 s; the slowest took 2 h 1 min." in said
    assert "7 STAT files: half within 0.25 s, 95 of 100 within 1.00 s; the slowest took 2.00 s." in said
    assert "10,000,000 routine files: half within" in said
    assert "7 films came with the SOP Instance UID of another film: both are kept; ask the source why." in said
    assert "1 comparison found nothing that chance does not explain." in said
    assert "For 1 comparison there is too little data: it takes 50 films now and 50 before." in said
    assert "PSI 0.20" in said
    assert "10,000,000 are pictures without a DICOM header" in said or "Of 10,000,000 films" in said


def test_a_filter_that_nothing_passes_is_named() -> None:
    written = as_table(summary=Summary(), question=Question(PERIOD, filters=Filters(reasons=("lateral",))))
    assert "Limited to reason: lateral.\nNothing that arrived in this period passes.\n" in written


def test_a_new_site_is_told_in_one_line_that_drift_needs_more_films() -> None:
    checks = (DriftCheck("refused", None, "share", None, None, None, DriftLevel.TOO_LITTLE_DATA, "3 films."),) * 3
    written = as_table(PREDICTED, drift=Drift(PERIOD, 3, 0, checks, {}))
    said = " ".join(written.split())
    assert "What has changed" not in said
    assert "3 films of this period against 0 films" in said
    assert "For 3 comparisons there is too little data: it takes 50 films now and 50 before." in said


@pytest.mark.parametrize(("hours", "drawn"), [(1, True), (24, True), (32, False)])
def test_a_day_is_drawn_and_a_longer_period_told_in_a_line(hours: int, drawn: bool) -> None:
    begin = PERIOD.since
    counts = tuple(HourCount(begin + timedelta(hours=hour), hour + 1) for hour in range(hours))
    written = as_table(PREDICTED, hours=counts, period=Period(begin, begin + timedelta(hours=hours)))
    assert ("█" * 44 in written) is drawn
    said = " ".join(written.split())
    assert ("Finished in each hour. 32 columns from 11-01 00:00 to 11-02 07:00; the highest" in said) is not drawn
    if hours > 1:
        mean = f"{(hours + 1) / 2:,.0f}"
        assert f"with {say_count(hours, 'file')}; the {hours} hours with results had {mean} on average." in said


def test_many_groups_are_left_to_other_formats() -> None:
    groups = tuple(Group(f"ROOM-{number}", Summary(arrived=1)) for number in range(62))
    written = as_table(PREDICTED, question=Question(PERIOD, by=Dimension.STATION), groups=groups)
    assert "ROOM-59" in written
    assert "ROOM-60" not in written
    assert "2 more rows with 2 files: see the JSON." in written


@pytest.mark.parametrize("by", Dimension)
def test_a_group_says_its_labels_and_what_has_none(by: Dimension) -> None:
    labels = {Label.COVID19: 3, Label.VIRAL_PNEUMONIA: 2, Label.NORMAL: 4}
    summary = Summary(
        arrived=19, predicted=9, indeterminate=1, rejected=1, quarantined=1, pending=3, duplicate=4, labels=labels
    )
    key = MOMENT if by in {Dimension.HOUR, Dimension.DAY} else "ROOM"
    written = as_table(summary=summary, question=Question(PERIOD, by=by), groups=(Group(key, summary),))
    lines = [" ".join(line.split()) for line in written.split("\nBy ")[1].splitlines()]
    assert lines[1].endswith(" files COVID-19 viral normal indet. refused other")
    assert lines[3].endswith(" 19 3 2 4 1 2 7")  # they add up
    assert "indet.: indeterminate. other: 4 duplicate, 0 vanished, 3 pending." in written
