"""The workbook: Summary, Reasons and every result."""

from collections.abc import Iterable
from datetime import tzinfo
from itertools import chain, islice
from typing import BinaryIO

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from documents.blocks import Content, Table
from documents.xlsx.lines import Lines
from documents.xlsx.pen import ALARM, TITLE, Book
from inference.labels import NOTICE
from reports.columns import ARRIVAL, COLUMNS, result_to_cells
from reports.content import build_content
from reports.content.arrivals import build_reasons
from reports.figures.report import Report
from reports.formats import ReportSource
from store.questions.queries import Result


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
    lines = Lines(book, book.add_sheet("Summary"))
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
    lines.finish()


def _write_reasons(book: Book, report: Report) -> None:
    lines = Lines(book, book.add_sheet("Reasons"))
    lines.add(NOTICE, ALARM)
    tables = [block for block in build_reasons(report).blocks if isinstance(block, Table)]
    rows = [row for table in tables for row in table.rows]
    if rows:
        lines.add_table(Table("", tables[0].columns, rows))
        lines.sheet.freeze_panes(2, 1)
        lines.sheet.autofilter(1, 0, 1 + len(rows), len(tables[0].columns) - 1)
    lines.finish()


LAST = ("model_version", "source_sha256", "model_sha256", "priority", "notice")
"""What people need the least stands at the right."""
ORDERED = sorted(
    (column for column in COLUMNS if column is not ARRIVAL),
    key=lambda column: LAST.index(column.name) if column.name in LAST else -1,
)
SHEET = {name: column for column in (ARRIVAL, *ORDERED) for name in column.names}
MOST_ROWS = 1_048_575
"""So many rows stand below the head of a sheet; the next go to another."""


def write_results(book: Book, results: Iterable[Result], zone: tzinfo | None) -> None:
    """Write one row a result; one is held in memory at a time, and a full sheet is followed by another."""
    rest, number = iter(results), 0
    while (first := next(rest, None)) is not None or not number:
        number += 1
        name = "Results" if number == 1 else f"Results {number}"
        sheet = book.add_sheet(name)
        shown = chain([first] if first else [], islice(rest, MOST_ROWS - 1))
        _finish(sheet, _write_rows(book, sheet, shown, zone))
        book.fit_columns(sheet)


def _write_rows(book: Book, sheet: Worksheet, results: Iterable[Result], zone: tzinfo | None) -> int:
    book.write_heads(sheet, 0, SHEET)
    row = 0
    for row, result in enumerate(results, 1):
        cells = result_to_cells(result, zone)
        for place, (name, column) in enumerate(SHEET.items()):
            book.write(sheet, (row, place), column.kind, cells[name])
    return row


def _finish(sheet: Worksheet, rows: int) -> None:
    sheet.freeze_panes(1, 2)
    sheet.repeat_rows(0)
    sheet.autofilter(0, 0, max(rows, 1), len(SHEET) - 1)
