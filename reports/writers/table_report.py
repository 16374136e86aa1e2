"""The report for a terminal of 80 columns or more; Rich is imported only here and in ``reports.table``."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

from documents.terminal import show_moment
from documents.text import show_text
from inference.labels import NOTICE
from reports.agreement_table import build_agreement_tables
from reports.figures.report import Report
from reports.formats import ReportSource
from reports.question.question import name_filters
from reports.table.counts import build_counts, build_groups
from reports.table.drift import build_drift, say_drift
from reports.table.films import build_newest, build_positives
from reports.table.service import build_hours, build_models, build_quality, say_service
from store.questions.selection import ALL

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

COLUMNS_WITHOUT_TERMINAL = 80
NOTHING = "Nothing arrived in this period."
NOTHING_PASSES = "Nothing of what arrived in this period passes."


def write_table(source: ReportSource, stream: TextIO) -> None:
    """Write a report in sections; nothing in a file name can change the terminal."""
    console, report = _open_console(stream), source.report
    period, zone = report.question.period, report.question.zone_name
    heading = f"xray-watch report, {show_moment(period.since)} to {show_moment(period.until)} ({zone})"
    console.print(heading, style="bold")
    for name, words in name_filters(report.question.filters):
        console.print(f"Only {name}: {show_text(words)}")
    if report.summary.arrived:
        for section in _build_sections(report):
            console.print(section)
    else:
        console.print(f"\n{NOTHING if report.question.filters == ALL else NOTHING_PASSES}\n")
    console.print(NOTICE, style="bold")


def _open_console(stream: TextIO) -> "Console":
    from rich.console import Console

    width = None if stream.isatty() else COLUMNS_WITHOUT_TERMINAL
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def _build_sections(report: Report) -> "Iterator[RenderableType]":
    yield ""
    yield from build_counts(report)
    yield from build_groups(report)
    yield from build_positives(report)
    for agreement in report.agreement:
        yield from build_agreement_tables(agreement)
    yield from (*say_service(report), "")
    yield from build_hours(report)
    yield from build_models(report)
    yield from build_quality(report)
    yield from build_drift(report)
    yield from say_drift(report)
    yield ""
    yield from build_newest(report)
