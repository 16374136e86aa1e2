"""Lines over shares: ROC and precision-recall by class, reliability, coverage against accuracy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from documents.charts.frame import Frame
from documents.html.elements import EMPTY, element, join
from documents.html.plot import draw_axes, draw_chart, draw_line, frame_shares

BEGINNINGS = (0.0, 0.5, 0.8)
"""Where the axis of accuracy may begin: as far up as the points allow."""


Points = Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Curve:
    """A line of a chart.

    Attributes
    ----------
    label : str
        The class that gives the line its colour and dashes.
    title : str
        What the legend says.
    points : sequence of (x, y)
        Shares.
    band : sequence of (x, y)
        Outline of its intervals; may be empty.
    """

    label: str
    title: str
    points: Points
    band: Points = ()


def draw_curves(
    title: str, axes: tuple[str, str], curves: Sequence[Curve], *, levels: Mapping[str, float] | None = None
) -> Markup:
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
        For each label the height of its line of chance; without it chance is the diagonal.
    """
    frame = frame_shares()
    chance = [_draw_level(frame, label, level) for label, level in (levels or {}).items()]
    if levels is None:
        chance = [draw_line(frame, ((0, 0), (1, 1)), "chance")]
    bands = [draw_line(frame, curve.band, f"band {curve.label}") for curve in curves]
    lines = [draw_line(frame, curve.points, f"curve {curve.label}") for curve in curves]
    description = "; ".join(curve.title for curve in curves)
    chart = draw_chart(frame.size, title, description, draw_axes(frame, *axes), *bands, *chance, *lines)
    return element("figure", element("figcaption", title), chart, draw_legend(curves))


def draw_legend(curves: Sequence[Curve]) -> Markup:
    """Build the legend: a piece of each line, and what it is."""
    return element("ul", *(element("li", _draw_sample(curve.label), curve.title) for curve in curves), class_="legend")


def _draw_sample(label: str) -> Markup:
    line = element("line", x1=1, x2=29, y1=6, y2=6, class_=f"curve {label}")
    return element("svg", line, width=30, height=12, aria_hidden="true")


def _draw_level(frame: Frame, label: str, level: float) -> Markup:
    return draw_line(frame, ((0, level), (1, level)), f"chance {label}")


def draw_reliability(bins: Sequence[Mapping[str, Any]], title: str, description: str) -> Markup:
    """Draw how often answers are right against how sure they were: a dot a bin, its area by its films, its interval."""
    frame = frame_shares()
    most = max((each["n"] for each in bins), default=0)
    dots = [_draw_bin(frame, each, each["n"] / most) for each in bins if each["n"]]
    diagonal = draw_line(frame, ((0, 0), (1, 1)), "chance")
    axes = draw_axes(frame, "stated probability, %", "right answers, %")
    chart = draw_chart(frame.size, title, description, axes, diagonal, *dots)
    key = element("p", "Area of a dot: its films. Bar: 95 % interval. Dotted: stated and true agree.", class_="key")
    return element("figure", element("figcaption", title), chart, key)


def _draw_bin(frame: Frame, each: Mapping[str, Any], share: float) -> Markup:
    stated, right = each["mean_probability"], each["accuracy"]
    if stated is None or right["value"] is None:
        return EMPTY
    x, low, high = frame.x(stated), right.get("low"), right.get("high")
    dot = element("circle", cx=x, cy=frame.y(right["value"]), r=3 + 9 * share**0.5, class_="bin")
    if low is None or high is None:
        return dot
    return element("line", x1=x, x2=x, y1=frame.y(low), y2=frame.y(high), class_="interval") + dot


def draw_coverage(points: Points, marks: Sequence[tuple[float, float, str]], title: str, description: str) -> Markup:
    """Draw accuracy of the answers given against the share of films answered; marks are single points with a name."""
    low = min((y for _, y in points), default=0.0)
    frame = frame_shares(max(beginning for beginning in BEGINNINGS if beginning <= low))
    names = [_draw_point(frame, *mark) for mark in marks]
    axes = draw_axes(frame, "films that get an answer, %", "right among them, %")
    chart = draw_chart(frame.size, title, description, axes, draw_line(frame, points, "curve all"), *names)
    return element("figure", element("figcaption", title), chart)


def _draw_point(frame: Frame, x: float, y: float, text: str) -> Markup:
    at_right = x > 0.5
    shift, anchor = (-10, "end") if at_right else (10, "start")
    dot = element("circle", cx=frame.x(x), cy=frame.y(y), r=5, class_="dot")
    down = 18 if y > 0.9 else -10
    words = element("text", text, x=frame.x(x) + shift, y=frame.y(y) + down, text_anchor=anchor, class_="tick")
    return join([dot, words])
