"""Every result as a row of a sheet."""

from collections.abc import Iterable
from datetime import tzinfo
from itertools import chain, islice

from xlsxwriter.worksheet import Worksheet

from documents.xlsx.pen import HEAD, Book
from reports.columns import ARRIVAL, COLUMNS, result_to_cells
from store.questions.queries import Result

LAST = ("model_version", "source_sha256", "model_sha256", "priority", "notice")
"""What people need the least stands at the right."""
ORDERED = sorted(COLUMNS, key=lambda column: LAST.index(column.name) if column.name in LAST else -1)
SHEET = {name: column for column in (ARRIVAL, *ORDERED) for name in column.names}
MOST_ROWS = 1_048_575
"""So many rows stand below the head of a sheet; the next go to another."""


def write_results(book: Book, results: Iterable[Result], zone: tzinfo | None) -> None:
    """Write one row a result; one is held in memory at a time, and a full sheet is followed by another."""
    rest, number = iter(results), 0
    while (first := next(rest, None)) is not None or not number:
        number += 1
        name = "Results" if number == 1 else f"Results {number}"
        sheet = book.add_sheet(name, [column.letters for column in SHEET.values()])
        shown = chain([first] if first else [], islice(rest, MOST_ROWS - 1))
        _finish(sheet, _write_rows(book, sheet, shown, zone))


def _write_rows(book: Book, sheet: Worksheet, results: Iterable[Result], zone: tzinfo | None) -> int:
    for place, name in enumerate(SHEET):
        book.write_text(sheet, (0, place), name, HEAD)
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
