"""Charts and marks as SVG inside a page: colours come from the page's style, so they follow light, dark and paper."""

from collections.abc import Callable, Iterable

from markupsafe import Markup

from documents.charts.marks import HEIGHT, Mark, Scale, draw_bar, draw_mark
from documents.charts.shapes import Area, Chart, Dot, Path, Points, Rectangle, Shape
from documents.figures import Estimate
from documents.html.elements import EMPTY, element

SWATCH = 12
SAMPLE = 30


def build_chart(chart: Chart, class_: str = "chart") -> Markup:
    """Build a figure: caption, legend and drawing; readers of the screen get title and description."""
    drawing = element(
        "svg",
        element("title", chart.title),
        element("desc", chart.description),
        *map(_build_shape, chart.shapes),
        viewBox=f"0 0 {chart.width:g} {chart.height:g}",
        role="img",
        class_=class_,
    )
    frame = element("div", drawing, class_="wide", tabindex="0", role="region", aria_label=chart.title)
    note = element("p", chart.note, class_="key") if chart.note else EMPTY
    return element("figure", element("figcaption", chart.title), _build_legend(chart), frame, note)


def build_mark(estimate: Estimate, scale: Scale, reference: float | None = None) -> Markup:
    """Build the mark of one figure in a table, as wide as its cell."""
    return _build_strip(draw_mark(estimate, scale, reference))


def build_bar(share: float) -> Markup:
    """Build a share as a bar in a table."""
    return _build_strip([draw_bar(share)])


def build_axis(scale: Scale, say: Callable[[float], str]) -> Markup:
    """Build the numbers of a scale above its marks, and what its dashed line means."""
    texts = [
        element("text", say(tick), x=_say_share(scale.place(tick)), y=14, class_="tick", text_anchor="middle")
        for tick in scale.ticks
    ]
    key = element("span", f"dashed: {scale.reference_name}", class_="key") if scale.reference_name else EMPTY
    return element("svg", *texts, height=18, class_="strip", aria_hidden="true") + key


def _build_legend(chart: Chart) -> Markup:
    """Build the list of what colours mean; empty where there is nothing to tell apart."""
    if not chart.legend:
        return EMPTY
    lines = {shape.style for shape in chart.shapes if isinstance(shape, Path)}
    items = (element("li", _build_swatch(style, style in lines), text) for style, text in chart.legend)
    return element("ul", *items, class_="legend row")


def _build_swatch(style: str, is_line: bool) -> Markup:
    if not is_line:
        box = element("rect", width=SWATCH, height=SWATCH, class_=style)
        return element("svg", box, width=SWATCH, height=SWATCH, aria_hidden="true")
    line = element("path", d=f"M1 {SWATCH / 2:g} H{SAMPLE - 1}", class_=style)
    return element("svg", line, width=SAMPLE, height=SWATCH, aria_hidden="true")


def _build_shape(shape: Shape) -> Markup:
    if isinstance(shape, Rectangle):
        height = max(shape.height, 0.01)
        return element("rect", x=shape.x, y=shape.y, width=shape.width, height=height, class_=shape.style)
    if isinstance(shape, Path):
        class_ = f"{shape.style} dotted" if shape.is_dotted else shape.style
        return element("path", d=f"M{_say_places(shape.points, ' L')}", class_=class_)
    if isinstance(shape, Area):
        return element("polygon", points=_say_places(shape.points, " "), class_=shape.style)
    if isinstance(shape, Dot):
        return element("circle", cx=shape.x, cy=shape.y, r=shape.radius, class_=shape.style)
    turn = f"rotate(-90 {shape.x:g} {shape.y:g})" if shape.is_turned else None
    places = {"x": shape.x, "y": shape.y, "text_anchor": shape.anchor, "class_": shape.style, "transform": turn}
    return element("text", shape.text, **places)


def _say_places(points: Points, between: str) -> str:
    return between.join(f"{x:.1f} {y:.1f}" for x, y in points)


def _build_strip(marks: Iterable[Mark]) -> Markup:
    # the text beside it says the same, so it is passed over aloud
    return element("svg", *map(_build_mark, marks), height=HEIGHT, class_="strip", aria_hidden="true")


def _build_mark(mark: Mark) -> Markup:
    if isinstance(mark, Rectangle):
        x, width = _say_share(mark.x), _say_share(mark.width)
        return element("rect", x=x, y=mark.y, width=width, height=mark.height, class_=mark.style)
    if isinstance(mark, Dot):
        return element("circle", cx=_say_share(mark.x), cy=mark.y, r=mark.radius, class_=mark.style)
    (x1, y1), (x2, y2) = mark.points
    return element("line", x1=_say_share(x1), x2=_say_share(x2), y1=y1, y2=y2, class_=mark.style)


def _say_share(share: float) -> str:
    return f"{100 * share:.2f}%"
