"""Typed cells, written so that a spreadsheet computes nothing of them."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from rich.cells import cell_len
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from documents.blocks import Cell, CellKind
from documents.text import show_text
from inference.labels import NOTICE

Properties = Mapping[str, object]

A4 = 9
MOST_SIGNS = 32_767
"""A cell holds no more."""
LEAST_LETTERS, MOST_LETTERS = 9, 64
"""How narrow and how wide a column becomes; what is longer goes on in the next line of its cell. 64: a hash."""
MOMENT_LETTERS = 20
LETTER = 1.12
"""The width of a name's letter, in digits of the same font, by which spreadsheets measure: capitals are wider."""

PATTERNS = {
    CellKind.COUNT: "#,##0",
    CellKind.SHARE: "0.0%",
    CellKind.RATE: "0.0%",
    CellKind.PROBABILITY: "0.000",
    CellKind.MOMENT: "yyyy-mm-dd hh:mm:ss",
}
LINE_POINTS, HIGHER_POINTS = 15, 24
"""The height of a line, and of a title's; not every spreadsheet finds them by itself."""
TITLE = {"bold": True, "font_size": 16}
HEADING = {"bold": True, "font_size": 12}
HIGHER = (TITLE, HEADING)
HEAD = {"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"}
ALARM = {"bold": True, "font_color": "#b3261e"}
PLAIN: Properties = {}
WRAPPED: Properties = {"text_wrap": True, "valign": "top"}


class Book:
    """A workbook whose formats are made once, and whose sheets carry the notice where they are printed."""

    def __init__(self, workbook: Workbook) -> None:
        self.workbook = workbook
        self._formats: dict[str, Format] = {}
        self._letters: dict[str, dict[int, float]] = {}

    def add_sheet(self, name: str) -> Worksheet:
        """Begin a sheet; it prints on A4, across."""
        sheet = self.workbook.add_worksheet(name)
        self._letters[name] = {}
        sheet.set_paper(A4)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_footer(f"&L{NOTICE}&R&P / &N")
        return sheet

    def find_format(self, properties: Properties) -> Format:
        """Return the format with these properties."""
        key = repr(properties)
        if key not in self._formats:
            self._formats[key] = self.workbook.add_format(properties)
        return self._formats[key]

    def fit_columns(self, sheet: Worksheet, most_letters: int = MOST_LETTERS) -> None:
        """Make the columns of a sheet as wide as the cells of its tables ask for, within bounds."""
        for column, letters in self._letters[sheet.get_name()].items():
            width = max(LEAST_LETTERS, min(letters, most_letters)) * LETTER + 1
            sheet.set_column(column, column, round(width, 1))

    def write_heads(self, sheet: Worksheet, row: int, names: Iterable[str]) -> None:
        """Write the head of a table; its longest word decides how narrow a column may be."""
        sheet.set_row(row, 2 * LINE_POINTS)
        for column, name in enumerate(names):
            self._widen(sheet, column, max(map(cell_len, name.split()), default=0) + 2)  # the arrow of a filter
            self.write_text(sheet, (row, column), name, HEAD)

    def write(self, sheet: Worksheet, place: tuple[int, int], kind: CellKind, cell: Cell) -> None:
        """Write a cell of a table with its type; a time is the clock's of the site, as spreadsheets know no zones."""
        if cell is None:
            return
        if isinstance(cell, str):
            self._write_words(sheet, place, cell)
            return
        side = {"align": "left"} if isinstance(cell, datetime) else {"align": "right", "indent": 1}
        form = self.find_format({"num_format": PATTERNS[kind], "valign": "top", **side})
        if isinstance(cell, datetime):
            self._widen(sheet, place[1], MOMENT_LETTERS)
            sheet.write_datetime(*place, cell.replace(tzinfo=None), form)
        else:
            self._widen(sheet, place[1], len(f"{cell:,}") if kind is CellKind.COUNT else LEAST_LETTERS)
            sheet.write_number(*place, cell, form)

    def write_text(self, sheet: Worksheet, place: tuple[int, int], text: str, properties: Properties = PLAIN) -> None:
        """Write text that stays text: no formula, no link, no number, nothing that steers."""
        shown = show_text(text)[:MOST_SIGNS]
        if shown.startswith("<r>"):  # xlsxwriter would take it for XML of its own
            shown = f" {shown}"
        sheet.write_string(*place, shown, self.find_format(properties) if properties else None)

    def _write_words(self, sheet: Worksheet, place: tuple[int, int], text: str) -> None:
        self._widen(sheet, place[1], cell_len(show_text(text[:MOST_SIGNS])))
        self.write_text(sheet, place, text, WRAPPED)

    def _widen(self, sheet: Worksheet, column: int, letters: float) -> None:
        columns = self._letters[sheet.get_name()]
        columns[column] = max(letters, columns.get(column, 0))
