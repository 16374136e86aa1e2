"""Charts and marks as vectors of the PDF."""

from reportlab.graphics.shapes import STATE_DEFAULTS, Circle, Drawing, Group, Line, PolyLine, Rect, String
from reportlab.lib.colors import Color

from documents.charts.shapes import Box, Chart, Path, Shape
from documents.pdf.fonts import REGULAR
from documents.pdf.styles import ACCENT, COLORS, GRID, INK

TICK = 7.5
SWATCH = 7
HEIGHT = 9.0
STATE_DEFAULTS["fontName"] = REGULAR  # else each drawing begins with a font that is not embedded
FONT = {"fontName": REGULAR}
DASHED = {"reference": (4, 3)}


def draw_chart(chart: Chart, width: float) -> Drawing:
    """Draw a chart as wide as asked, with its legend above it."""
    scale = width / chart.width
    room = 14 if chart.legend else 0
    drawing = Drawing(width, chart.height * scale + room)
    drawing.hAlign = "LEFT"
    body = Group(*(_draw_shape(shape, chart.height) for shape in chart.shapes), transform=(scale, 0, 0, scale, 0, 0))
    drawing.add(body)
    left = 0.0
    for style, text in chart.legend:
        drawing.add(_draw_swatch(style, left, chart.height * scale + 5))
        words = String(
            left + SWATCH + 3, chart.height * scale + 5.5, text, fontName=REGULAR, fontSize=TICK, fillColor=INK
        )
        drawing.add(words)
        left = words.getEast() + 11
    return drawing


def draw_rate(value: float | None, low: float | None, high: float | None, style: str, width: float) -> Drawing:
    """Draw a share with its interval on a scale from 0 to 1."""
    drawing, color = Drawing(width, HEIGHT), COLORS.get(style, ACCENT)
    for tick in range(6):
        drawing.add(Line(width * tick / 5, 0, width * tick / 5, HEIGHT, strokeColor=GRID, strokeWidth=0.5))
    if value is not None and low is not None and high is not None:
        drawing.add(Line(width * low, HEIGHT / 2, width * high, HEIGHT / 2, strokeColor=color, strokeWidth=1.6))
        drawing.add(Circle(width * value, HEIGHT / 2, 2.3, fillColor=color, strokeColor=None))
    return drawing


def draw_bar(share: float | None, style: str, width: float) -> Drawing:
    """Draw a share as a bar."""
    drawing = Drawing(width, HEIGHT)
    if share:
        drawing.add(
            Rect(
                0, 1.5, width * share, HEIGHT - 3, fillColor=COLORS.get(style, ACCENT), strokeWidth=0, strokeColor=None
            )
        )
    return drawing


def _draw_shape(shape: Shape, height: float) -> Rect | PolyLine | String:
    if isinstance(shape, Box):
        bottom = height - shape.y - shape.height
        return Rect(
            shape.x, bottom, shape.width, shape.height, fillColor=COLORS[shape.style], strokeColor=None, strokeWidth=0
        )
    if isinstance(shape, Path):
        points = [place for x, y in shape.points for place in (x, height - y)]
        return PolyLine(points, strokeColor=COLORS[shape.style], strokeWidth=1, strokeDashArray=DASHED.get(shape.style))
    facts = {"fontSize": 1.25 * TICK, "fillColor": COLORS[shape.style], "textAnchor": shape.anchor}
    return String(shape.x, height - shape.y, shape.text, **FONT, **facts)


def _draw_swatch(style: str, left: float, bottom: float) -> Rect | Line:
    if style in DASHED:
        middle = bottom + SWATCH / 2
        return Line(
            left, middle, left + SWATCH, middle, strokeColor=COLORS[style], strokeWidth=1, strokeDashArray=(2, 1)
        )
    return _fill(left, bottom, SWATCH, SWATCH, COLORS[style])


def _fill(x: float, y: float, width: float, height: float, color: Color) -> Rect:
    return Rect(x, y, width, height, fillColor=color, strokeColor=None, strokeWidth=0)
