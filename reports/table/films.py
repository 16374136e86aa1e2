"""Single films: the likely positives, and what arrived last."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from inference.labels import Label
from reports.report import Report
from reports.table.layout import TIME_IN_YEAR, begin_table, cut_text, show_moment
from reports.text import find_file_name, show_text
from store.queries import Result
from store.states import PENDING_STATES

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text


def build_positives(report: Report) -> "Iterator[Table]":
    """Give the table of likely positives, where there are any."""
    if not report.positives:
        return
    columns = (("Arrival", "right"), ("Received", "left"), ("Probability", "right"), ("File", "left"))
    caption = " ".join(_explain_positives(report)) or None
    table = begin_table("Likely positives (covid19), the most probable first", *columns, caption=caption)
    table.columns[1].no_wrap = True
    for result in report.positives:
        probability = (result.probabilities or {}).get(Label.COVID19, 0.0)
        said = f"{'* ' if result.reason_code else ''}{probability:.3f}"
        table.add_row(str(result.arrival_id), _show_received(result, report), said, _show_name(result))
    yield table


def build_newest(report: Report) -> "Iterator[Table]":
    """Give the table of the newest arrivals; only the name gives way where there is no room."""
    table = begin_table("Newest arrivals", ("Received", "left"), ("Result", "left"), ("File", "left"))
    table.columns[0].no_wrap = table.columns[1].no_wrap = True
    for result in report.newest:
        table.add_row(_show_received(result, report), show_text(_describe(result)), _show_name(result))
    yield table


def _explain_positives(report: Report) -> Iterator[str]:
    if any(result.reason_code for result in report.positives):
        yield "* marked, see above."
    hidden = report.summary.labels[Label.COVID19] - len(report.positives)
    if hidden > 0:
        yield f"{hidden:,} more: --positives says how many are listed."


def _show_received(result: Result, report: Report) -> str:
    return show_moment(result.received_at.astimezone(report.question.period.since.tzinfo), TIME_IN_YEAR)


def _show_name(result: Result) -> "Text":
    return cut_text(show_text(find_file_name(result.path)))


def _describe(result: Result) -> str:
    if result.state in PENDING_STATES:
        return "pending"
    said = result.reason_code or result.outcome or result.state
    if result.label is not None and result.probabilities is not None:
        marked = " (marked)" if result.reason_code else ""
        said = f"{result.label} {result.probabilities[result.label]:.2f}{marked}"
    return f"{said} (duplicate)" if result.state == "duplicate" else said
