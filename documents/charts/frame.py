"""The frame of a chart: from values to places, with a grid and its numbers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import floor, log10

from documents.charts.shapes import Path, Shape, Words

STEPS = (1.0, 2.0, 5.0, 10.0)
RUNGS = 4
GAP = 6.0


@dataclass(frozen=True, slots=True)
class Frame:
    """A plot area; its horizontal axis is a share in [0, 1].

    Attributes
    ----------
    most, least : float
        Where the vertical axis ends, and where it begins.
    width, height : float
        Of the whole, with the room for axes.
    left, right, top, bottom : float
        That room.
    """

    most: float
    width: float = 680.0
    height: float = 210.0
    left: float = 46.0
    right: float = 8.0
    top: float = 10.0
    bottom: float = 24.0
    least: float = 0.0

    @property
    def base(self) -> float:
        """Where the horizontal axis lies."""
        return self.height - self.bottom

    def x(self, share: float) -> float:
        """Return the place of a share in [0, 1] of the width."""
        return self.left + share * (self.width - self.left - self.right)

    def y(self, value: float) -> float:
        """Return the place of a value between ``least`` and ``most``."""
        return self.base - (value - self.least) / (self.most - self.least) * (self.base - self.top)


def place_rungs(greatest: float, *, whole: bool = False) -> list[float]:
    """Return round values from 0 to the first that is not below `greatest`: where the grid's lines stand.

    Parameters
    ----------
    greatest : float
        The highest value that is to be shown; 0 or less counts as 1.
    whole : bool
        Only whole numbers: counts have no halves.
    """
    highest = greatest if greatest > 0 else 1.0
    power = 10.0 ** floor(log10(highest / RUNGS))
    step = next(power * factor for factor in STEPS if power * factor * RUNGS >= highest)
    step = max(step, 1.0) if whole else step
    count = -(-highest // step)
    return [step * rung for rung in range(int(count) + 1)]


def draw_grid(frame: Frame, rungs: Sequence[float], say: Callable[[float], str]) -> Iterator[Shape]:
    """Draw horizontal lines with their numbers at the left."""
    for rung in rungs:
        y = frame.y(rung)
        yield Path(((frame.left, y), (frame.width - frame.right, y)), "axis" if rung == 0 else "grid")
        yield Words(frame.left - GAP, y + 3.5, say(rung), "end")
