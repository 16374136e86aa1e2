"""The whole PDF: headline, tiles, sections."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import BinaryIO

from reportlab.lib.colors import Color
from reportlab.platypus import CondPageBreak, Flowable, Image, KeepTogether, Paragraph, Spacer, TableStyle
from reportlab.platypus import Table as Grid

from documents.blocks import Block, Bullets, Content, Exhibit, Exhibits, Gallery, Section, Sentences, Table, Tile
from documents.charts.shapes import Chart
from documents.pdf.drawing import draw_chart
from documents.pdf.pages import WIDTH, Document
from documents.pdf.styles import ACCENT, BAD, BAD_PAPER, RAISED, REGULAR, RULE, build_paragraph, register_fonts
from documents.pdf.tables import build_table

ACROSS = 4
ROOM = 130.0
SHORT = 12
"""A table of so many rows is not torn."""
GAP = 14.0


def write_content(content: Content, stream: BinaryIO) -> None:
    """Lay what a report says out on A4, with embedded fonts, and write it."""
    register_fonts()
    Document(stream, content.name or f"{content.title}, {content.period}", content.name or content.period).write(
        _build_story(content)
    )


def _build_story(content: Content) -> list[Flowable]:
    return [
        build_paragraph(content.title, "title"),
        build_paragraph(content.period, "lead"),
        *_frame(content.verdict, "verdict", RAISED, ACCENT),
        *_frame(content.warnings, "warning", BAD_PAPER, BAD),
        *_build_tiles(content.tiles),
        *(flowable for section in content.sections for flowable in _build_section(section)),
    ]


def _frame(texts: Sequence[str], style: str, paper: Color, rule: Color) -> Iterator[Flowable]:
    commands = [
        ("FONTNAME", (0, 0), (-1, -1), REGULAR),
        ("BACKGROUND", (0, 0), (-1, -1), paper),
        ("LINEBEFORE", (0, 0), (0, -1), 2.5, rule),
        ("LEFTPADDING", (0, 0), (-1, -1), 10),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
    ]
    rows = [[build_paragraph(text, style)] for text in texts]
    if rows:
        yield Grid(rows, colWidths=[WIDTH], style=TableStyle(commands), spaceBefore=6)


def _build_tiles(tiles: Sequence[Tile]) -> Iterator[Flowable]:
    lines = [("INNERGRID", (0, 0), (-1, -1), 0.5, RULE), ("BOX", (0, 0), (-1, -1), 0.5, RULE)]
    style = TableStyle([*lines, ("FONTNAME", (0, 0), (-1, -1), REGULAR), ("VALIGN", (0, 0), (-1, -1), "TOP")])
    rows = [list(map(_build_tile, tiles[start : start + ACROSS])) for start in range(0, len(tiles), ACROSS)]
    if rows:
        rows[-1] += [[]] * (ACROSS - len(rows[-1]))
        yield Grid(rows, colWidths=[WIDTH / ACROSS] * ACROSS, style=style, spaceBefore=10)


def _build_tile(tile: Tile) -> list[Paragraph]:
    return [
        build_paragraph(tile.title, "tile-title"),
        build_paragraph(tile.value, "tile-value"),
        build_paragraph(tile.detail, "tile-detail"),
    ]


def _build_section(section: Section) -> Iterator[Flowable]:
    heading = build_paragraph(section.heading, "heading")
    heading.outline = section.heading
    above: list[Flowable] = [heading, build_paragraph(section.lead, "lead")]
    for block in section.blocks:
        above += _build_block(block)
        if not isinstance(block, Sentences) or block is section.blocks[-1]:  # words stay with what they are about
            yield from _place(block, above)
            above = []
    yield from above


def _place(block: Block, flowables: list[Flowable]) -> list[Flowable]:
    """Keep what is short on one page; what is long begins on the next where little room is left."""
    is_long = isinstance(block, Table) and len(block.rows) > SHORT
    return [CondPageBreak(ROOM), *flowables] if is_long else [KeepTogether(flowables)]


def _build_block(block: Block) -> list[Flowable]:
    if isinstance(block, Chart):
        return [build_paragraph(block.title, "caption"), draw_chart(block, WIDTH), Spacer(1, 4)]
    if isinstance(block, Gallery):
        return [_build_gallery(block)]
    if isinstance(block, Sentences):
        return [build_paragraph(text, block.tone or "text") for text in block.texts]
    if isinstance(block, Bullets):
        return [build_paragraph(f"• {text}") for text in block.texts]
    if isinstance(block, Exhibits):
        return [flowable for exhibit in block.exhibits for flowable in _build_exhibit(exhibit)]
    return build_table(block)


def _build_exhibit(exhibit: Exhibit) -> Iterator[Flowable]:
    edge = WIDTH / 4
    pictures = [
        Image(BytesIO(picture.jpeg), edge, edge * picture.height / picture.width) for picture in exhibit.pictures
    ]
    words = [build_paragraph(exhibit.title, "caption"), *map(build_paragraph, exhibit.texts)]
    row = [*pictures, [*words, build_paragraph(exhibit.remark, "note")]]
    style = TableStyle([("FONTNAME", (0, 0), (-1, -1), REGULAR), ("VALIGN", (0, 0), (-1, -1), "TOP")])
    yield Grid([row], colWidths=[*[edge + GAP] * len(pictures), None], style=style)


def _build_gallery(gallery: Gallery) -> Grid:
    width = WIDTH / 2 - GAP
    cells = [[build_paragraph(chart.title, "caption"), draw_chart(chart, width)] for chart in gallery.charts]
    rows = [[*cells[place : place + 2], *([""] * (place + 2 > len(cells)))] for place in range(0, len(cells), 2)]
    style = TableStyle([("FONTNAME", (0, 0), (-1, -1), REGULAR), ("LEFTPADDING", (0, 0), (-1, -1), 0)])
    return Grid(rows, colWidths=[WIDTH / 2] * 2, style=style)
