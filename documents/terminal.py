"""Blocks as text for a terminal of 80 columns or more; who imports this imports Rich.

Nothing in a text can steer the terminal, and one without Unicode gets signs of ASCII in place of lines and bars.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from textwrap import fill
from typing import Any, TextIO

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.rule import Rule
from rich.table import Table as Grid
from rich.text import Text

from documents.blocks import (
    HEADING,
    Block,
    Bullets,
    Cell,
    CellKind,
    Column,
    Content,
    Exhibits,
    Gallery,
    Row,
    Section,
    Sentences,
    Table,
    Tile,
)
from documents.cells import NUMBERS, say_cell
from documents.charts.shapes import Chart
from documents.text import show_text
from inference.labels import NOTICE

COLUMNS_WITHOUT_TERMINAL = 80
BAR_LETTERS = 44
MOST_BARS = 31
GAP = 2
FOLDED = 60  # text that is longer may be folded rather than that a bar goes
YEAR_LETTERS = len("2026-")
ASCII = str.maketrans("─█…–", "-#~-")  # noqa: RUF001  (what an en dash looks like)
STYLES = {"alarm": "bold red", "watch": "yellow", "whole": "bold", HEADING: "bold", "lead": "dim"}
UNBROKEN = NUMBERS | {CellKind.MOMENT, CellKind.BAR}


def write_content(content: Content, stream: TextIO) -> None:
    """Write a whole document: its headline, its sections one below the other, and the notice last."""
    console = _open_console(stream)
    for part in _build_headline(content):
        console.print(part)
    for section in content.sections:
        for part in _build_section(section, console.width):
            console.print(part)
    console.print()
    console.print(NOTICE, style="bold")


class _AsciiStream:
    """A stream whose encoding has no Unicode."""

    def __init__(self, stream: TextIO) -> None:
        self.write = lambda text: stream.write(text.translate(ASCII))
        self.flush, self.isatty = stream.flush, stream.isatty


def _open_console(stream: TextIO) -> Console:
    width = None if stream.isatty() else COLUMNS_WITHOUT_TERMINAL
    is_unicode = (getattr(stream, "encoding", None) or "utf-8").lower().startswith("utf")
    file: Any = stream if is_unicode else _AsciiStream(stream)
    return Console(file=file, width=width, highlight=False, markup=False, emoji=False)


def _build_headline(content: Content) -> Iterator[RenderableType]:
    yield _show(f"{content.eyebrow}: {content.title}", "bold")
    yield _show(content.period)
    stamp = [content.stamp] if content.stamp else []
    for texts, tone in ((stamp, "alarm"), (content.verdict, ""), (content.warnings, "alarm")):
        if texts:
            yield ""
            yield from (_show(text, STYLES.get(tone, "")) for text in texts)
    if content.tiles:
        yield ""
        yield _build_tiles(content.tiles)


def _build_tiles(tiles: Sequence[Tile]) -> Grid:
    grid = Grid.grid(padding=(0, GAP, 0, 0))
    for justify in ("left", "right", "left"):
        grid.add_column(justify=justify)
    for tile in tiles:
        grid.add_row(_show(tile.title), _show(tile.value, "bold"), _show(tile.detail, STYLES["lead"]))
    return grid


def _build_section(section: Section, width: int) -> Iterator[RenderableType]:
    yield ""
    yield Rule(_show(section.heading, "bold"), align="left", characters="─", style="dim")
    if section.lead:
        yield _show(section.lead, STYLES["lead"])
    for place, block in enumerate(section.blocks):
        if place or section.lead:
            yield ""
        yield from _build_block(block, width)


def _build_block(block: Block, width: int) -> Iterator[RenderableType]:
    if isinstance(block, Sentences):
        yield from (_show(text, STYLES.get(block.tone, "")) for text in block.texts)
    elif isinstance(block, Table):
        yield from _build_table(block, width)
    elif isinstance(block, Bullets):
        yield from (_hang("-", text) for text in block.texts)
    elif isinstance(block, Exhibits):
        yield from (_hang("-", f"{each.title}: {'; '.join(each.texts)} ({each.remark})") for each in block.exhibits)
    elif isinstance(block, Gallery):
        for chart in block.charts:
            yield from _build_chart(chart, width)
    else:
        yield from _build_chart(block, width)


def _build_chart(chart: Chart, width: int) -> Iterator[RenderableType]:
    most = max((value for _, value in chart.bars), default=0)
    if not most or len(chart.bars) > MOST_BARS:
        yield _show(f"{chart.title}. {chart.description}")
        return
    columns = (Column("", CellKind.WORDS, 0), Column("", CellKind.COUNT, 0), Column("", CellKind.BAR, 1))
    yield from _build_table(Table(chart.title, columns, [Row([n, v, v / most]) for n, v in chart.bars]), width)


def _build_table(table: Table, width: int) -> Iterator[RenderableType]:
    shown = _choose_columns(table, width)
    has_head = any(column.heading for column, _ in shown)
    grid = Grid(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True, show_header=has_head)
    for column, _ in shown:
        justify: Any = "right" if column.kind in NUMBERS else "left"
        grid.add_column(column.heading, justify=justify, no_wrap=column.kind in UNBROKEN, overflow="fold")
    for row, *texts in zip(table.rows, *(texts for _, texts in shown), strict=True):
        if row.tone in {"whole", HEADING}:
            grid.add_section()
        grid.add_row(*map(Text, texts), style=STYLES.get(row.tone))
    if table.caption:
        yield _show(table.caption, "bold")
    yield grid
    if table.note:
        yield _show(table.note, STYLES["lead"])


def _choose_columns(table: Table, width: int) -> list[tuple[Column, list[str]]]:
    """Return the columns in which something stands; where room is scarce without bars, and then with short headings."""
    columns = [
        (column, [_say_in_row(row, place, column) for row in table.rows]) for place, column in enumerate(table.columns)
    ]
    shown = [(column, texts) for column, texts in columns if any(texts) or not texts]
    if _measure(shown, FOLDED) > width:
        shown = [(column, texts) for column, texts in shown if column.kind is not CellKind.BAR]
    return [_narrow(*each) for each in shown] if _measure(shown) > width else shown


def _measure(columns: Sequence[tuple[Column, list[str]]], most: int = 10_000) -> int:

    return sum(min(max(map(cell_len, (column.heading, *texts))), most) + GAP for column, texts in columns) - GAP


def _narrow(column: Column, texts: list[str]) -> tuple[Column, list[str]]:
    """Fold the heading of figures to their width, and leave out the year where all moments have the same."""
    if column.kind is CellKind.MOMENT and len({text[:YEAR_LETTERS] for text in texts}) == 1:
        return column, [text[YEAR_LETTERS:] for text in texts]
    if column.kind not in NUMBERS:
        return column, texts
    heading = fill(column.heading, max(map(len, (*texts, *column.heading.split()))), break_on_hyphens=False)
    return replace(column, heading=heading), texts


def _say_in_row(row: Row, place: int, column: Column) -> str:
    if row.tone == HEADING:
        return show_text(str(row.cells[0])) if place == 0 else ""
    text = _say(column, row.cells[place])
    return f"{text}, {row.remark}" if row.remark and place == 0 else text


def _say(column: Column, cell: Cell) -> str:
    if column.kind is CellKind.BAR:
        return "█" * round(BAR_LETTERS * column.weight * cell) if isinstance(cell, float) else ""
    return show_text(say_cell(column.kind, cell))


def _show(text: str, style: str = "") -> Text:
    return Text(show_text(text), style=style)


def _hang(sign: str, text: str) -> Grid:
    """Build an item of a list, whose further lines stand below its first."""
    grid = Grid.grid(padding=(0, 1, 0, 0))
    grid.add_row(sign, _show(text))
    return grid
