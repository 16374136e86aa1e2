"""The letters of the PDF: embedded, so that it looks and searches the same everywhere."""

from collections.abc import Iterable
from functools import cache

REGULAR, BOLD = "Vera", "VeraBd"


@cache
def register_fonts() -> frozenset[int]:
    """Register the fonts that come with reportlab (Bitstream Vera) and return the code points that both can show."""
    from reportlab.pdfbase.pdfmetrics import registerFont, registerFontFamily
    from reportlab.pdfbase.ttfonts import TTFont

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
