from dataclasses import replace
from io import StringIO

import pytest

from inference.labels import LABELS, NOTICE, Label
from reports.report import ReasonCount
from reports.summary import Summary
from reports.table_report import write_table
from store.queries import Result
from store.selection import Part
from store.states import ArrivalState
from tests.reports.results import HOSTILE_NAMES, PREDICTED, GivenSource, named, new_report, refused

WIDTH = 80


def as_table(*results: Result, summary: Summary | None = None, reasons: tuple[ReasonCount, ...] = ()) -> str:
    stream = StringIO()
    summary = summary or Summary(arrived=max(1, len(results)))
    write_table(GivenSource(new_report(summary, newest=results, reasons=reasons)), stream)
    return stream.getvalue()


def test_a_table_fits_80_columns_and_shows_hostile_names_as_text() -> None:
    written = as_table(*map(named, HOSTILE_NAMES))
    assert max(map(_cells, written.splitlines())) <= WIDTH
    assert written.count("11-01 08:30:00   normal 0.62") == len(HOSTILE_NAMES)
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
    assert "normal 2 100.0%" in lines
    assert "made_up 1 Ask us." in lines
    assert any(line.startswith("lateral 1") and len(line) > 10 for line in lines)
    assert "11-01 08:30:00 normal 0.62 film.dcm" in lines
    assert "11-01 08:30:00 lateral film.dcm" in lines


def test_a_marked_answer_keeps_its_label_and_says_why_it_is_marked() -> None:
    mark = ReasonCount(Part.PREDICTED, "outside_training_population", 1, "The model")
    summary = Summary(arrived=1, predicted=1)
    written = as_table(replace(PREDICTED, reason_code="outside_training_population"), summary=summary, reasons=(mark,))
    assert "normal 0.62 (marked)" in written
    marked = " ".join(written.split("Predicted, but marked", 1)[1].split())
    assert marked.startswith("Reason Files What it means")
    assert "outside_training_population 1 The model" in marked
    assert "Without a class" not in written


def test_a_duplicate_and_a_pending_file_are_told_apart_in_a_table() -> None:
    written = as_table(replace(PREDICTED, state=ArrivalState.DUPLICATE), refused("x", state=ArrivalState.QUEUED))
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
