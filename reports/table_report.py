"""The report for a terminal of 80 columns or more; Rich is imported only here."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TextIO

from inference.labels import NOTICE
from reports.advice import find_advice
from reports.periods import Period
from reports.summary import PARTS, Summary
from reports.text import find_file_name, show_text
from store.queries import Result
from store.states import PENDING_STATES

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

TIME = "%Y-%m-%d %H:%M:%S"
TIME_IN_YEAR = "%m-%d %H:%M:%S"  # room for the name; the heading says which year
COLUMNS_WITHOUT_TERMINAL = 80


def write_table(
    period: Period, summary: Summary, newest: Sequence[Result], stream: TextIO, advice: Mapping[str, str]
) -> None:
    """Write counts, labels, reasons and the newest results; nothing in a file name can change the terminal."""
    console = _open_console(stream)
    zone = getattr(period.since.tzinfo, "key", None) or period.since.tzname()
    console.print(f"xray-watch report, {period.since:{TIME}} to {period.until:{TIME}} ({zone})", style="bold")
    if summary.arrived:
        for table in _build_tables(period, summary, newest, advice):
            console.print(table)
    else:
        console.print("\nNothing arrived in this period.\n")
    console.print(NOTICE, style="bold")


def _open_console(stream: TextIO) -> "Console":
    from rich.console import Console

    width = None if stream.isatty() else COLUMNS_WITHOUT_TERMINAL
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def _build_tables(
    period: Period, summary: Summary, newest: Sequence[Result], advice: Mapping[str, str]
) -> "list[Table]":
    tables = [_build_counts(summary), _build_labels(summary)]
    if summary.marks:
        tables.append(_build_reasons("Predicted, but marked", "What it means", summary.marks, advice))
    if summary.reasons:
        tables.append(_build_reasons("Without a class", "What to do", summary.reasons, advice))
    return [*tables, _build_newest(period, newest)]


def _build_counts(summary: Summary) -> "Table":
    table = _begin_table("All arrivals", ("Outcome", "left"), ("Files", "right"), ("Share", "right"))
    for part in PARTS:
        count = getattr(summary, part)
        table.add_row(part, f"{count:,}", _share(count, summary.arrived))
    table.add_section()
    table.add_row("arrived", f"{summary.arrived:,}", _share(summary.arrived, summary.arrived))
    return table


def _build_labels(summary: Summary) -> "Table":
    table = _begin_table("Predicted", ("Label", "left"), ("Films", "right"), ("Share", "right"))
    for label, count in summary.labels.items():
        table.add_row(label.value, f"{count:,}", _share(count, summary.predicted))
    return table


def _build_reasons(title: str, heading: str, reasons: Counter[str], advice: Mapping[str, str]) -> "Table":
    table = _begin_table(title, ("Reason", "left"), ("Files", "right"), (heading, "left"))
    for reason_code, count in reasons.most_common():
        table.add_row(show_text(reason_code), f"{count:,}", find_advice(reason_code, advice))
    return table


def _build_newest(period: Period, newest: Sequence[Result]) -> "Table":
    from rich.text import Text

    table = _begin_table("Newest arrivals", ("Received", "left"), ("Result", "left"), ("File", "left"))
    table.columns[0].no_wrap = table.columns[1].no_wrap = True  # only the name gives way, and ends in an ellipsis
    for result in newest:
        name = Text(show_text(find_file_name(result.path)), no_wrap=True, overflow="ellipsis")
        received_at: datetime = result.received_at.astimezone(period.since.tzinfo)
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


def _begin_table(title: str, *columns: "tuple[str, str]") -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    add: Callable[..., None] = table.add_column
    for name, justify in columns:
        add(name, justify=justify)
    return table


def _share(count: int, whole: int) -> str:
    return f"{count / whole:.1%}" if whole else ""
