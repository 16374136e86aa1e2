"""Charts of shares in SVG: a frame whose axes end at 1, with grid and titles, and lines in it."""

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from documents.charts.frame import Frame
from documents.html.elements import element, join

TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
GAP = 5


def frame_shares(least: float = 0.0) -> Frame:
    """Frame shares over shares; the vertical axis goes from `least` to 1."""
    return Frame(most=1.0, least=least, width=366.0, height=314.0, left=52.0, right=14.0, bottom=44.0)


def draw_chart(
    size: tuple[float, float], title: str, description: str, *parts: Markup, class_: str = "chart"
) -> Markup:
    """Put the parts of a chart into an SVG of a width and height that a screen reader announces by its words."""
    width, height = size
    return element(
        "svg",
        element("title", title),
        element("desc", description),
        *parts,
        viewBox=f"0 0 {width:g} {height:g}",
        role="img",
        class_=class_,
    )


def draw_axes(frame: Frame, x_title: str, y_title: str) -> Markup:
    """Draw the grid, its numbers in percent, and the titles of both axes."""
    right, bottom = frame.width - frame.right, frame.base
    center, middle = (frame.left + right) / 2, (frame.top + bottom) / 2
    turned = f"rotate(-90 12 {middle:g})"
    return join(
        [
            *(_draw_tick(frame.x(tick), bottom, (frame.top, bottom), tick) for tick in TICKS),
            *(_draw_rung(frame.left, right, frame.y(tick), tick) for tick in place_ticks(frame.least)),
            element("text", x_title, x=center, y=bottom + 36, class_="title", text_anchor="middle"),
            element("text", y_title, x=12, y=middle, class_="title", text_anchor="middle", transform=turned),
        ]
    )


def place_ticks(low: float) -> list[float]:
    """Return where the numbers of an axis stand that goes from `low` to 1: evenly."""
    return [low + (1.0 - low) * tick for tick in TICKS]


def draw_line(frame: Frame, points: Iterable[Sequence[float]], class_: str) -> Markup:
    """Draw a line through points (x, y) in shares; what lies left of the frame is cut off by the caller."""
    return draw_path(((frame.x(x), frame.y(y)) for x, y in points), class_)


def draw_path(points: Iterable[tuple[float, float]], class_: str) -> Markup:
    """Draw a line through places of the drawing; nothing where there are none."""
    places = " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return element("path", d=f"M{places}", class_=class_) if places else Markup()


def _draw_tick(x: float, y: float, span: tuple[float, float], share: float) -> Markup:
    line = element("line", x1=x, x2=x, y1=span[0], y2=span[1], class_="grid")
    return line + element("text", f"{100 * share:.0f}", x=x, y=y + 16, class_="tick", text_anchor="middle")


def _draw_rung(left: float, right: float, y: float, share: float) -> Markup:
    line = element("line", x1=left, x2=right, y1=y, y2=y, class_="grid")
    return line + element("text", f"{100 * share:.0f}", x=left - GAP, y=y + 4, class_="tick", text_anchor="end")
