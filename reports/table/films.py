"""Single films: the likely positives, and what arrived last."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from documents.terminal import TIME_IN_YEAR, begin_table, cut_text, show_moment, write_below
from documents.text import show_text
from inference.labels import Label
from reports.figures.report import Report
from store.questions.queries import Result
from store.states import PENDING_STATES, Priority

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text


def build_positives(report: Report) -> "Iterator[Table | str]":
    """Give the table of likely positives, where there are any."""
    if not report.positives:
        return
    columns = (("Arrival", "right"), ("Received", "left"), ("Probability", "right"), ("Mark", "left"), ("File", "left"))
    table = begin_table("Likely positives (covid19), the most probable first", *columns)
    table.columns[1].no_wrap = table.columns[3].no_wrap = True
    for result in report.positives:
        probability = (result.probabilities or {}).get(Label.COVID19, 0.0)
        told = (str(result.arrival_id), _show_received(result, report), f"{probability:.3f}", _mark(result))
        table.add_row(*told, _show_name(result))
    yield from write_below(table, *_explain_positives(report))


def build_newest(report: Report) -> "Iterator[Table]":
    """Give the table of the newest arrivals; only the name gives way where there is no room."""
    table = begin_table("Newest arrivals", ("Received", "left"), ("Result", "left"), ("File", "left"))
    table.columns[0].no_wrap = table.columns[1].no_wrap = True
    for result in report.newest:
        table.add_row(_show_received(result, report), show_text(_describe(result)), _show_name(result))
    yield table


def _mark(result: Result) -> str:
    marks = ("STAT" if result.priority is Priority.STAT else "", "*" if result.reason_code else "")
    return " ".join(filter(None, marks))


def _explain_positives(report: Report) -> Iterator[str]:
    if any(result.reason_code for result in report.positives):
        yield "* see above what speaks against the label."
    hidden = report.summary.labels[Label.COVID19] - len(report.positives)
    if hidden > 0:
        yield f"{hidden:,} more: --positives says how many are listed."


def _show_received(result: Result, report: Report) -> str:
    return show_moment(result.received_at.astimezone(report.question.period.since.tzinfo), TIME_IN_YEAR)


def _show_name(result: Result) -> "Text":
    return cut_text(show_text(result.file_name))


def _describe(result: Result) -> str:
    if result.state in PENDING_STATES:
        return "pending"
    said = result.reason_code or result.outcome or result.state
    if result.label is not None and result.probabilities is not None:
        marked = " (marked)" if result.reason_code else ""
        said = f"{result.label} {result.probabilities[result.label]:.2f}{marked}"
    return f"{said} (duplicate)" if result.state == "duplicate" else said
