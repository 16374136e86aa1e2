"""Tables, sentences, charts and pictures of a document as elements of its page."""

import base64

from markupsafe import Markup

from documents.blocks import (
    HEADING,
    Block,
    Bullets,
    Cell,
    CellKind,
    Column,
    Exhibit,
    Exhibits,
    Gallery,
    Picture,
    Row,
    Sentences,
    Shaded,
    Table,
)
from documents.cells import NUMBERS, find_estimate, say_cell
from documents.charts.marks import Scale
from documents.charts.shapes import Chart
from documents.figures import Estimate, say_percent
from documents.html.elements import EMPTY, element, isolate, join
from documents.html.svg import build_axis, build_bar, build_chart, build_mark
from documents.text import LONGEST_NAME, shorten, show_text

SHORT = 12
SHADES = 20  # as classes, since a page that is served allows no style on an element


def build_block(block: Block) -> Markup:
    """Build one block of a section."""
    if isinstance(block, Chart):
        return build_chart(block)
    if isinstance(block, Gallery):
        return element("div", *(build_chart(chart, "chart half") for chart in block.charts), class_="charts")
    if isinstance(block, Sentences):
        return join(element("p", text, class_=block.tone or None) for text in block.texts)
    if isinstance(block, Bullets):
        return element("ul", *(element("li", text) for text in block.texts))
    if isinstance(block, Exhibits):
        return element("div", *map(_build_exhibit, block.exhibits), class_="exhibits")
    return build_table(block)


def build_table(table: Table) -> Markup:
    """Build a table that scrolls by itself where the screen is narrow; its first column heads the rows."""
    heads = [cell for column in table.columns for cell in _build_heading(column)]
    found = element(
        "table",
        element("caption", table.caption),
        element("thead", element("tr", *heads)),
        element("tbody", *(_build_row(row, table, len(heads)) for row in table.rows)),
        class_=_name_table(table),
    )
    frame_class = "wide short" if len(table.rows) <= SHORT else "wide"  # a short one is not torn in print
    frame = element("div", found, class_=frame_class, tabindex="0", role="region", aria_label=table.caption)
    return frame + (element("p", table.note, class_="note") if table.note else EMPTY)


def _name_table(table: Table) -> str | None:
    kinds = {column.kind for column in table.columns}
    if CellKind.SHADED in kinds:
        return "matrix"
    return "marks" if any(column.scale for column in table.columns) else None


def _build_heading(column: Column) -> list[Markup]:
    if column.kind is CellKind.BAR:
        return [element("th", scope="col", class_="strip-cell", aria_label="bar")]
    if column.scale is None:
        count = 2 if column.kind is CellKind.RATE else None
        return [element("th", column.heading, scope="col", class_=_name_class(column.kind), colspan=count)]
    axis = build_axis(column.scale, say_percent if column.kind is CellKind.RATE else "{:.1f}".format)
    return [
        element("th", axis, scope="col", class_="mark"),
        element("th", column.heading, scope="col", class_="figure"),
    ]


def _build_row(row: Row, table: Table, width: int) -> Markup:
    if row.tone == HEADING:
        head = element("th", str(row.cells[0]), _build_remark(row), scope="rowgroup", colspan=width)
        return element("tr", head, class_="group")
    first, *others = zip(table.columns, row.cells, strict=True)
    head = element("th", _build_content(*first), _build_remark(row), scope="row", class_=_name_class(first[0].kind))
    cells = [cell for column, value in others for cell in _build_cell(column, value, row)]
    return element("tr", head, *cells, class_=row.tone or None)


def _build_remark(row: Row) -> Markup:
    return element("small", row.remark) if row.remark else EMPTY


def _build_cell(column: Column, value: Cell, row: Row) -> list[Markup]:
    if column.kind is CellKind.RATE or column.scale:
        mark = build_mark(find_estimate(value), column.scale or Scale(), row.reference)
        return [element("td", mark, class_="mark"), element("td", _build_content(column, value), class_="figure")]
    if column.kind is CellKind.BAR:
        bar = build_bar(value) if isinstance(value, float) and value > 0 else EMPTY
        return [element("td", bar, class_="strip-cell")]
    if isinstance(value, Shaded):
        return [_build_shaded(value)]
    return [element("td", _build_content(column, value), class_=_name_class(column.kind))]


def _build_content(column: Column, value: Cell) -> Markup | str:
    text: str = say_cell(column.kind, value)
    if isinstance(value, Estimate):
        figure, bracket, interval = text.partition(" (")  # it breaks before its interval and nowhere else
        return Markup(" ").join(element("span", part) for part in (figure, f"({interval}" if bracket else "") if part)
    return isolate(shorten(show_text(text), LONGEST_NAME)) if column.kind is CellKind.NAME else text


def _build_shaded(cell: Shaded) -> Markup:
    share = cell.count / cell.whole if cell.whole else None
    return element(
        "td",
        element("b", f"{cell.count:,}"),
        element("small", say_percent(share)),
        class_=f"{'right' if cell.is_right else 'wrong'} share-{round((share or 0) * SHADES)}",
    )


def _name_class(kind: CellKind) -> str | None:
    if kind in NUMBERS:
        return "number"
    return kind.value if kind in {CellKind.MOMENT, CellKind.NAME, CellKind.WORDS} else None


def _build_exhibit(exhibit: Exhibit) -> Markup:
    pictures = element("div", *map(_build_picture, exhibit.pictures), class_="pictures") if exhibit.pictures else EMPTY
    lines = [element("span", text) for text in exhibit.texts]
    remark = element("small", isolate(exhibit.remark))
    return element(
        "figure", pictures, element("figcaption", element("b", exhibit.title), *lines, remark), class_="exhibit"
    )


def _build_picture(picture: Picture) -> Markup:
    source = "data:image/jpeg;base64," + base64.b64encode(picture.jpeg).decode()
    return element("img", src=source, alt=picture.words, width=picture.width, height=picture.height)
