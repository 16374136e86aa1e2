"""A chart as SVG inside a page: colours come from the page's style, so they follow light, dark and paper."""

from collections.abc import Sequence

from markupsafe import Markup

from documents.charts.shapes import Box, Chart, Path, Shape
from documents.html.elements import EMPTY, element
from documents.html.plot import draw_chart, draw_path

SWATCH = 12


def build_chart(chart: Chart, class_: str = "chart") -> Markup:
    """Build a figure: caption, legend and drawing; readers of the screen get title and description."""
    size, shapes = (chart.width, chart.height), map(_build_shape, chart.shapes)
    drawing = draw_chart(size, chart.title, chart.description, *shapes, class_=class_)
    frame = element("div", drawing, class_="wide", tabindex="0", role="region", aria_label=chart.title)
    return element("figure", element("figcaption", chart.title), build_legend(chart.legend), frame)


def build_legend(legend: Sequence[tuple[str, str]]) -> Markup:
    """Build the list of what colours mean; empty where there is nothing to tell apart."""
    if not legend:
        return EMPTY
    return element("ul", *(element("li", _build_swatch(style), text) for style, text in legend), class_="legend row")


def _build_swatch(style: str) -> Markup:
    if style == "reference":
        mark = element("path", d=f"M0 {SWATCH / 2:g} H{SWATCH}", class_=style)
    else:
        mark = element("rect", width=SWATCH, height=SWATCH, class_=style)
    return element("svg", mark, width=SWATCH, height=SWATCH, aria_hidden="true")


def _build_shape(shape: Shape) -> Markup:
    if isinstance(shape, Box):
        return element(
            "rect", x=shape.x, y=shape.y, width=shape.width, height=max(shape.height, 0.01), class_=shape.style
        )
    if isinstance(shape, Path):
        return draw_path(shape.points, shape.style)
    return element("text", shape.text, x=shape.x, y=shape.y, text_anchor=shape.anchor, class_=shape.style)
