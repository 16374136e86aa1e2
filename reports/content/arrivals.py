"""What became of all that arrived: in all, over time, and by what the question groups it."""

from collections.abc import Sequence
from datetime import datetime

from documents.blocks import Block, CellKind, Column, Row, Section, Table
from documents.charts.columns import Column as ChartColumn
from documents.charts.columns import draw_columns
from documents.charts.shapes import Chart
from documents.figures import say_count
from reports.content.timeline import SIZES, fill_gaps, name_slots
from reports.figures.report import Group, Report
from reports.figures.summary import PARTS, Summary
from store.questions.selection import Dimension, Part

MEANINGS = {
    Part.PREDICTED: "a label whose probability reaches the operating point",
    Part.INDETERMINATE: "probabilities, but no label",
    Part.REJECTED: "a sound file that the model must not judge",
    Part.DUPLICATE: "the same bytes were screened before",
    Part.QUARANTINED: "damaged, hostile, or no radiograph",
    Part.VANISHED: "gone before it could be read",
    Part.PENDING: "not finished yet",
}
LEGEND = tuple((part.value, part.value) for part in PARTS)
GROUP_NAMES = {
    Dimension.HOUR: "hour",
    Dimension.DAY: "day",
    Dimension.SOURCE: "inbox",
    Dimension.VIEW: "view",
    Dimension.MODEL: "model",
    Dimension.STATION: "station",
}
GROUPS_SHOWN = 60
UNKNOWN = "not known"


def build_arrivals(report: Report) -> Section:
    """Build the section on all arrivals; every file is in exactly one part."""
    blocks: list[Block] = [_build_parts(report.summary)]
    if report.groups:
        blocks = [*_draw_groups(report), *blocks, _build_groups(report)]
    lead = "Every file that arrived is in exactly one part. Finished files are counted when they were finished."
    return Section("arrivals", "All arrivals", lead, blocks)


def _build_parts(summary: Summary) -> Table:
    columns = (
        Column("outcome", CellKind.WORDS, 0.2),
        Column("", CellKind.BAR, 0.2),
        Column("files", CellKind.COUNT, 0.12),
        Column("share", CellKind.SHARE, 0.12),
        Column("meaning", CellKind.WORDS, 0.46),
    )
    rows = [_build_part(summary, part) for part in PARTS]
    whole = Row(["arrived", None, summary.arrived, 1.0 if summary.arrived else None, ""], "whole")
    return Table("What became of them", columns, [*rows, whole])


def _build_part(summary: Summary, part: Part) -> Row:
    share = summary.rate_of_part(part).value
    return Row([part.value, share, summary.count(part), share, MEANINGS[part]], part.value)


def _draw_groups(report: Report) -> list[Chart]:
    by, moments = report.question.by, [group.key for group in report.groups if isinstance(group.key, datetime)]
    if by is None or not moments:
        return []
    slots = fill_gaps(report.question.period, by, moments)
    found = {group.key.timestamp(): group.summary for group in report.groups if isinstance(group.key, datetime)}
    columns = [
        ChartColumn(name, _count_parts(found.get(slot.timestamp(), Summary())))
        for slot, name in zip(slots, name_slots(slots, by), strict=True)
    ]
    return [draw_columns(f"Files by {by.value}", columns, LEGEND, SIZES[by])]


def _count_parts(summary: Summary) -> dict[str, int]:
    return {part.value: summary.count(part) for part in PARTS}


def _build_groups(report: Report) -> Table:
    name = GROUP_NAMES[report.question.by] if report.question.by else "group"
    counts = [Column(heading, CellKind.COUNT, 0.02 + 0.008 * len(heading)) for heading in ("arrived", *PARTS)]
    columns = (Column(name, CellKind.NAME, 0.2), *counts)
    shown, left_out = report.groups[-GROUPS_SHOWN:], report.groups[:-GROUPS_SHOWN]
    if not any(isinstance(group.key, datetime) for group in shown):
        shown, left_out = report.groups[:GROUPS_SHOWN], report.groups[GROUPS_SHOWN:]
    rows = [Row(_build_cells(group, report.question.by)) for group in shown]
    return Table(f"By {name}", columns, rows, _say_rest(left_out))


def _build_cells(group: Group, by: Dimension | None) -> list[str | int]:
    counts = [group.summary.count(part) for part in PARTS]
    return [_name_group(group.key, by), group.summary.arrived, *counts]


def _name_group(key: datetime | str | None, by: Dimension | None) -> str:
    if isinstance(key, datetime):
        return f"{key:%Y-%m-%d %a}" if by is Dimension.DAY else f"{key:%Y-%m-%d %H:%M %Z}"
    return UNKNOWN if key is None else key


def _say_rest(left_out: Sequence[Group]) -> str:
    if not left_out:
        return ""
    files = sum(group.summary.arrived for group in left_out)
    return f"{say_count(len(left_out), 'more row')} with {say_count(files, 'file')}: see the JSON."
