"""The findings of a self-test for a terminal of 80 columns or more."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from inference.labels import NOTICE
from selftest.promises import MOST_FAULTS, PROMISES, Finding, State

if TYPE_CHECKING:
    from selftest.report import Report

COLUMNS_WITHOUT_TERMINAL = 80
STYLES = {State.HELD: "green", State.BROKEN: "bold red", State.NOT_CHECKED: "yellow"}


def write_table(report: "Report", stream: TextIO) -> None:
    """Write a line a promise, then what is broken, what was not looked at, and how fast it was."""
    width = None if stream.isatty() else COLUMNS_WITHOUT_TERMINAL
    console = Console(file=stream, width=width, highlight=False, markup=False, emoji=False)
    console.print(f"xray-watch self-test ({report.plan.name}), model {report.bundle.model_version}", style="bold")
    console.print(_build_promises(report), end="")
    for line, style in _list_remarks(report):
        console.print(line, style=style)
    console.print(_build_speed(report))
    console.print(_describe_stand(report))
    console.print(NOTICE, style="bold")


def _build_promises(report: "Report") -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    table.add_column("Promise", ratio=1)
    table.add_column("", no_wrap=True)
    table.add_column("Seen", ratio=1)
    for found in report.book.findings.values():
        table.add_row(found.promise, PROMISES[found.promise], _mark(found), found.describe())
    return table


def _mark(found: Finding) -> Text:
    return Text(found.state.value, style=STYLES[found.state])


def _list_remarks(report: "Report") -> Iterator[tuple[str, str]]:
    for found in report.book.findings.values():
        for fault in found.faults[:MOST_FAULTS]:
            yield f"{found.promise} is BROKEN: {fault}", STYLES[State.BROKEN]
    for found in report.book.findings.values():
        for what in found.unchecked:
            yield f"{found.promise}, not checked: {what}", STYLES[State.NOT_CHECKED]
    held, broken, open_ = (report.book.count(state) for state in (State.HELD, State.BROKEN, State.NOT_CHECKED))
    yield f"{held} promises held, {broken} broken, {open_} not checked; {report.seconds:.0f} s", "bold"


def _build_speed(report: "Report") -> Table:
    table = Table(box=None, pad_edge=False, show_header=False, title="Speed", title_justify="left")
    table.add_column(justify="right")
    table.add_column()
    for words, value in report.book.speed.items():
        table.add_row(f"{value:.2f}", words)
    return table


def _describe_stand(report: "Report") -> str:
    told = report.as_json()
    return (
        f"In {report.folder.parent} ({report.file_system}), on {told['cores']} cores with a load of {told['load']}, on "
        "synthetic radiographs; of the settings only the model is yours. A file counts as complete after "
        f"{told['settings']['XRAY_STABLE_SECONDS']} s here; that is part of the times from drop to row."
    )
