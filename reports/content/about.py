"""What was asked, so that a printed report can be made again."""

from documents.blocks import CellKind, Column, Row, Section, Table
from reports.figures.report import Report
from reports.question.question import Question, name_filters

COLUMNS = (Column("question", CellKind.WORDS, 0.28), Column("answer", CellKind.NAME, 0.72))


def say_period(question: Question) -> str:
    """Write the period with the time zone."""
    period = question.period
    return f"{period.since:%Y-%m-%d %H:%M} to {period.until:%Y-%m-%d %H:%M} ({question.zone_name})"


def build_about(report: Report) -> Section:
    """Build the section on what was asked."""
    filters = list(name_filters(report.question.filters))
    rows = [
        ("from, included", report.question.period.since.isoformat()),
        ("to, excluded", report.question.period.until.isoformat()),
        ("time zone", report.question.zone_name),
        *([(f"only {name}", words) for name, words in filters] or [("filters", "none: all that arrived")]),
        ("made", report.made_at.isoformat(timespec="seconds")),
    ]
    lead = (
        "A file belongs to the period in which it was finished, and one that still waits to that in which it arrived. "
        "What two halves of a period hold is what the whole holds."
    )
    return Section("about", "About this report", lead, [Table("What was asked", COLUMNS, [Row(row) for row in rows])])
