"""A report's blocks, in the order in which they are read."""

from collections.abc import Callable, Sequence
from functools import partial

from documents.blocks import Content, Section
from reports.content.about import build_about, say_period
from reports.content.agreement import build_agreement
from reports.content.arrivals import build_arrivals, count_labels
from reports.content.drift import build_drift
from reports.content.headline import build_tiles, say_verdict, say_warnings
from reports.content.labels import build_labels
from reports.content.models import build_models
from reports.content.quality import build_quality
from reports.content.reasons import build_reasons
from reports.content.speed import build_speed
from reports.content.worklist import build_newest, build_worklist
from reports.figures.report import Report

Build = Callable[[Report], Section | None]
PAGE: tuple[Build, ...] = (
    build_worklist,
    build_arrivals,
    build_labels,
    build_reasons,
    build_agreement,
    build_drift,
    build_speed,
    build_models,
    build_quality,
    build_about,
)
SHORT = partial(build_arrivals, count=count_labels)
TERMINAL = (*(SHORT if build is build_arrivals else build for build in PAGE), build_newest)


def build_content(report: Report, sections: Sequence[Build] = PAGE) -> Content:
    """Build all that the page, the PDF and the workbook show of a report, or the ``TERMINAL``."""
    builders = sections if report.summary.arrived else (build_about,)
    return Content(
        title="Screening report",
        period=say_period(report.question),
        verdict=say_verdict(report),
        warnings=say_warnings(report),
        tiles=build_tiles(report) if report.summary.arrived else (),
        sections=[section for build in builders if (section := build(report)) is not None],
    )
