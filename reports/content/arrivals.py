"""What became of all that arrived: in all, over time, by what the question groups it, by label, and by reason."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from documents.blocks import Block, CellKind, Column, Row, Section, Sentences, Table
from documents.charts.columns import Stack, draw_columns
from documents.charts.shapes import Chart
from documents.figures import say_count
from documents.rates import Rate
from inference.labels import LABELS
from reports.content.timeline import SIZES, fill_gaps, name_slots
from reports.figures.report import Group, ReasonCount, Report
from reports.figures.summary import PARTS, Summary
from reports.outcomes import MEANINGS, SHORT
from reports.wording import name_label
from store.questions.selection import Dimension, Part

LEGEND = tuple((part.value, part.value) for part in PARTS)
GROUPS_SHOWN = 60
UNKNOWN = "not known"
OTHERS = "other"
IN_OTHERS = (Part.DUPLICATE, Part.VANISHED, Part.PENDING)
"""What has no column of its own on a terminal."""
Count = Callable[[Summary], Mapping[str, int | None]]


def count_parts(summary: Summary) -> dict[str, int | None]:
    """Return what became of the files of a group, by heading."""
    return {"arrived": summary.arrived, **_divide(summary)}


def count_labels(summary: Summary) -> dict[str, int | None]:
    """Return the same in fewer and shorter words, for a terminal of 80 columns, and with the labels."""
    others = {
        SHORT[Part.INDETERMINATE]: summary.indeterminate,
        "refused": summary.refused,
        OTHERS: sum(summary.count(part) for part in IN_OTHERS),
    }
    labels = {name_label(label).split()[0]: summary.find_count(label) for label in LABELS}
    return {"files": summary.arrived, **labels, **others}


def build_arrivals(report: Report, count: Count = count_parts) -> Section:
    """Build the section on all arrivals; every file is in exactly one part."""
    blocks: list[Block] = [_build_parts(report.summary)]
    if report.groups:
        blocks = [*_draw_groups(report), *blocks, _build_groups(report, count)]
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
        Stack(name, _divide(found.get(slot.timestamp(), Summary())))
        for slot, name in zip(slots, name_slots(slots, by), strict=True)
    ]
    return [draw_columns(f"Files by {by.value}", columns, LEGEND, SIZES[by])]


def _divide(summary: Summary) -> dict[str, int]:
    return {part.value: summary.count(part) for part in PARTS}


def _build_groups(report: Report, count: Count) -> Table:
    by = report.question.by
    name = "inbox" if by is Dimension.SOURCE else str(by)
    counts = [Column(heading, CellKind.COUNT, 0.02 + 0.008 * len(heading)) for heading in count(Summary())]
    columns = (Column(name, CellKind.NAME, 0.2), *counts)
    shown, left_out = report.groups[-GROUPS_SHOWN:], report.groups[:-GROUPS_SHOWN]
    if not any(isinstance(group.key, datetime) for group in shown):
        shown, left_out = report.groups[:GROUPS_SHOWN], report.groups[GROUPS_SHOWN:]
    rows = [Row([_name_group(group.key, by), *count(group.summary).values()]) for group in shown]
    notes = [_say_rest(left_out), _say_others([group.summary for group in report.groups], count)]
    return Table(f"By {name}", columns, rows, " ".join(filter(None, notes)))


def _say_others(summaries: Sequence[Summary], count: Count) -> str:
    """Say what the short words of a terminal stand for, and how many files of each are in the last column."""
    if OTHERS not in count(Summary()):
        return ""
    found = [(sum(summary.count(part) for summary in summaries), part) for part in IN_OTHERS]
    short = f"{SHORT[Part.INDETERMINATE]}: {Part.INDETERMINATE}. {OTHERS}: "
    return f"{short}{', '.join(f'{files:,} {part}' for files, part in found)}."


def _name_group(key: datetime | str | None, by: Dimension | None) -> str:
    if isinstance(key, datetime):
        return f"{key:%Y-%m-%d %a}" if by is Dimension.DAY else f"{key:%Y-%m-%d %H:%M %Z}"
    return UNKNOWN if key is None else key


def _say_rest(left_out: Sequence[Group]) -> str:
    if not left_out:
        return ""
    files = sum(group.summary.arrived for group in left_out)
    return f"{say_count(len(left_out), 'more row')} with {say_count(files, 'file')}: see the JSON."


LABEL_COLUMNS = (
    Column("label", CellKind.WORDS, 0.26),
    Column("films", CellKind.COUNT, 0.14),
    Column("rate, with its 95 % interval", CellKind.RATE, 0.6),
)


def build_labels(report: Report) -> Section:
    """Build the section on label rates among the films that the model has answered for."""
    summary = report.summary
    lead = (
        f"Of {say_count(summary.judged, 'film')} that the model has answered for. The interval is what chance alone "
        "allows for (Wilson); it says nothing about whether the labels are right."
    )
    if not summary.judged:
        return Section("labels", "Labels", lead, [Sentences(["The model has answered for no film of this period."])])
    rows = [
        Row([name_label(label), summary.find_count(label), summary.rate_of(label)], label.value) for label in LABELS
    ]
    rate = Rate(summary.indeterminate, summary.judged)
    rows.append(Row([Part.INDETERMINATE.value, summary.indeterminate, rate], Part.INDETERMINATE.value))
    return Section("labels", "Labels", lead, [Table("Label rates", LABEL_COLUMNS, rows, _say_unknown_labels(summary))])


def _say_unknown_labels(summary: Summary) -> str:
    """Say over how many films a rate is, where not every model that answered knows the label."""
    fewer = {label: summary.count_knowing(label) for label in LABELS if summary.not_known[label]}
    return " ".join(
        f"The rate of {name_label(label)} is over {say_count(films, 'film')}: the models of the others do not know it."
        if films
        else f"No model that answered knows {name_label(label)}."
        for label, films in fewer.items()
    )


REASON_COLUMNS = (
    Column("reason", CellKind.WORDS, 0.27),
    Column("", CellKind.BAR, 0.13),
    Column("files", CellKind.COUNT, 0.09),
    Column("outcome", CellKind.WORDS, 0.15),
    Column("what to do", CellKind.WORDS, 0.42),
)


def build_reasons(report: Report) -> Section:
    """Build the section on reasons, the most frequent first."""
    missing = [reason for reason in report.reasons if reason.part is not Part.PREDICTED]
    marks = [reason for reason in report.reasons if reason.part is Part.PREDICTED]
    lead = "Each reason with what an administrator can do about it. Nothing of this changes a file: all are kept."
    tables: list[Block] = [
        *([_build_reason_table("Without a class", missing)] if missing else []),
        *([_build_reason_table("Predicted, but marked: trust these less", marks)] if marks else []),
    ]
    if not tables:
        tables = [Sentences(["Every file that was finished has a class, and none is marked."])]
    return Section("reasons", "Reasons", lead, [*_say_repeats(report), *tables])


def _build_reason_table(caption: str, reasons: Sequence[ReasonCount]) -> Table:
    most = max(reason.count for reason in reasons)
    return Table(caption, REASON_COLUMNS, [_build_reason(reason, most) for reason in reasons])


def _build_reason(reason: ReasonCount, most: int) -> Row:
    part = reason.part.value
    return Row([reason.reason_code, reason.count / most, reason.count, part, reason.advice], part)


def _say_repeats(report: Report) -> list[Sentences]:
    summary = report.summary
    found = []
    if summary.duplicate:
        found.append(
            f"{say_count(summary.duplicate, 'file')} came again with the same bytes: the first result answers."
        )
    if summary.conflicts:
        found.append(
            f"{say_count(summary.conflicts, 'film')} came with the SOP Instance UID of another film: both are kept; "
            "ask the source why."
        )
    return [Sentences(found)] if found else []
