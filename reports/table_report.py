"""The report for a terminal of 80 columns or more; Rich is imported only here."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TextIO

from inference.labels import NOTICE
from reports.agreement_table import build_agreement_tables
from reports.formats import ReportSource
from reports.report import ReasonCount, Report
from reports.summary import PARTS, Summary
from reports.terminal import begin_table
from reports.text import find_file_name, show_text
from store.queries import Result
from store.selection import Part
from store.states import PENDING_STATES

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

TIME = "%Y-%m-%d %H:%M:%S"
TIME_IN_YEAR = "%m-%d %H:%M:%S"  # room for the name; the heading says which year
COLUMNS_WITHOUT_TERMINAL = 80


def write_table(source: ReportSource, stream: TextIO) -> None:
    """Write counts, labels, reasons and the newest results; nothing in a file name can change the terminal."""
    console, report = _open_console(stream), source.report
    period, zone = report.question.period, report.question.zone_name
    console.print(f"xray-watch report, {period.since:{TIME}} to {period.until:{TIME}} ({zone})", style="bold")
    if report.summary.arrived:
        for table in _build_tables(report):
            console.print(table)
    else:
        console.print("\nNothing arrived in this period.\n")
    console.print(NOTICE, style="bold")


def _open_console(stream: TextIO) -> "Console":
    from rich.console import Console

    width = None if stream.isatty() else COLUMNS_WITHOUT_TERMINAL
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def _build_tables(report: Report) -> "list[Table]":
    tables = [_build_counts(report.summary), _build_labels(report.summary)]
    marks = [reason for reason in report.reasons if reason.part is Part.PREDICTED]
    if marks:
        tables.append(_build_reasons("Predicted, but marked", "What it means", marks))
    if len(marks) < len(report.reasons):
        without = [reason for reason in report.reasons if reason.part is not Part.PREDICTED]
        tables.append(_build_reasons("Without a class", "What to do", without))
    zone = report.question.period.since.tzinfo
    tables += [table for each in report.agreement for table in build_agreement_tables(each, zone)]
    return [*tables, _build_newest(report)]


def _build_counts(summary: Summary) -> "Table":
    table = begin_table("All arrivals", ("Outcome", "left"), ("Files", "right"), ("Share", "right"))
    for part in PARTS:
        count = summary.count(part)
        table.add_row(part, f"{count:,}", _share(count, summary.arrived))
    table.add_section()
    table.add_row("arrived", f"{summary.arrived:,}", _share(summary.arrived, summary.arrived))
    return table


def _build_labels(summary: Summary) -> "Table":
    table = begin_table("Predicted", ("Label", "left"), ("Films", "right"), ("Share", "right"))
    for label, count in summary.labels.items():
        table.add_row(label.value, f"{count:,}", _share(count, summary.predicted))
    return table


def _build_reasons(title: str, heading: str, reasons: Sequence[ReasonCount]) -> "Table":
    table = begin_table(title, ("Reason", "left"), ("Files", "right"), (heading, "left"))
    for reason in reasons:
        table.add_row(show_text(reason.reason_code), f"{reason.count:,}", reason.advice)
    return table


def _build_newest(report: Report) -> "Table":
    from rich.text import Text

    table = begin_table("Newest arrivals", ("Received", "left"), ("Result", "left"), ("File", "left"))
    table.columns[0].no_wrap = table.columns[1].no_wrap = True  # only the name gives way, and ends in an ellipsis
    for result in report.newest:
        name = Text(show_text(find_file_name(result.path)), no_wrap=True, overflow="ellipsis")
        received_at: datetime = result.received_at.astimezone(report.question.period.since.tzinfo)
        table.add_row(f"{received_at:{TIME_IN_YEAR}}", show_text(_describe(result)), name)
    return table


def _describe(result: Result) -> str:
    if result.state in PENDING_STATES:
        return "pending"
    said = result.reason_code or result.outcome or result.state
    if result.label is not None and result.probabilities is not None:
        marked = " (marked)" if result.reason_code else ""
        said = f"{result.label} {result.probabilities[result.label]:.2f}{marked}"
    return f"{said} (duplicate)" if result.state == "duplicate" else said


def _share(count: int, whole: int) -> str:
    return f"{count / whole:.1%}" if whole else ""
