"""The whole PDF: headline, tiles, sections."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from reportlab.lib.colors import Color
from reportlab.platypus import CondPageBreak, Flowable, KeepTogether, Paragraph, Spacer, Table, TableStyle

from reports.charts.shapes import Chart
from reports.content import build_content
from reports.content.blocks import Block, Content, Section, Sentences, Tile
from reports.formats import ReportSource
from reports.pdf.drawing import draw_chart
from reports.pdf.fonts import REGULAR, register_fonts
from reports.pdf.pages import WIDTH, Document
from reports.pdf.styles import ACCENT, BAD, BAD_PAPER, RAISED, RULE
from reports.pdf.tables import build_table
from reports.pdf.words import build_paragraph
from reports.report import Report

ACROSS = 4
ROOM_FOR_A_SECTION = 90
NARROW = 400.0
"""Charts that are drawn narrower than this are not stretched over the page."""


def write_pdf(source: ReportSource, stream: BinaryIO) -> None:
    """Write a report as PDF; the same report gives the same bytes."""
    write_document(source.report, stream)


def write_document(report: Report, stream: BinaryIO) -> None:
    """Lay a report out on A4, with embedded fonts, and write it."""
    register_fonts()
    content = build_content(report)
    Document(stream, f"{content.title}, {content.period}", content.period).write(_build_story(content))


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
        yield Table(rows, colWidths=[WIDTH], style=TableStyle(commands), spaceBefore=6)


def _build_tiles(tiles: Sequence[Tile]) -> Iterator[Flowable]:
    lines = [("INNERGRID", (0, 0), (-1, -1), 0.5, RULE), ("BOX", (0, 0), (-1, -1), 0.5, RULE)]
    style = TableStyle([*lines, ("FONTNAME", (0, 0), (-1, -1), REGULAR), ("VALIGN", (0, 0), (-1, -1), "TOP")])
    rows = [list(map(_build_tile, tiles[start : start + ACROSS])) for start in range(0, len(tiles), ACROSS)]
    if rows:
        rows[-1] += [[]] * (ACROSS - len(rows[-1]))
        yield Table(rows, colWidths=[WIDTH / ACROSS] * ACROSS, style=style, spaceBefore=10)


def _build_tile(tile: Tile) -> list[Paragraph]:
    return [
        build_paragraph(tile.title, "tile-title"),
        build_paragraph(tile.value, "tile-value"),
        build_paragraph(tile.detail, "tile-detail"),
    ]


def _build_section(section: Section) -> Iterator[Flowable]:
    heading = build_paragraph(section.heading, "heading")
    heading.outline = section.heading
    yield CondPageBreak(ROOM_FOR_A_SECTION)
    yield heading
    yield build_paragraph(section.lead, "lead")
    for block in section.blocks:
        yield from _build_block(block)


def _build_block(block: Block) -> list[Flowable]:
    if isinstance(block, Chart):
        width = WIDTH if block.width > NARROW else WIDTH / 2
        return [KeepTogether([build_paragraph(block.title, "caption"), draw_chart(block, width), Spacer(1, 4)])]
    if isinstance(block, Sentences):
        return [build_paragraph(text, block.tone or "text") for text in block.texts]
    return build_table(block)
