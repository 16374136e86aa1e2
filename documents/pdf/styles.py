"""Colours, letters and paragraphs of the PDF; the colours are those of the page on paper, the letters are embedded."""

from collections.abc import Iterable
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.pdfmetrics import registerFont, registerFontFamily
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph

from documents.text import shorten, show_text

REGULAR, BOLD = "Vera", "VeraBd"
INK, SOFT, RULE, GRID = HexColor("#17212b"), HexColor("#4c5864"), HexColor("#c3ccd5"), HexColor("#e0e5ea")
BAD, BAD_PAPER, RAISED, ACCENT = HexColor("#b3261e"), HexColor("#fdf0ee"), HexColor("#f1f4f7"), HexColor("#0b5cad")
COLORS = {
    "covid19": HexColor("#c24a00"),
    "viral_pneumonia": HexColor("#0b66b0"),
    "normal": HexColor("#00785b"),
    "predicted": ACCENT,
    "finished": ACCENT,
    "bin": HexColor("#7da6d1"),
    "covid19_vs_normal": INK,
    "curve": ACCENT,
    "dot": ACCENT,
    "interval": ACCENT,
    "chance": SOFT,
    "title": SOFT,
    "indeterminate": HexColor("#a86f00"),
    "rejected": HexColor("#7445b0"),
    "duplicate": HexColor("#6b7785"),
    "quarantined": BAD,
    "vanished": HexColor("#6d4c3d"),
    "pending": HexColor("#008577"),
    "alarm": BAD,
    "whole": INK,
    "axis": SOFT,
    "grid": GRID,
    "reference": INK,
    "tick": SOFT,
}


STRONG: dict[str, Any] = {"fontName": BOLD}
CELL: dict[str, Any] = {"fontSize": 7.5, "leading": 9.5}
HEAD: dict[str, Any] = {"fontSize": 7, "leading": 8.5, "textColor": SOFT}
RIGHT: dict[str, Any] = {"alignment": 2}


@cache
def find_style(name: str) -> ParagraphStyle:
    """Return the style of a paragraph; those that are not named differ in nothing from ``text``."""
    changed: dict[str, dict[str, Any]] = {
        "title": {**STRONG, "fontSize": 20, "leading": 24, "spaceAfter": 2},
        "heading": {**STRONG, "fontSize": 13, "leading": 16, "spaceBefore": 15, "spaceAfter": 2, "keepWithNext": 1},
        "lead": {"textColor": SOFT, "spaceAfter": 5},
        "caption": {**STRONG, "fontSize": 8.5, "leading": 11, "spaceBefore": 7, "spaceAfter": 3},
        "verdict": {"fontSize": 10, "leading": 14, "spaceAfter": 2},
        "warning": {"textColor": BAD},
        "alarm": {**STRONG, "textColor": BAD},
        "note": {"textColor": SOFT, "fontSize": 8, "leading": 10.5, "spaceBefore": 2},
        "cell": CELL,
        "cell-whole": CELL | STRONG,
        "cell-alarm": CELL | STRONG | {"textColor": BAD},
        "number": CELL | RIGHT,
        "number-whole": CELL | RIGHT | STRONG,
        "number-alarm": CELL | RIGHT | STRONG | {"textColor": BAD},
        "cell-heading": CELL | STRONG,
        "remark": HEAD,
        "head": HEAD,
        "head-number": HEAD | RIGHT,
        "tile-title": HEAD | {"leading": 9},
        "tile-value": {**STRONG, "fontSize": 14, "leading": 18},
        "tile-detail": HEAD | {"leading": 9},
    }
    base = {"fontName": REGULAR, "fontSize": 9, "leading": 12.5, "textColor": INK, "spaceAfter": 3, "splitLongWords": 1}
    return ParagraphStyle(name, **{**base, **changed.get(name, {})})


@cache
def register_fonts() -> frozenset[int]:
    """Register the fonts that come with reportlab (Bitstream Vera) and return the code points that both can show."""
    fonts = [TTFont(name, f"{name}.ttf") for name in (REGULAR, BOLD)]
    for font in fonts:
        registerFont(font)
    registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)
    regular, bold = (frozenset(font.face.charToGlyph) for font in fonts)
    return regular & bold


def show_glyphs(text: str, known: Iterable[int]) -> str:
    r"""Return text that the font has a glyph for; any other sign is shown by its code, as in ``\u80f8``.

    A box in place of each sign would make all names of one length look the same.
    """
    return "".join(sign if ord(sign) in known else sign.encode("unicode_escape").decode() for sign in text)


def build_paragraph(text: str, style: str = "text", most: int | None = None) -> Paragraph:
    """Build a paragraph that shows a text as it is, or no more than `most` signs of it."""
    shown = show_glyphs(show_text(text), register_fonts())
    return Paragraph(escape(shown if most is None else shorten(shown, most)), find_style(style))
