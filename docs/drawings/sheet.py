"""A sheet of paper: boxes, words and arrows, written as one SVG that is right in light and in dark."""

from collections.abc import Sequence
from xml.etree import ElementTree

LETTER = 0.58  # width of a letter, in font sizes: fonts differ, and DejaVu Sans is a wide one
STYLE = """
  text { fill: #17212b; font-family: system-ui, "Segoe UI", "Helvetica Neue", "DejaVu Sans", sans-serif; }
  .name, .part { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
  .name { font-size: 15px; font-weight: 600; }
  .part { font-size: 12px; }
  .words { font-size: 13px; }
  .note { font-size: 12px; fill: #566472; }
  .strong { font-size: 12px; font-weight: 600; fill: #0b5cad; }
  .halo { paint-order: stroke; stroke: #ffffff; stroke-width: 5px; stroke-linejoin: round; }
  .paper { fill: #ffffff; }
  .room { fill: #f4f6f8; stroke: #b9c3cd; }
  .inner { fill: #ffffff; stroke: #d4dbe2; }
  .open { fill: none; stroke: #b9c3cd; stroke-dasharray: 5 4; }
  .main { fill: #e8f1fb; stroke: #0b5cad; }
  .good { fill: #e6f4ef; stroke: #00705a; }
  .bad { fill: #fdf0ee; stroke: #b3261e; }
  .line { fill: none; stroke: #566472; stroke-width: 1.5; }
  .strongline { fill: none; stroke: #0b5cad; stroke-width: 2; }
  .faint { fill: none; stroke: #b9c3cd; stroke-width: 1.2; }
  .dashed { stroke-dasharray: 5 4; }
  .head { fill: #566472; stroke: none; }
  .stronghead { fill: #0b5cad; stroke: none; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6ebf0; }
    .note { fill: #9caab8; }
    .strong { fill: #6db3f8; }
    .halo { stroke: #11161c; }
    .paper { fill: #11161c; }
    .room { fill: #1a2129; stroke: #4a5866; }
    .inner { fill: #11161c; stroke: #36414d; }
    .open { stroke: #4a5866; }
    .main { fill: #14283c; stroke: #6db3f8; }
    .good { fill: #12302a; stroke: #4fd1a5; }
    .bad { fill: #33191a; stroke: #ff8f84; }
    .line { stroke: #9caab8; }
    .strongline { stroke: #6db3f8; }
    .faint { stroke: #4a5866; }
    .head { fill: #9caab8; }
    .stronghead { fill: #6db3f8; }
  }
"""

Point = tuple[float, float]
Place = tuple[float, float, float, float]  # left, top, width, height


def wrap(words: str, width: float, size: float = 13) -> list[str]:
    """Break words into lines that fit into a width; a line break in the words stays."""
    lines: list[str] = []
    for paragraph in words.split("\n"):
        lines.append("")
        for word in paragraph.split():
            longer = f"{lines[-1]} {word}".strip()
            if len(longer) * size * LETTER <= width or not lines[-1]:
                lines[-1] = longer
            else:
                lines.append(word)
    return lines


class Sheet:
    """One drawing.

    Parameters
    ----------
    title, description : str
        Read aloud to those who do not see the drawing.
    """

    def __init__(self, width: int, height: int, title: str, description: str) -> None:
        size = {"width": str(width), "height": str(height), "viewBox": f"0 0 {width} {height}"}
        self._root = ElementTree.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size, "role": "img"})
        self._add("title", title)
        self._add("desc", description)
        self._add("style", STYLE)
        marks = ElementTree.SubElement(self._root, "defs")
        for mark, style in (("arrow", "head"), ("strongarrow", "stronghead")):
            facts = {"viewBox": "0 0 8 8", "refX": "7", "refY": "4", "orient": "auto", "markerUnits": "userSpaceOnUse"}
            marker = ElementTree.SubElement(
                marks, "marker", {"id": mark, "markerWidth": "9", "markerHeight": "9", **facts}
            )
            ElementTree.SubElement(marker, "path", {"d": "M0 0 L8 4 L0 8 z", "class": style})
        self.box(0, 0, width, height, "paper", rounding=10)

    def box(self, x: float, y: float, width: float, height: float, style: str = "room", rounding: float = 6) -> None:
        """Draw a box by its upper left corner."""
        self._add("rect", x=x, y=y, width=width, height=height, rx=rounding, style=style)

    def shape(self, points: Sequence[Point], style: str = "room") -> None:
        """Draw a closed outline."""
        self._add("polygon", points=" ".join(f"{x:g},{y:g}" for x, y in points), style=style)

    def write(self, x: float, y: float, words: str, style: str = "words", anchor: str = "start") -> None:
        """Write one line; `anchor` is ``start``, ``middle`` or ``end`` of it."""
        self._add("text", words, x=x, y=y, style=style, anchor=anchor)

    def write_lines(
        self, x: float, y: float, lines: Sequence[str], style: str = "words", anchor: str = "start", leading: float = 17
    ) -> None:
        """Write several lines, one below the other."""
        for number, line in enumerate(lines):
            self.write(x, y + number * leading, line, style, anchor)

    def card(self, place: Place, name: str, words: str, style: str = "room") -> None:
        """Draw a box with a name and words below it."""
        x, y, width, height = place
        self.box(x, y, width, height, style)
        self.write(x + 12, y + 22, name, "name")
        self.write_lines(x + 12, y + 41, wrap(words, width - 14, 12), "note", leading=15)

    def arrow(self, points: Sequence[Point], style: str = "line") -> None:
        """Draw an arrow through points."""
        mark = "strongarrow" if style.startswith("strong") else "arrow"
        self.curve("M" + " L".join(f"{x:g} {y:g}" for x, y in points), style, mark)

    def curve(self, path: str, style: str = "line", mark: str = "") -> None:
        """Draw a path of SVG, with an arrow's head where `mark` names one."""
        self._add("path", d=path, style=style, **({"marker-end": f"url(#{mark})"} if mark else {}))

    def as_svg(self) -> str:
        """Return the drawing as text, one element a line."""
        ElementTree.indent(self._root)
        return ElementTree.tostring(self._root, encoding="unicode") + "\n"

    def _add(self, tag: str, words: str = "", style: str = "", anchor: str = "", **facts: float | str) -> None:
        attributes = {name: f"{value:g}" if isinstance(value, int | float) else value for name, value in facts.items()}
        if style:
            attributes["class"] = style
        if anchor and anchor != "start":
            attributes["text-anchor"] = anchor
        ElementTree.SubElement(self._root, tag, attributes).text = words or None
