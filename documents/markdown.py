"""Blocks as Markdown (GitHub's): for documentation and the model card."""

import re
from collections.abc import Iterable
from textwrap import fill

from documents.blocks import (
    HEADING,
    Block,
    Bullets,
    Cell,
    CellKind,
    Exhibit,
    Exhibits,
    Gallery,
    Row,
    Section,
    Sentences,
    Table,
)
from documents.cells import say_cell
from documents.charts.shapes import Chart
from documents.text import show_text

WIDTH = 119
ESCAPED = r"\|"
STRONG = frozenset({"whole", HEADING})


def render_markdown(blocks: Iterable[Block | Section]) -> str:
    """Render blocks one below the other; a section begins with a heading of the second level.

    Words may hold Markdown of our own, and text of several lines (a list) keeps them. In a cell nothing ends the table,
    and in one of the kind ``NAME``, whose text is from outside, nothing is markup.
    """
    return "\n\n".join(part for block in blocks for part in _render(block) if part) + "\n"


def quote(text: str) -> str:
    """Return text from outside (a source, a reason) in which no sign is markup."""
    return re.sub(r"([\\`*_\[\]<>#])", r"\\\1", show_text(text))


def _render(block: Block | Section) -> list[str]:
    match block:
        case Section():
            inner = (part for each in block.blocks for part in _render(each))
            return [f"## {block.heading}", _wrap(block.lead), *inner]
        case Table():
            return [f"**{block.caption}**" if block.caption else "", _render_table(block), _wrap(block.note)]
        case Sentences():
            return [f"**{text}**" if block.tone else _wrap(text) for text in block.texts]
        case Bullets():
            return ["\n".join(_wrap(text, "- ") for text in block.texts)]
        case Exhibits():
            return [_wrap(_say_exhibit(exhibit)) for exhibit in block.exhibits]
        case Gallery():
            return [part for chart in block.charts for part in _render(chart)]
        case Chart():
            return [_wrap(f"**{block.title}.** {block.description}")]


def _render_table(table: Table) -> str:
    shown = [place for place, column in enumerate(table.columns) if column.kind is not CellKind.BAR]
    heads = [table.columns[place].heading for place in shown]
    rows = ([_say_in_row(row, place, table.columns[place].kind) for place in shown] for row in table.rows)
    return "\n".join(map(_join, (heads, ["---"] * len(heads), *rows)))


def _say_in_row(row: Row, place: int, kind: CellKind) -> str:
    if place:
        return "" if row.tone == HEADING else _say(kind, row.cells[place])
    text = f"**{_say(kind, row.cells[0])}**" if row.tone in STRONG else _say(kind, row.cells[0])
    return f"{text} ({quote(row.remark)})" if row.remark else text


def _say(kind: CellKind, cell: Cell) -> str:
    text = say_cell(kind, cell)
    return quote(text) if kind is CellKind.NAME else text


def _join(cells: Iterable[str]) -> str:
    return f"| {' | '.join(' '.join(cell.split()).replace('|', ESCAPED) for cell in cells)} |"


def _say_exhibit(exhibit: Exhibit) -> str:
    return f"**{exhibit.title}** {'; '.join(exhibit.texts)} ({quote(exhibit.remark)})"


def _wrap(text: str, begin: str = "") -> str:
    """Fold a text into lines, the first of which begins with a sign of a list or quotation."""
    if "\n" in text:
        return begin + text
    indent = " " * len(begin)
    return fill(
        text, WIDTH, initial_indent=begin, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
