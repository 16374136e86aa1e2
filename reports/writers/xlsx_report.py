"""The workbook: Summary, Reasons and every result."""

from typing import BinaryIO

from xlsxwriter import Workbook

from documents.blocks import Content, Table
from documents.xlsx.lines import Lines
from documents.xlsx.pen import ALARM, TITLE, Book
from inference.labels import NOTICE
from reports.content import build_content
from reports.content.reasons import build_reasons
from reports.figures.report import Report
from reports.formats import ReportSource
from reports.writers.xlsx_results import write_results

SUMMARY_WIDTHS = (34.0, *(13.0,) * 9)
REASON_WIDTHS = (32.0, 10.0, 16.0, 100.0)


def write_xlsx(source: ReportSource, stream: BinaryIO) -> None:
    """Write a report as a workbook; rows go to a temporary file, so memory does not grow with the period."""
    report = source.report
    with Workbook(stream, {"constant_memory": True}) as workbook:
        workbook.set_properties({"title": "xray-watch report", "comments": NOTICE, "created": report.made_at})
        book = Book(workbook)
        _write_summary(book, build_content(report))
        _write_reasons(book, report)
        write_results(book, source.results(), report.made_at.tzinfo)


def _write_summary(book: Book, content: Content) -> None:
    lines = Lines(book, book.add_sheet("Summary", SUMMARY_WIDTHS))
    lines.add(NOTICE, ALARM)
    lines.add(content.title, TITLE)
    lines.add(content.period)
    for sentence in content.verdict:
        lines.add(sentence)
    for warning in content.warnings:
        lines.add(warning, ALARM)
    for section in content.sections:
        if section.key != "reasons":
            lines.add_section(section)


def _write_reasons(book: Book, report: Report) -> None:
    lines = Lines(book, book.add_sheet("Reasons", REASON_WIDTHS))
    lines.add(NOTICE, ALARM)
    tables = [block for block in build_reasons(report).blocks if isinstance(block, Table)]
    rows = [row for table in tables for row in table.rows]
    if rows:
        lines.add_table(Table("", tables[0].columns, rows))
        lines.sheet.freeze_panes(2, 1)
        lines.sheet.autofilter(1, 0, 1 + len(rows), len(REASON_WIDTHS) - 1)
