"""A report's blocks, in the order in which they are read; what was asked stands last, so that it can be made again."""

from collections.abc import Callable, Sequence
from functools import partial

from documents.blocks import CellKind, Column, Content, Row, Section, Table
from reports.content.agreement import build_agreement
from reports.content.arrivals import build_arrivals, build_labels, build_reasons, count_labels
from reports.content.drift import build_drift
from reports.content.headline import build_tiles, say_verdict, say_warnings
from reports.content.refused import build_conflicts, build_refused
from reports.content.service import build_models, build_quality, build_speed
from reports.content.studies import build_studies
from reports.content.worklist import build_newest, build_worklist
from reports.figures.report import Report
from reports.question.question import Question, name_filters

COLUMNS = (Column("question", CellKind.WORDS, 0.28), Column("answer", CellKind.NAME, 0.72))


def build_about(report: Report) -> Section:
    """Build the section on what was asked."""
    filters = list(name_filters(report.question.filters))
    rows = [
        ("from, included", report.question.period.since.isoformat()),
        ("to, excluded", report.question.period.until.isoformat()),
        ("time zone", report.question.zone_name),
        *([(f"only {name}", words) for name, words in filters] or [("filters", "none: all that arrived")]),
        ("made", report.made_at.isoformat(timespec="seconds")),
        *([("newest audit event", report.audit_sha256)] if report.audit_sha256 else []),
    ]
    lead = (
        "A file belongs to the period in which it was finished, and one that still waits to that in which it arrived. "
        "What two halves of a period hold is what the whole holds."
    )
    return Section("about", "About this report", lead, [Table("What was asked", COLUMNS, [Row(row) for row in rows])])


Build = Callable[[Report], Section | None]
PAGE: tuple[Build, ...] = (
    build_worklist,
    build_arrivals,
    build_labels,
    build_reasons,
    build_refused,
    build_conflicts,
    build_studies,
    build_agreement,
    build_drift,
    build_speed,
    build_models,
    build_quality,
    build_about,
)
SHORT = partial(build_arrivals, count=count_labels)
TOO_WIDE = (build_studies,)  # for a terminal, where 'xray-cli show' says it
TERMINAL = (*(SHORT if build is build_arrivals else build for build in PAGE if build not in TOO_WIDE), build_newest)


def build_content(report: Report, sections: Sequence[Build] = PAGE) -> Content:
    """Build all that the page, the PDF and the workbook show of a report, or the ``TERMINAL``."""
    builders = sections if report.summary.arrived else (build_about,)
    return Content(
        title="Screening report",
        period=_say_period(report.question),
        verdict=say_verdict(report),
        warnings=say_warnings(report),
        tiles=build_tiles(report) if report.summary.arrived else (),
        sections=[section for build in builders if (section := build(report)) is not None],
    )


def _say_period(question: Question) -> str:
    period = question.period
    return f"{period.since:%Y-%m-%d %H:%M} to {period.until:%Y-%m-%d %H:%M} ({question.zone_name})"
