"""Text of the report as paragraphs: nothing in it is markup, and nothing in it has no glyph."""

from xml.sax.saxutils import escape

from reportlab.platypus import Paragraph

from documents.pdf.fonts import register_fonts, show_glyphs
from documents.pdf.styles import find_style
from documents.text import shorten, show_text


def build_paragraph(text: str, style: str = "text", most: int | None = None) -> Paragraph:
    """Build a paragraph that shows a text as it is, or no more than `most` signs of it."""
    shown = show_glyphs(show_text(text), register_fonts())
    return Paragraph(escape(shown if most is None else shorten(shown, most)), find_style(style))
