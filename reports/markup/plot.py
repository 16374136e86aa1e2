"""A chart's frame: from shares in [0, 1] to places in an SVG, with axes, grid and titles."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reports.markup.elements import element, join

TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
GAP = 5


@dataclass(frozen=True, slots=True)
class Frame:
    """A plot area whose both axes go from `low` to 1.

    Attributes
    ----------
    width, height : int
        Of the plot area in SVG units, without axes.
    left, top, right, bottom : int
        Room around it for the labels.
    x_low, y_low : float
        Where the axes begin.
    """

    width: int = 300
    height: int = 260
    left: int = 52
    top: int = 10
    right: int = 14
    bottom: int = 44
    x_low: float = 0.0
    y_low: float = 0.0

    def x(self, share: float) -> float:
        """Return the place of a share on the horizontal axis."""
        return self.left + self.width * (share - self.x_low) / (1.0 - self.x_low)

    def y(self, share: float) -> float:
        """Return the place of a share on the vertical axis."""
        return self.top + self.height * (1.0 - (share - self.y_low) / (1.0 - self.y_low))


def draw_chart(frame: Frame, title: str, description: str, *parts: Markup) -> Markup:
    """Put the parts of a chart into an SVG that a screen reader announces by title and description."""
    width, height = frame.left + frame.width + frame.right, frame.top + frame.height + frame.bottom
    return element(
        "svg",
        element("title", title),
        element("desc", description),
        *parts,
        viewBox=f"0 0 {width} {height}",
        role="img",
        class_="chart",
    )


def draw_axes(frame: Frame, x_title: str, y_title: str) -> Markup:
    """Draw the grid, its numbers in percent, and the titles of both axes."""
    left, right, top, bottom = frame.left, frame.left + frame.width, frame.top, frame.top + frame.height
    middle = (top + bottom) / 2
    return join(
        [
            *(_draw_tick(frame.x(tick), bottom, (top, bottom), tick, "middle") for tick in place_ticks(frame.x_low)),
            *(_draw_rung(left, right, frame.y(tick), tick) for tick in place_ticks(frame.y_low)),
            element("text", x_title, x=(left + right) / 2, y=bottom + 36, class_="title", text_anchor="middle"),
            element(
                "text",
                y_title,
                x=12,
                y=middle,
                class_="title",
                text_anchor="middle",
                transform=f"rotate(-90 12 {middle:g})",
            ),
        ]
    )


def place_ticks(low: float) -> list[float]:
    """Return where the numbers of an axis stand that goes from `low` to 1: evenly."""
    return [low + (1.0 - low) * tick for tick in TICKS]


def draw_line(frame: Frame, points: Iterable[Sequence[float]], class_: str) -> Markup:
    """Draw a line through points (x, y) in shares; what lies left of the frame is cut off by the caller."""
    places = " L".join(f"{frame.x(x):.1f} {frame.y(y):.1f}" for x, y in points)
    return element("path", d=f"M{places}", class_=class_) if places else Markup()


def _draw_tick(x: float, y: float, span: tuple[float, float], share: float, anchor: str) -> Markup:
    line = element("line", x1=x, x2=x, y1=span[0], y2=span[1], class_="grid")
    return line + element("text", f"{100 * share:.0f}", x=x, y=y + 16, class_="tick", text_anchor=anchor)


def _draw_rung(left: float, right: float, y: float, share: float) -> Markup:
    line = element("line", x1=left, x2=right, y1=y, y2=y, class_="grid")
    return line + element("text", f"{100 * share:.0f}", x=left - GAP, y=y + 4, class_="tick", text_anchor="end")
