"""What was asked, so that a printed report can be made again."""

from reports.content.blocks import Column, Kind, Row, Section, Table
from reports.question import Question
from reports.report import Report
from store.selection import Filters

COLUMNS = (Column("question", Kind.WORDS, 0.28), Column("answer", Kind.NAME, 0.72))


def say_period(question: Question) -> str:
    """Write the period with the time zone."""
    period = question.period
    return f"{period.since:%Y-%m-%d %H:%M} to {period.until:%Y-%m-%d %H:%M} ({question.zone_name})"


def build_about(report: Report) -> Section:
    """Build the section on what was asked."""
    rows = [
        ("from, included", report.question.period.since.isoformat()),
        ("to, excluded", report.question.period.until.isoformat()),
        ("time zone", report.question.zone_name),
        *_list_filters(report.question.filters),
        ("made", report.made_at.isoformat(timespec="seconds")),
    ]
    lead = (
        "A file belongs to the period in which it was finished, and one that still waits to that in which it arrived. "
        "What two halves of a period hold is what the whole holds."
    )
    return Section("about", "About this report", lead, [Table("What was asked", COLUMNS, [Row(row) for row in rows])])


def _list_filters(filters: Filters) -> list[tuple[str, str]]:
    minimums = (f"{label or 'the most probable label'} at least {least:g}" for label, least in filters.minimums)
    found = {
        "only labels": filters.labels,
        "only outcomes": filters.parts,
        "only reasons": filters.reasons,
        "only models": filters.models,
        "only inboxes": filters.inboxes,
        "only modalities": filters.modalities,
        "only probabilities": tuple(minimums),
    }
    chosen = [(name, ", ".join(map(str, values))) for name, values in found.items() if values]
    return chosen or [("filters", "none: all that arrived")]
