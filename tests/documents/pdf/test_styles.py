from hypothesis import given, settings
from hypothesis import strategies as st

from documents.pdf.styles import register_fonts, show_glyphs


@settings(deadline=None)
@given(st.text())
def test_every_sign_that_is_written_has_a_glyph(text: str) -> None:
    known = register_fonts()
    assert all(ord(sign) in known for sign in show_glyphs(text, known))


def test_signs_of_western_names_stay_and_others_are_told_apart() -> None:
    known = register_fonts()
    assert show_glyphs("Müller Çapek š 91 % (87…95)", known) == "Müller Çapek š 91 % (87…95)"
    assert show_glyphs("胸部", known) == r"\u80f8\u90e8"
    assert show_glyphs("\U0001f637", known) == r"\U0001f637"
