"""The report for people: in a terminal, as one HTML page, as PDF; what draws it is imported when it is asked for."""

from typing import BinaryIO, TextIO

from reports.content import TERMINAL, build_content
from reports.formats import ReportSource


def write_table(source: ReportSource, stream: TextIO) -> None:
    """Write a report for a terminal of 80 columns or more; nothing in a file name can change the terminal."""
    from documents.terminal import write_content

    write_content(build_content(source.report, TERMINAL), stream)


def write_html(source: ReportSource, stream: TextIO) -> None:
    """Write a report as one HTML page; its lists are bounded, so that a year's page is no larger than a week's."""
    from documents.html.page import render_content

    stream.write(render_content(build_content(source.report)))


def write_pdf(source: ReportSource, stream: BinaryIO) -> None:
    """Write a report as PDF for archives and printers; the same report gives the same bytes."""
    from documents.pdf.document import write_content

    write_content(build_content(source.report), stream)
