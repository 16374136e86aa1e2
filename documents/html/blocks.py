"""Tables, sentences and charts of the report as elements of its page."""

from markupsafe import Markup

from documents.blocks import Block, Cell, CellKind, Column, Gallery, Row, Sentences, Table
from documents.cells import NUMBERS, say_cell
from documents.charts.shapes import Chart
from documents.html.elements import EMPTY, element, isolate, join
from documents.html.intervals import HEIGHT, Scale, draw_mark, frame_table
from documents.html.svg import build_chart
from documents.rates import Rate
from documents.text import shorten, show_text

SHORT = 12
MOST_SIGNS = 80


def build_block(block: Block) -> Markup:
    """Build one block of a section."""
    if isinstance(block, Chart):
        return build_chart(block)
    if isinstance(block, Gallery):
        return element("div", *(build_chart(chart, "chart half") for chart in block.charts), class_="charts")
    if isinstance(block, Sentences):
        return join(element("p", text, class_=block.tone or None) for text in block.texts)
    return build_table(block)


def build_table(table: Table) -> Markup:
    """Build a table that scrolls by itself where the screen is narrow; its first column heads the rows."""
    found = element(
        "table",
        element("caption", table.caption),
        element("thead", element("tr", *map(_build_heading, table.columns))),
        element("tbody", *(_build_row(row, table) for row in table.rows)),
    )
    note = element("p", table.note, class_="note") if table.note else EMPTY
    return frame_table(found, table.caption, is_short=len(table.rows) <= SHORT) + note


def _build_heading(column: Column) -> Markup:
    if column.kind is CellKind.BAR:
        return element("th", scope="col", class_="strip-cell", aria_label="bar")
    return element("th", column.heading, scope="col", class_=_name_class(column.kind), colspan=_count_cells(column))


def _count_cells(column: Column) -> int | None:
    return 2 if column.kind is CellKind.RATE else None


def _build_row(row: Row, table: Table) -> Markup:
    cells = [
        cell
        for place, (column, value) in enumerate(zip(table.columns, row.cells, strict=True))
        for cell in _build_cell(column.kind, value, is_head=place == 0)
    ]
    return element("tr", *cells, class_=row.tone or None)


def _build_cell(kind: CellKind, value: Cell, *, is_head: bool) -> list[Markup]:
    if isinstance(value, Rate):
        estimate = {"value": value.value, "low": value.low, "high": value.high}
        mark = element("td", draw_mark(estimate, Scale()), class_="mark")
        return [mark, element("td", say_cell(kind, value), class_="figure")]
    if kind is CellKind.BAR:
        return [element("td", _draw_bar(value), class_="strip-cell")]
    text: str = say_cell(kind, value)
    content = isolate(shorten(show_text(text), MOST_SIGNS)) if kind is CellKind.NAME else text
    if is_head:
        return [element("th", content, scope="row", class_=_name_class(kind))]
    return [element("td", content, class_=_name_class(kind))]


def _draw_bar(value: Cell) -> Markup:
    if not isinstance(value, float) or value <= 0:
        return EMPTY
    bar = element("rect", x=0, y=5, width=f"{100 * value:.2f}%", height=HEIGHT - 10, class_="bar")
    return element("svg", bar, height=HEIGHT, class_="strip", aria_hidden="true")


def _name_class(kind: CellKind) -> str | None:
    if kind in NUMBERS:
        return "number"
    return kind.value if kind in {CellKind.MOMENT, CellKind.NAME, CellKind.WORDS} else None
