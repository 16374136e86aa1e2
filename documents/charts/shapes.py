"""What a chart consists of; whoever shows it gives the colours.

Places are in units of the chart, from its upper left corner; a unit is a point on paper.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Anchor = Literal["start", "middle", "end"]
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    style: str


@dataclass(frozen=True, slots=True)
class Path:
    """A line through points (x, y); a dotted one says what guessing gives."""

    points: Points
    style: str
    is_dotted: bool = False


@dataclass(frozen=True, slots=True)
class Area:
    """A pale surface within points (x, y)."""

    points: Points
    style: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A filled circle."""

    x: float
    y: float
    radius: float
    style: str


@dataclass(frozen=True, slots=True)
class Words:
    """Text on its baseline; turned, it is read from below."""

    x: float
    y: float
    text: str
    anchor: Anchor = "start"
    style: str = "tick"
    is_turned: bool = False


Shape = Rectangle | Path | Area | Dot | Words


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart for the eye, with words that say the same.

    Attributes
    ----------
    title, description : str
        For those who do not see it.
    width, height : float
        Of the whole, with axes.
    shapes : sequence
        Later ones lie over earlier ones.
    legend : sequence of (style, text)
        What its styles mean, in the order in which they lie.
    bars : sequence of (name, value)
        The same as bars, for those who draw with letters; empty where it cannot be drawn so.
    note : str
        How to read it.
    """

    title: str
    description: str
    width: float
    height: float
    shapes: Sequence[Shape]
    legend: Sequence[tuple[str, str]] = ()
    bars: Sequence[tuple[str, int]] = ()
    note: str = ""
