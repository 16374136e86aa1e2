"""Every result as a row of a sheet."""

from collections.abc import Iterable, Iterator
from datetime import tzinfo
from itertools import chain, islice

from xlsxwriter.worksheet import Worksheet

from documents.blocks import Cell, CellKind
from documents.xlsx.pen import HEAD, Book
from inference.labels import LABELS, NOTICE
from store.questions.queries import Result

COLUMNS = (
    ("arrival", CellKind.COUNT, 9.0),
    ("file_name", CellKind.NAME, 34.0),
    ("state", CellKind.WORDS, 12.0),
    ("outcome", CellKind.WORDS, 14.0),
    ("label", CellKind.WORDS, 16.0),
    *((f"probability_{label}", CellKind.PROBABILITY, 12.0) for label in LABELS),
    ("reason_code", CellKind.WORDS, 28.0),
    ("received_at", CellKind.MOMENT, 19.0),
    ("finished_at", CellKind.MOMENT, 19.0),
    ("model_version", CellKind.NAME, 18.0),
    ("source_sha256", CellKind.WORDS, 20.0),
    ("model_sha256", CellKind.WORDS, 20.0),
    ("priority", CellKind.WORDS, 10.0),
    ("notice", CellKind.WORDS, 20.0),
)
MOST_ROWS = 1_048_575
"""So many rows stand below the head of a sheet; the next go to another."""


def write_results(book: Book, results: Iterable[Result], zone: tzinfo | None) -> None:
    """Write one row a result; one is held in memory at a time, and a full sheet is followed by another."""
    rest, number = iter(results), 0
    while (first := next(rest, None)) is not None or not number:
        number += 1
        sheet = book.add_sheet("Results" if number == 1 else f"Results {number}", [width for *_, width in COLUMNS])
        shown = chain([first] if first else [], islice(rest, MOST_ROWS - 1))
        _finish(sheet, _write_rows(book, sheet, shown, zone))


def _write_rows(book: Book, sheet: Worksheet, results: Iterable[Result], zone: tzinfo | None) -> int:
    for column, (name, _, _) in enumerate(COLUMNS):
        book.write_text(sheet, (0, column), name, HEAD)
    row = 0
    for row, result in enumerate(results, 1):
        for column, ((_, kind, _), cell) in enumerate(zip(COLUMNS, _list_cells(result, zone), strict=True)):
            book.write(sheet, (row, column), kind, cell)
    return row


def _finish(sheet: Worksheet, rows: int) -> None:
    sheet.freeze_panes(1, 2)
    sheet.repeat_rows(0)
    sheet.autofilter(0, 0, max(rows, 1), len(COLUMNS) - 1)


def _list_cells(result: Result, zone: tzinfo | None) -> Iterator[Cell]:
    yield result.arrival_id
    yield result.file_name
    yield result.state.value
    yield result.outcome and result.outcome.value
    yield result.label and result.label.value
    yield from (None if result.probabilities is None else result.probabilities[label] for label in LABELS)
    yield result.reason_code
    yield result.received_at.astimezone(zone)
    yield result.finished_at and result.finished_at.astimezone(zone)
    yield result.model_version
    yield result.source_sha256
    yield result.model_sha256
    yield result.priority and result.priority.value
    yield NOTICE
