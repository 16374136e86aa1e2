"""Lines over shares: ROC and precision-recall by class, reliability, coverage against accuracy."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from documents.charts.frame import GAP, Frame
from documents.charts.marks import TICKS
from documents.charts.shapes import Anchor, Area, Chart, Dot, Path, Points, Shape, Words
from documents.figures import Estimate

BEGINNINGS = (0.0, 0.5, 0.8)
"""Where the axis of accuracy may begin: as far up as the points allow."""

DIAGONAL = ((0.0, 0.0), (1.0, 1.0))


@dataclass(frozen=True, slots=True)
class Curve:
    """A line of a chart.

    Attributes
    ----------
    style : str
        The class that gives the line its colour and dashes.
    title : str
        What the legend says.
    points : sequence of (x, y)
        Shares.
    band : sequence of (x, y)
        Outline of its intervals; may be empty.
    """

    style: str
    title: str
    points: Points
    band: Points = ()


def draw_curves(
    title: str, axes: tuple[str, str], curves: Sequence[Curve], *, levels: Mapping[str, float] | None = None
) -> Chart:
    """Draw one line for each class, and what chance would give.

    Parameters
    ----------
    title : str
        Of the chart.
    axes : tuple of str
        Titles of the horizontal and the vertical axis.
    curves : sequence of Curve
        Those without points are left out, their legend stays.
    levels : mapping of str to float, optional
        For each class the height of its line of chance; without it chance is the diagonal.
    """
    frame = _frame_shares()
    guesses = {"chance": DIAGONAL} if levels is None else {name: ((0, y), (1, y)) for name, y in levels.items()}
    shapes: list[Shape] = [
        *_draw_axes(frame, *axes),
        *(Area(_place(frame, curve.band), curve.style) for curve in curves if curve.band),
        *(Path(_place(frame, points), style, is_dotted=True) for style, points in guesses.items()),
        *(Path(_place(frame, curve.points), curve.style) for curve in curves if curve.points),
    ]
    legend = [(curve.style, curve.title) for curve in curves]
    return Chart(title, "; ".join(curve.title for curve in curves), frame.width, frame.height, shapes, legend)


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers that were about as sure: their mean stated probability, how many are right, and how many there are."""

    stated: float
    right: Estimate
    count: int


def draw_reliability(title: str, description: str, bins: Sequence[Bin]) -> Chart:
    """Draw how often answers are right against how sure they were: a dot a bin, its area by its films, its interval."""
    frame, most = _frame_shares(), max(each.count for each in bins)
    shapes = [
        *_draw_axes(frame, "stated probability, %", "right answers, %"),
        Path(_place(frame, DIAGONAL), "chance", is_dotted=True),
        *(shape for each in bins for shape in _draw_bin(frame, each, most)),
    ]
    note = "Area of a dot: its films. Bar: 95 % interval. Dotted: stated and true agree."
    return Chart(title, description, frame.width, frame.height, shapes, note=note)


def _draw_bin(frame: Frame, each: Bin, most: int) -> Iterator[Shape]:
    x, right = frame.x(each.stated), each.right
    if right.low is not None and right.high is not None:
        yield Path(((x, frame.y(right.low)), (x, frame.y(right.high))), "interval")
    if right.value is not None:
        yield Dot(x, frame.y(right.value), 3 + 9 * (each.count / most) ** 0.5, "bin")


def draw_coverage(title: str, description: str, points: Points, mark: tuple[float, float, str] | None) -> Chart:
    """Draw accuracy of the answers given against the share of films answered; a mark is one point with its name."""
    low = min(y for _, y in points)
    frame = _frame_shares(max(beginning for beginning in BEGINNINGS if beginning <= low))
    shapes = [
        *_draw_axes(frame, "films that get an answer, %", "right among them, %"),
        Path(_place(frame, points), "curve"),
        *(_draw_point(frame, *mark) if mark else ()),
    ]
    return Chart(title, description, frame.width, frame.height, shapes)


def _draw_point(frame: Frame, x: float, y: float, text: str) -> Iterator[Shape]:
    anchor: Anchor = "end" if x > 0.5 else "start"
    yield Dot(frame.x(x), frame.y(y), 5, "dot")
    yield Words(frame.x(x) + (-10 if anchor == "end" else 10), frame.y(y) + (18 if y > 0.9 else -10), text, anchor)


def _frame_shares(least: float = 0.0) -> Frame:
    """Frame shares over shares; the vertical axis goes from `least` to 1."""
    return Frame(most=1.0, least=least, width=366.0, height=314.0, left=52.0, right=14.0, bottom=44.0)


def _place(frame: Frame, points: Points) -> Points:
    return [(frame.x(x), frame.y(y)) for x, y in points]


def _draw_axes(frame: Frame, x_title: str, y_title: str) -> Iterator[Shape]:
    """Draw the grid, its numbers in percent, and the titles of both axes."""
    left, right, bottom = frame.x(0), frame.x(1), frame.base
    for tick in TICKS:
        x, share = frame.x(tick), frame.least + (1.0 - frame.least) * tick
        yield Path(((x, frame.top), (x, bottom)), "grid")
        yield Words(x, bottom + 16, f"{100 * tick:.0f}", "middle")
        yield Path(((left, frame.y(share)), (right, frame.y(share))), "grid")
        yield Words(left - GAP, frame.y(share) + 4, f"{100 * share:.0f}", "end")
    yield Words((left + right) / 2, bottom + 36, x_title, "middle", "title")
    yield Words(12, (frame.top + bottom) / 2, y_title, "middle", "title", is_turned=True)
