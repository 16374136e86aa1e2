import re
from functools import cache
from io import BytesIO

import pytest
from pypdf import PdfReader

from inference.labels import NOTICE
from reports.writers.page_report import write_pdf
from store.questions.selection import Dimension
from tests.reports.reports import LONG, make_report
from tests.reports.results import HOSTILE_NAMES, GivenSource

HOSTILE = (
    *HOSTILE_NAMES,
    LONG,
    "Müller_Čapek.dcm",
    "рентген.dcm",
    '<img src="file:///etc/passwd"/>',
    "<b>bold",
    "&amp;",
)
REPORTS = {
    "empty": lambda: make_report(0),
    "small": lambda: make_report(7),
    "ordinary": lambda: make_report(1236),
    "year": lambda: make_report(5_000_000, days=365, by=Dimension.DAY),
    "hostile": lambda: make_report(900, names=HOSTILE, by=Dimension.STATION),
}


@cache
def write(name: str) -> bytes:
    stream = BytesIO()
    write_pdf(GivenSource(REPORTS[name]()), stream)
    return stream.getvalue()


@cache
def read(name: str) -> PdfReader:
    return PdfReader(BytesIO(write(name)), strict=True)


@cache
def read_pages(name: str) -> list[str]:
    return [page.extract_text() for page in read(name).pages]


def read_text(name: str) -> str:
    return " ".join(" ".join(read_pages(name)).split())


@pytest.mark.parametrize("name", REPORTS)
def test_notice_period_and_number_stand_on_each_a4_page(name: str) -> None:
    pages = read(name).pages
    for number, (page, text) in enumerate(zip(pages, read_pages(name), strict=True), 1):
        assert NOTICE in text
        assert f"{number} / {len(pages)}" in text
        assert "2026-11-21 17:30 (Europe/Berlin)" in text
        assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)


@pytest.mark.parametrize("name", REPORTS)
def test_every_font_is_embedded(name: str) -> None:
    fonts = [font.get_object() for page in read(name).pages for font in page["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        assert "/FontFile2" in font["/FontDescriptor"].get_object(), font["/BaseFont"]


def test_the_same_report_gives_the_same_bytes() -> None:
    again = BytesIO()
    write_pdf(GivenSource(REPORTS["small"]()), again)
    assert again.getvalue() == write("small")


def test_the_headline_figures_stand_in_the_text() -> None:
    summary, text = make_report(1236).summary, read_text("ordinary")
    assert f"1,236 files arrived; {summary.finished:,} are finished, {summary.pending} wait." in text
    assert "A file has waited for 1 h 34 min" in text
    assert "Nothing arrived in this period." in read_text("empty")


def test_a_long_table_goes_on_with_its_head_and_says_what_it_leaves_out() -> None:
    pages = read_pages("year")
    assert sum("probability" in text and "arrival" in text for text in pages) > 1
    assert re.search(r"And [\d,]+ films more: --positives lists more, the CSV all of them\.", read_text("year"))
    assert len(pages) < 20


def test_names_are_text_and_signs_without_a_glyph_are_shown_by_their_code() -> None:
    text = read_text("hostile")
    assert "<script>alert(1)<script>" in text
    assert "<b>bold" in text
    assert "&amp;" in text
    assert "Müller_Čapek.dcm" in text
    assert r"\u0440\u0435" in text
    assert r"\u202emcd.exe" in text
    assert "■" not in text


def test_sections_stand_in_the_outline() -> None:
    titles = [item.title for item in read("ordinary").outline]
    assert titles[:4] == ["Likely positives", "All arrivals", "Labels", "Reasons"]


def test_charts_are_vectors() -> None:
    for page in read("ordinary").pages:
        assert "/XObject" not in page["/Resources"] or not page["/Resources"]["/XObject"]


def test_a_writer_writes_the_document() -> None:
    stream = BytesIO()
    write_pdf(GivenSource(make_report(7)), stream)
    assert stream.getvalue() == write("small")
