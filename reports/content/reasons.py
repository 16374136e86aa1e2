"""Why files have no class, and what speaks against labels that were given; with what to do about each."""

from collections.abc import Sequence

from documents.blocks import Block, CellKind, Column, Row, Section, Sentences, Table
from documents.figures import say_count
from reports.figures.report import ReasonCount, Report
from store.questions.selection import Part

COLUMNS = (
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
        *([_build_table("Without a class", missing)] if missing else []),
        *([_build_table("Predicted, but marked: trust these less", marks)] if marks else []),
    ]
    if not tables:
        tables = [Sentences(["Every file that was finished has a class, and none is marked."])]
    return Section("reasons", "Reasons", lead, [*_say_repeats(report), *tables])


def _build_table(caption: str, reasons: Sequence[ReasonCount]) -> Table:
    most = max(reason.count for reason in reasons)
    return Table(caption, COLUMNS, [_build_row(reason, most) for reason in reasons])


def _build_row(reason: ReasonCount, most: int) -> Row:
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
