"""Tables on paper: they go on over pages, with their heads."""

from collections.abc import Iterator
from typing import Any

from reportlab.platypus import Flowable, LongTable, TableStyle

from documents.blocks import HEADING, Cell, CellKind, Column, Row, Shaded, Table
from documents.cells import NUMBERS, find_estimate, say_cell
from documents.charts.marks import Scale, draw_bar, draw_mark
from documents.figures import say_percent
from documents.pdf.drawing import draw_marks
from documents.pdf.pages import WIDTH
from documents.pdf.styles import GRID, REGULAR, RULE, build_paragraph
from documents.text import LONGEST_NAME

PADDING = 4.0
STRONG = frozenset({"whole", "alarm", HEADING})
RATE_SHARE = 0.55
"""How much of the width of a rate is its mark; its figures take the rest."""


def build_table(table: Table) -> list[Flowable]:
    """Build a table with its caption and the note below it."""
    widths = list(_find_widths(table))
    rows = [_build_row(row, table, widths) for row in table.rows]
    found = LongTable(
        [_build_head(table), *rows], colWidths=widths, repeatRows=1, spaceAfter=4, style=_build_style(), hAlign="LEFT"
    )
    note = [build_paragraph(table.note, "note")] if table.note else []
    return [build_paragraph(table.caption, "caption"), found, *note]


def _find_widths(table: Table) -> Iterator[float]:
    whole = sum(column.weight for column in table.columns)
    for column in table.columns:
        width = WIDTH * column.weight / whole
        yield from (width * RATE_SHARE, width * (1 - RATE_SHARE)) if _is_marked(column) else (width,)


def _is_marked(column: Column) -> bool:
    return column.kind is CellKind.RATE or column.scale is not None


def _build_head(table: Table) -> list[Any]:
    return [cell for column in table.columns for cell in _build_heading(column)]


def _build_heading(column: Column) -> list[Any]:
    heading = build_paragraph(column.heading, "head-number" if column.kind in NUMBERS else "head")
    return [_say_scale(column.scale), heading] if _is_marked(column) else [heading]


def _say_scale(scale: Scale | None) -> Any:
    if scale is None:
        return ""
    dashed = f"; dashed: {scale.reference_name}" if scale.reference_name else ""
    return build_paragraph(f"{say_percent(scale.low)} to {say_percent(scale.high)}{dashed}", "head")


def _build_row(row: Row, table: Table, widths: list[float]) -> list[Any]:
    cells: list[Any] = []
    for column, cell in zip(table.columns, row.cells, strict=True):
        cells += _build_cell(column, cell, row, widths[len(cells)] - 2 * PADDING)
    if row.remark:
        cells[0] = [cells[0], build_paragraph(row.remark, "remark")]
    return [cells[0], *([""] * (len(cells) - 1))] if row.tone == HEADING else cells


def _build_cell(column: Column, cell: Cell, row: Row, width: float) -> list[Any]:
    kind, tone = column.kind, row.tone
    if kind is CellKind.BAR:
        return [draw_marks([draw_bar(cell)] if isinstance(cell, float) else [], tone, width)]
    text = say_cell(kind, cell)
    if isinstance(cell, Shaded) and cell.whole:
        text += f" ({say_percent(cell.count / cell.whole)})"
    most = LONGEST_NAME if kind is CellKind.NAME else None
    words = build_paragraph(text, _name_style("number" if kind in NUMBERS else "cell", tone), most)
    if not _is_marked(column):
        return [words]
    marks = draw_mark(find_estimate(cell), column.scale or Scale(), row.reference)
    return [draw_marks(marks, tone, width), words]


def _name_style(kind: str, tone: str) -> str:
    return f"{kind}-{tone}" if tone in STRONG else kind


def _build_style() -> TableStyle:
    return TableStyle(
        [
            ("FONTNAME", (0, 0), (-1, -1), REGULAR),  # else empty cells ask for a font that is not embedded
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
            ("LINEBELOW", (0, 0), (-1, 0), 0.6, RULE),
            ("LINEBELOW", (0, 1), (-1, -1), 0.4, GRID),
            ("LEFTPADDING", (0, 0), (-1, -1), PADDING),
            ("RIGHTPADDING", (0, 0), (-1, -1), PADDING),
            ("LEFTPADDING", (0, 0), (0, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 2.2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.6),
        ]
    )
