"""Marks in the rows of a table: figures as dots or bars on a common scale, with their intervals.

Horizontally a mark is drawn in shares of the width, from 0 to 1: it follows the column that it stands in.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from documents.charts.shapes import Dot, Path, Rectangle
from documents.figures import Estimate

HEIGHT = 22.0
MIDDLE = HEIGHT / 2
TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)

Mark = Rectangle | Dot | Path


@dataclass(frozen=True, slots=True)
class Scale:
    """The common scale of the marks of a column.

    Attributes
    ----------
    low, high : float
        Its ends.
    reference : float or None
        Where a dashed line stands (chance, or the figure over all films).
    reference_name : str
        What that line means.
    has_bars : bool
        Bars from the scale's lower end in place of dots.
    """

    low: float = 0.0
    high: float = 1.0
    reference: float | None = None
    reference_name: str = ""
    has_bars: bool = False

    def place(self, value: float) -> float:
        """Return the place of a value as a share of the width; what lies beyond an end stands at it."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    @property
    def ticks(self) -> Sequence[float]:
        """The values at which a line stands."""
        return [self.low + (self.high - self.low) * tick for tick in TICKS]


def find_beginning(estimates: Iterable[Estimate]) -> float:
    """Return where a scale may begin: at 0.5 where no interval reaches lower, so that small differences are seen."""
    lows = [each.value if each.low is None else each.low for each in estimates]
    known = [low for low in lows if low is not None]
    return 0.5 if known and min(known) >= 0.5 else 0.0


def draw_mark(estimate: Estimate, scale: Scale, reference: float | None = None) -> Iterator[Mark]:
    """Draw one figure on a scale; its own dashed line goes before the scale's."""
    for tick in scale.ticks:
        yield _draw_rule(scale.place(tick), "grid")
    line = scale.reference if reference is None else reference
    if line is not None:
        yield _draw_rule(scale.place(line), "reference")
    if estimate.value is None:
        return
    place = scale.place(estimate.value)
    if scale.has_bars:
        yield draw_bar(place)
    if estimate.low is not None and estimate.high is not None:
        yield Path(((scale.place(estimate.low), MIDDLE), (scale.place(estimate.high), MIDDLE)), "interval")
    if not scale.has_bars:
        yield Dot(place, MIDDLE, 4.0, "dot")


def draw_bar(share: float) -> Rectangle:
    """Draw a share as a bar."""
    return Rectangle(0.0, 5.0, share, HEIGHT - 10.0, "bar")


def _draw_rule(place: float, style: str) -> Path:
    return Path(((place, 0.0), (place, HEIGHT)), style)
