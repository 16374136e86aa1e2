"""The report for spreadsheets: RFC 4180, one line a result, and no cell that a spreadsheet would compute."""

import csv
from collections.abc import Sequence
from datetime import UTC, tzinfo
from operator import itemgetter
from typing import TextIO

from documents.blocks import CellKind
from documents.text import disarm_formula, show_text
from reports.columns import COLUMNS, MOMENTS, result_to_cells
from reports.formats import ReportSource
from store.questions.queries import Result

NAMES = tuple(name for column in COLUMNS for name in column.names)
FOREIGN = tuple(column.name for column in COLUMNS if column.kind is CellKind.NAME)
_list_cells = itemgetter(*NAMES)


def write_csv(source: ReportSource, stream: TextIO) -> None:
    """Write a header and one line a result; one is held in memory at a time.

    The notice is a column: readers of CSV know no comments. Signs that would break a line or steer a
    terminal are shown as escapes.
    """
    writer = csv.writer(stream, dialect="excel")
    writer.writerow(NAMES)
    zone = source.question.period.since.tzinfo or UTC
    writer.writerows(_build_line(result, zone) for result in source.results())


def _build_line(result: Result, zone: tzinfo) -> Sequence[object]:
    cells = result_to_cells(result, zone)
    for name in FOREIGN:
        if text := cells[name]:
            cells[name] = disarm_formula(show_text(text))
    for name in MOMENTS:
        if moment := cells[name]:
            cells[name] = moment.isoformat()
    line: Sequence[object] = _list_cells(cells)
    return line
