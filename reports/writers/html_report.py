"""A report as one self-contained HTML page: to be looked at, printed, and sent."""

from typing import TextIO

from documents.html.page import render_content
from reports.content import build_content
from reports.figures.report import Report
from reports.formats import ReportSource


def write_html(source: ReportSource, stream: TextIO) -> None:
    """Write a report as one HTML page; its lists are bounded, so that a year's page is no larger than a week's."""
    stream.write(render_page(source.report))


def render_page(report: Report) -> str:
    """Render a report as one HTML page that needs nothing else."""
    return render_content(build_content(report))
