"""Charts and marks as vectors of the PDF."""

from collections.abc import Iterable, Iterator, Sequence

from reportlab.graphics.shapes import STATE_DEFAULTS, Circle, Drawing, Group, Line, Polygon, PolyLine, Rect, String
from reportlab.lib.colors import Color
from reportlab.pdfbase.pdfmetrics import stringWidth

from documents.charts.marks import HEIGHT as FULL_HEIGHT
from documents.charts.marks import Mark
from documents.charts.shapes import Area, Chart, Dot, Path, Rectangle, Shape
from documents.pdf.styles import ACCENT, COLORS, GRID, INK, REGULAR, SOFT

TICK = 7.5
SWATCH = 7
HEIGHT = 9.0
LINE = 11.0
STATE_DEFAULTS["fontName"] = REGULAR  # else each drawing begins with a font that is not embedded
FONT = {"fontName": REGULAR}
DASHES = {
    "reference": (4, 3),
    "viral_pneumonia": (8, 3),
    "normal": (9, 3, 2, 3),
    "covid19_vs_normal": (1, 3),
}
DOTTED = (2, 4)
PALE = 0.1


def draw_chart(chart: Chart, width: float) -> Drawing:
    """Draw a chart as wide as asked, with its legend above it."""
    scale = width / chart.width
    legend = list(_place_legend(chart.legend, width))
    room = LINE * (1 + legend[-1][1]) + 3 if legend else 0
    drawing = Drawing(width, chart.height * scale + room)
    drawing.hAlign = "LEFT"
    body = Group(*(_draw_shape(shape, chart.height) for shape in chart.shapes), transform=(scale, 0, 0, scale, 0, 0))
    drawing.add(body)
    lines = {shape.style for shape in chart.shapes if isinstance(shape, Path)}
    for left, line, style, text in legend:
        bottom = drawing.height - LINE * line - 9
        drawing.add(_draw_swatch(style, left, bottom, is_line=style in lines))
        drawing.add(String(left + SWATCH + 3, bottom + 0.5, text, fontSize=TICK, fillColor=INK, **FONT))
    return drawing


def _place_legend(legend: Sequence[tuple[str, str]], width: float) -> Iterator[tuple[float, int, str, str]]:
    """Find for each item where it begins and on which line it stands."""
    left, line = 0.0, 0
    for style, text in legend:
        right = left + SWATCH + 3 + stringWidth(text, REGULAR, TICK)
        if left and right > width:
            left, line, right = 0.0, line + 1, right - left
        yield left, line, style, text
        left = right + 11


def draw_marks(marks: Iterable[Mark], style: str, width: float) -> Drawing:
    """Draw the marks of a row of a table, as wide as asked, in the colour of the row."""
    drawing, color = Drawing(width, HEIGHT), COLORS.get(style, ACCENT)
    for mark in marks:
        drawing.add(_draw_mark(mark, color, width))
    return drawing


def _draw_mark(mark: Mark, color: Color, width: float) -> Rect | Line | Circle:
    if isinstance(mark, Rectangle):
        return Rect(
            width * mark.x, 1.5, width * mark.width, HEIGHT - 3, fillColor=color, strokeWidth=0, strokeColor=None
        )
    if isinstance(mark, Dot):
        return Circle(width * mark.x, HEIGHT / 2, 2.3, fillColor=color, strokeColor=None)
    (x1, y1), (x2, y2) = mark.points
    facts = {
        "grid": {"strokeColor": GRID, "strokeWidth": 0.5},
        "reference": {"strokeColor": SOFT, "strokeWidth": 0.7, "strokeDashArray": (2, 1.5)},
    }.get(mark.style, {"strokeColor": color, "strokeWidth": 1.6})
    shrink = HEIGHT / FULL_HEIGHT
    return Line(width * x1, y1 * shrink, width * x2, y2 * shrink, **facts)


def _draw_shape(shape: Shape, height: float) -> Rect | PolyLine | Polygon | Circle | String:
    color = COLORS[shape.style]
    if isinstance(shape, Rectangle):
        bottom = height - shape.y - shape.height
        return Rect(shape.x, bottom, shape.width, shape.height, fillColor=color, strokeColor=None, strokeWidth=0)
    if isinstance(shape, Dot):
        return Circle(shape.x, height - shape.y, shape.radius, fillColor=color, strokeColor=None)
    if isinstance(shape, Path | Area):
        points = [place for x, y in shape.points for place in (x, height - y)]
        if isinstance(shape, Area):
            return Polygon(points, fillColor=color, fillOpacity=PALE, strokeColor=None)
        dash = DOTTED if shape.is_dotted else DASHES.get(shape.style)
        return PolyLine(points, strokeColor=color, strokeWidth=1, strokeDashArray=dash)
    facts = {"fontSize": 1.25 * TICK, "fillColor": color, "textAnchor": shape.anchor}
    if not shape.is_turned:
        return String(shape.x, height - shape.y, shape.text, **FONT, **facts)
    return Group(String(0, 0, shape.text, **FONT, **facts), transform=(0, 1, -1, 0, shape.x, height - shape.y))


def _draw_swatch(style: str, left: float, bottom: float, *, is_line: bool) -> Rect | Line:
    if is_line:
        middle, dash = bottom + SWATCH / 2, (2, 1) if style in DASHES else None
        return Line(left, middle, left + SWATCH, middle, strokeColor=COLORS[style], strokeWidth=1, strokeDashArray=dash)
    return Rect(left, bottom, SWATCH, SWATCH, fillColor=COLORS[style], strokeColor=None, strokeWidth=0)
