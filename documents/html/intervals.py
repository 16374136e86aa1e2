"""Tables whose rows hold a figure as text and as a mark on a common scale: the forest plot and the bar chart.

The marks are SVG with lengths in percent of the cell, so that they follow the width of the page and of the paper.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from documents.figures import say_estimate, say_percent
from documents.html.elements import EMPTY, element, join
from documents.html.plot import TICKS

Estimate = Mapping[str, float | None]

HEIGHT = 22
SHORT = 12
MIDDLE = HEIGHT / 2


@dataclass(frozen=True, slots=True)
class Row:
    """One line of such a table.

    Attributes
    ----------
    name : str or Markup
        What was measured.
    estimate : mapping or None
        value, low, high.
    cells : sequence of str
        What stands between the name and the mark.
    class_ : str or None
        Style of the row.
    say : callable or None
        How its figure is written, where not as the scale says.
    reference : float or None
        Where its own dashed line stands.
    """

    name: str
    estimate: Estimate | None
    cells: Sequence[str] = ()
    class_: str | None = None
    say: Callable[[float | None], str] | None = None
    reference: float | None = None


@dataclass(frozen=True, slots=True)
class Heading:
    """A line over the rows that follow."""

    name: str


@dataclass(frozen=True, slots=True)
class Scale:
    """The common scale of the marks.

    Attributes
    ----------
    low, high : float
        Its ends.
    reference : float or None
        Where the dashed line stands (chance, or the figure over all films).
    reference_name : str
        What that line means.
    bars : bool
        Bars from the scale's lower end in place of dots.
    say : callable
        How a figure is written.
    """

    low: float = 0.0
    high: float = 1.0
    reference: float | None = None
    reference_name: str = ""
    bars: bool = False
    say: Callable[[float | None], str] = say_percent

    def place(self, value: float) -> str:
        """Return the place of a value as a length in percent; what lies beyond an end stands at it."""
        return f"{100 * min(max((value - self.low) / (self.high - self.low), 0.0), 1.0):.2f}%"


def fit_scale(rows: Sequence[Row | Heading], **facts: Any) -> Scale:
    """Begin the scale at 0 % or, where no interval reaches lower, at 50 %: small differences then stay visible."""
    lows = [
        row.estimate.get("low") or row.estimate.get("value") for row in rows if isinstance(row, Row) and row.estimate
    ]
    known = [low for low in lows if low is not None]
    return Scale(low=0.5 if known and min(known) >= 0.5 else 0.0, **facts)


def draw_table(caption: str, headings: Sequence[str], rows: Sequence[Row | Heading], scale: Scale) -> Markup:
    """Build a table with a mark and a figure in each row.

    Parameters
    ----------
    caption : str
        What the table shows.
    headings : sequence of str
        Of the name, of each further cell, and of the figure, in this order.
    rows : sequence of Row or Heading
        In the order to be shown.
    scale : Scale
        Common to all rows.
    """
    head = [
        *(element("th", heading, scope="col") for heading in headings[:-1]),
        element("th", _draw_axis(scale), scope="col", class_="mark"),
        element("th", headings[-1], scope="col", class_="figure"),
    ]
    table = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *head)),
        element("tbody", *(_build_line(row, scale, len(head)) for row in rows)),
        class_="marks",
    )
    return frame_table(table, caption, is_short=len(rows) <= SHORT)


def frame_table(table: Markup, caption: str, *, is_short: bool = False) -> Markup:
    """Let a table that is too wide for a narrow screen scroll by itself; a short one is not torn in print."""
    class_ = "wide short" if is_short else "wide"
    return element("div", table, class_=class_, tabindex="0", role="region", aria_label=caption)


def build_figure(estimate: Estimate | None, say: Callable[[float | None], str] = say_percent) -> Markup:
    """Build a figure that breaks before its interval and nowhere else."""
    value, bracket, interval = say_estimate(estimate, say).partition(" (")
    parts = (element("span", part) for part in (value, f"({interval}" if bracket else "") if part)
    return Markup(" ").join(parts)


def _build_line(row: Row | Heading, scale: Scale, columns: int) -> Markup:
    if isinstance(row, Row):
        return _build_row(row, scale)
    return element("tr", element("th", row.name, scope="rowgroup", colspan=columns), class_="group")


def _build_row(row: Row, scale: Scale) -> Markup:
    return element(
        "tr",
        element("th", row.name, scope="row"),
        *(element("td", cell) for cell in row.cells),
        element("td", draw_mark(row.estimate, scale, row.reference), class_="mark"),
        element("td", build_figure(row.estimate, row.say or scale.say), class_="figure"),
        class_=row.class_,
    )


def draw_mark(estimate: Estimate | None, scale: Scale, own_reference: float | None = None) -> Markup:
    """Draw one figure on the scale; the text beside it says the same, so readers of the screen pass over it."""
    parts = [
        element("line", x1=scale.place(tick), x2=scale.place(tick), y1=0, y2=HEIGHT, class_="grid")
        for tick in _ticks(scale)
    ]
    reference = scale.reference if own_reference is None else own_reference
    if reference is not None:
        place = scale.place(reference)
        parts.append(element("line", x1=place, x2=place, y1=0, y2=HEIGHT, class_="reference"))
    value = estimate.get("value") if estimate else None
    if estimate and value is not None:
        parts += _draw_value(value, scale), _draw_interval(estimate.get("low"), estimate.get("high"), scale)
        parts += [EMPTY if scale.bars else element("circle", cx=scale.place(value), cy=MIDDLE, r=4, class_="dot")]
    return element("svg", *parts, height=HEIGHT, class_="strip", aria_hidden="true")


def _draw_value(value: float, scale: Scale) -> Markup:
    if not scale.bars:
        return EMPTY
    return element("rect", x=0, y=5, width=scale.place(value), height=HEIGHT - 10, class_="bar")


def _draw_interval(low: float | None, high: float | None, scale: Scale) -> Markup:
    if low is None or high is None:
        return EMPTY
    return element("line", x1=scale.place(low), x2=scale.place(high), y1=MIDDLE, y2=MIDDLE, class_="interval")


def _draw_axis(scale: Scale) -> Markup:
    texts = [
        element("text", scale.say(tick), x=scale.place(tick), y=14, class_="tick", text_anchor="middle")
        for tick in _ticks(scale)
    ]
    svg = element("svg", *texts, height=18, class_="strip", aria_hidden="true")
    if not scale.reference_name:
        return svg
    return join([svg, element("span", f"dashed: {scale.reference_name}", class_="key")])


def _ticks(scale: Scale) -> list[float]:
    return [scale.low + (scale.high - scale.low) * tick for tick in TICKS]
