"""What became of all that arrived: parts, labels, reasons, groups."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from documents.terminal import begin_table, cut_text, show_interval, show_moment, show_share, write_below
from documents.text import show_text
from inference.labels import LABELS
from reports.figures.report import Group, ReasonCount, Report
from reports.figures.summary import PARTS, Summary
from store.questions.selection import Dimension, Part

if TYPE_CHECKING:
    from rich.table import Table

GROUPS_SHOWN = 48  # two days of hours
GROUP_TITLES = {Dimension.SOURCE: "Source (inbox)"}
KEY_STYLES = {Dimension.HOUR: "%m-%d %H:%M %Z", Dimension.DAY: "%Y-%m-%d %a"}


def build_counts(report: Report) -> "Iterator[Table | str]":
    """Give the tables of parts, labels, marks and reasons."""
    yield _build_parts(report.summary)
    if report.summary.judged:
        yield from _build_labels(report.summary)
    marks = [reason for reason in report.reasons if reason.part is Part.PREDICTED]
    if marks:
        yield _build_reasons("Predicted, but marked", "What it means", marks)
    without = [reason for reason in report.reasons if reason.part is not Part.PREDICTED]
    if without:
        yield _build_reasons("Without a class", "What to do", without)


def build_groups(report: Report) -> "Iterator[Table | str]":
    """Give the table of groups, where the question asks for them."""
    by = report.question.by
    if by is None or not report.groups:
        return
    shown = report.groups[-GROUPS_SHOWN:] if by in KEY_STYLES else report.groups[:GROUPS_SHOWN]
    hidden = len(report.groups) - len(shown)
    left_out = [f"{hidden:,} more; --format json or html shows all"] if hidden else []
    title = GROUP_TITLES.get(by, by.value.capitalize())
    columns = ("Files", "covid19", "viral", "normal", "unsure", "refused", "pending")
    table = begin_table(f"By {by.value}", (title, "left"), *((name, "right") for name in columns))
    for group in shown:
        table.add_row(cut_text(_name_group(group, by)), *_count_group(group.summary))
    yield from write_below(table, *left_out)


def _build_parts(summary: Summary) -> "Table":
    columns = (("Outcome", "left"), ("Files", "right"), ("Share", "right"))
    table = begin_table("All arrivals", *columns)
    for part in PARTS:
        table.add_row(part.value, f"{summary.count(part):,}", show_share(summary.rate_of_part(part)))
    table.add_section()
    table.add_row("arrived", f"{summary.arrived:,}", "100.0%")
    return table


def _build_labels(summary: Summary) -> "Iterator[Table | str]":
    columns = (("Label", "left"), ("Films", "right"), ("Share", "right"), ("95 % interval", "right"))
    table = begin_table("Predicted", *columns)
    for label in LABELS:
        rate = summary.rate_of(label)
        table.add_row(label.value, f"{rate.count:,}", show_share(rate), show_interval(rate))
    told = f"Of {summary.judged:,} films that the model has answered for; {summary.indeterminate:,} have no label."
    yield from write_below(table, told)


def _build_reasons(title: str, heading: str, reasons: Sequence[ReasonCount]) -> "Table":
    table = begin_table(title, ("Reason", "left"), ("Files", "right"), (heading, "left"))
    for reason in reasons:
        table.add_row(show_text(reason.reason_code), f"{reason.count:,}", reason.advice)
    return table


def _name_group(group: Group, by: Dimension) -> str:
    if isinstance(group.key, datetime):
        return show_moment(group.key, KEY_STYLES[by])
    return "(unknown)" if group.key is None else show_text(group.key)


def _count_group(summary: Summary) -> Iterator[str]:
    labels = (summary.labels[label] for label in LABELS)
    for count in (summary.arrived, *labels, summary.indeterminate, summary.refused, summary.pending):
        yield f"{count:,}"
