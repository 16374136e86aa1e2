"""A sheet that is written from the top, line by line."""

from collections.abc import Iterator, Sequence
from math import ceil

from rich.cells import cell_len
from xlsxwriter.worksheet import Worksheet

from documents.blocks import Cell, CellKind, Column, Row, Section, Sentences, Table
from documents.rates import Rate
from documents.xlsx.pen import HEADING, HIGHER, HIGHER_POINTS, LINE_POINTS, PLAIN, Book, Properties

MOST_LETTERS = 44
"""How wide a column becomes that several tables share."""
Typed = tuple[CellKind, Cell]


class Lines:
    """The next line of a sheet."""

    def __init__(self, book: Book, sheet: Worksheet) -> None:
        self._book = book
        self._row = 0
        self.sheet = sheet

    def add(self, text: str, properties: Properties = PLAIN) -> None:
        """Add a line of text; none for no text."""
        if text:
            if properties in HIGHER:
                self.sheet.set_row(self._row, HIGHER_POINTS)
            self._book.write_text(self.sheet, (self._row, 0), text, properties)
            self._row += 1

    def add_section(self, section: Section) -> None:
        """Add a section's sentences and tables; its charts are in its tables."""
        self._row += 1
        self.add(section.heading, HEADING)
        for block in section.blocks:
            if isinstance(block, Sentences):
                for text in block.texts:
                    self.add(text)
            elif isinstance(block, Table):
                self.add(block.caption)
                self.add_table(block)
                self.add(block.note)

    def add_table(self, table: Table) -> None:
        """Add a table's head and rows; a rate takes three cells: value, and where its interval begins and ends."""
        self._book.write_heads(self.sheet, self._row, [name for column in table.columns for name in _name(column)])
        self._row += 1
        for row in table.rows:
            self._add_cells(list(_spread(table.columns, row)))

    def finish(self) -> None:
        """Give the columns their widths, when all has been added."""
        self._book.fit_columns(self.sheet, MOST_LETTERS)

    def _add_cells(self, cells: Sequence[Typed]) -> None:
        lines = max((ceil(cell_len(cell) / MOST_LETTERS) for _, cell in cells if isinstance(cell, str)), default=1)
        if lines > 1:
            self.sheet.set_row(self._row, lines * LINE_POINTS)
        for column, (kind, cell) in enumerate(cells):
            self._book.write(self.sheet, (self._row, column), kind, cell)
        self._row += 1


def _name(column: Column) -> list[str]:
    if column.kind is CellKind.BAR:
        return []
    return ["rate", "95 % from", "to"] if column.kind is CellKind.RATE else [column.heading]


def _spread(columns: Sequence[Column], row: Row) -> Iterator[Typed]:
    for column, cell in zip(columns, row.cells, strict=True):
        if isinstance(cell, Rate):
            yield from ((column.kind, bound) for bound in (cell.value, cell.low, cell.high))
        elif column.kind is not CellKind.BAR:
            yield column.kind, cell
