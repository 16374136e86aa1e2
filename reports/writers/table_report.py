"""The report for a terminal of 80 columns or more."""

from typing import TextIO

from documents.terminal import write_content
from reports.content import TERMINAL, build_content
from reports.formats import ReportSource


def write_table(source: ReportSource, stream: TextIO) -> None:
    """Write a report in sections; nothing in a file name can change the terminal."""
    write_content(build_content(source.report, TERMINAL), stream)
