"""A report as PDF: for archives and printers."""

from typing import BinaryIO

from documents.pdf.document import write_content
from reports.content import build_content
from reports.figures.report import Report
from reports.formats import ReportSource


def write_pdf(source: ReportSource, stream: BinaryIO) -> None:
    """Write a report as PDF; the same report gives the same bytes."""
    write_document(source.report, stream)


def write_document(report: Report, stream: BinaryIO) -> None:
    """Lay a report out on A4, with embedded fonts, and write it."""
    write_content(build_content(report), stream)
