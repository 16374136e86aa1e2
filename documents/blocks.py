"""What a document for people consists of, whatever shows it: terminal, page, PDF and workbook draw the same blocks.

Cells keep their types; how a kind of cell is written stands in ``documents.cells``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from documents.charts.marks import Scale
from documents.charts.shapes import Chart
from documents.figures import Estimate
from documents.rates import Rate


@dataclass(frozen=True, slots=True)
class Shaded:
    """A count out of the whole of its row, shaded by its share: a cell of a confusion matrix."""

    count: int
    whole: int
    is_right: bool


Cell = str | int | float | datetime | Rate | Estimate | Shaded | None

HEADING = "heading"
"""The tone of a row whose first cell is a line over the rows that follow; its other cells are None."""


class CellKind(StrEnum):
    """What a column holds."""

    NAME = "name"  # text from outside: a file, a station
    WORDS = "words"
    COUNT = "count"
    SHARE = "share"  # in [0, 1]
    BAR = "bar"  # a share in [0, 1] that another column says in figures
    RATE = "rate"
    NUMBER = "number"  # with three digits
    SHADED = "shaded"
    PROBABILITY = "probability"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    weight : float
        Its share of the width of the paper, beside those of the others.
    scale : Scale or None
        On which its figures are also marked, with an axis in the heading.
    """

    heading: str
    kind: CellKind
    weight: float
    scale: Scale | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row.

    Attributes
    ----------
    tone : str
        ``alarm``, ``whole``, ``heading``, a label or a part, or nothing.
    remark : str
        Smaller, below its name.
    reference : float or None
        Where its own dashed line stands, in place of the scale's.
    """

    cells: Sequence[Cell]
    tone: str = ""
    remark: str = ""
    reference: float | None = None


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
class Bullets:
    """A list, each of whose items is one text."""

    texts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Gallery:
    """Small charts beside each other."""

    charts: Sequence[Chart]


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG, and what it shows in words."""

    jpeg: bytes
    width: int
    height: int
    words: str


@dataclass(frozen=True, slots=True)
class Exhibit:
    """Pictures of one thing beside each other; below them a title, sentences, and smaller where it comes from."""

    pictures: Sequence[Picture]
    title: str
    texts: Sequence[str]
    remark: str


@dataclass(frozen=True, slots=True)
class Exhibits:
    """Exhibits beside and below each other."""

    exhibits: Sequence[Exhibit]


Block = Table | Chart | Gallery | Sentences | Bullets | Exhibits


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure of the headline, with what it is of; an estimate is also marked on a scale from 0 to 1."""

    title: str
    value: str
    detail: str
    estimate: Estimate | None = None


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
        From when to when, in which time zone; or whatever else the whole is about.
    verdict : sequence of str
        What it comes to, the most important sentence first.
    warnings : sequence of str
        What somebody should look at.
    eyebrow : str
        Small, above the title.
    stamp : str
        Put over the verdict in large letters.
    name : str
        Of the window or the file; by default title and period.
    """

    title: str
    period: str
    verdict: Sequence[str]
    warnings: Sequence[str]
    tiles: Sequence[Tile]
    sections: Sequence[Section]
    eyebrow: str = "xray-watch"
    stamp: str = ""
    name: str = ""
