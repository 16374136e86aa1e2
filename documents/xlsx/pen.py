"""Typed cells, written so that a spreadsheet computes nothing of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

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

PATTERNS = {
    CellKind.COUNT: "#,##0",
    CellKind.SHARE: "0.0%",
    CellKind.RATE: "0.0%",
    CellKind.PROBABILITY: "0.000",
    CellKind.MOMENT: "yyyy-mm-dd hh:mm:ss",
}
TITLE = {"bold": True, "font_size": 16}
HEADING = {"bold": True, "font_size": 12}
HEAD = {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}
ALARM = {"bold": True, "font_color": "#b3261e"}
PLAIN: Properties = {}


class Book:
    """A workbook whose formats are made once, and whose sheets carry the notice where they are printed."""

    def __init__(self, workbook: Workbook) -> None:
        self.workbook = workbook
        self._formats: dict[str, Format] = {}

    def add_sheet(self, name: str, widths: Sequence[float]) -> Worksheet:
        """Begin a sheet with columns of these widths, in letters; it prints on A4, across."""
        sheet = self.workbook.add_worksheet(name)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
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

    def write(self, sheet: Worksheet, place: tuple[int, int], kind: CellKind, cell: Cell) -> None:
        """Write a cell with its type; a time is the clock's of the site, since spreadsheets know no zones."""
        if cell is None:
            return
        if isinstance(cell, str):
            self.write_text(sheet, place, cell)
            return
        form = self.find_format({"num_format": PATTERNS[kind]})
        if isinstance(cell, datetime):
            sheet.write_datetime(*place, cell.replace(tzinfo=None), form)
        else:
            sheet.write_number(*place, cell, form)

    def write_text(self, sheet: Worksheet, place: tuple[int, int], text: str, properties: Properties = PLAIN) -> None:
        """Write text that stays text: no formula, no link, no number, nothing that steers."""
        shown = show_text(text)[:MOST_SIGNS]
        if shown.startswith("<r>"):  # xlsxwriter would take it for XML of its own
            shown = f" {shown}"
        sheet.write_string(*place, shown, self.find_format(properties) if properties else None)
