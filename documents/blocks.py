"""What a report for people consists of, whatever shows it: the page, the PDF and the workbook draw the same blocks.

Cells keep their types; how a kind of cell is written stands in ``documents.cells``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from documents.charts.shapes import Chart
from documents.rates import Rate

Cell = str | int | float | datetime | Rate | None


class CellKind(StrEnum):
    """What a column holds."""

    NAME = "name"  # text from outside: a file, a station
    WORDS = "words"
    COUNT = "count"
    SHARE = "share"  # in [0, 1]
    BAR = "bar"  # a share in [0, 1] that another column says in figures
    RATE = "rate"
    PROBABILITY = "probability"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    weight : float
        Its share of the width of the paper, beside those of the others.
    """

    heading: str
    kind: CellKind
    weight: float


@dataclass(frozen=True, slots=True)
class Row:
    """A row; ``tone`` is ``alarm``, ``whole``, a label or a part, or nothing."""

    cells: Sequence[Cell]
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first column names its rows; ``note`` says what was left out of it."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Sentences:
    """What a part of the report comes to; those of the tone ``alarm`` ask for something to be done."""

    texts: Sequence[str]
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Gallery:
    """Small charts beside each other."""

    charts: Sequence[Chart]


Block = Table | Chart | Gallery | Sentences


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure of the headline, with what it is of."""

    title: str
    value: str
    detail: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report: a key for links, a heading, one paragraph on how to read it, and its blocks."""

    key: str
    heading: str
    lead: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Content:
    """The whole report.

    Attributes
    ----------
    period : str
        From when to when, in which time zone.
    verdict : sequence of str
        What it comes to, the most important sentence first.
    warnings : sequence of str
        What somebody should look at.
    """

    title: str
    period: str
    verdict: Sequence[str]
    warnings: Sequence[str]
    tiles: Sequence[Tile]
    sections: Sequence[Section]
