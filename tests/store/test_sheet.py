"""One reader for every CSV: whatever program wrote it, the same cells come out."""

import codecs
import csv
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.errors import SheetError
from store.sheet import SEPARATORS, read_sheet

# of Windows' code page 1252 the letters of European names: two of them in a row are never UTF-8
LETTERS = st.characters(min_codepoint=33, max_codepoint=126) | st.characters(min_codepoint=0xC0, max_codepoint=0xFF)
CELLS = st.text(LETTERS | st.just(" "), min_size=1, max_size=8).map(str.strip).filter(bool)
MARKS = {"utf-8": b"", "utf-8-sig": b"", "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(2, 4))
    header = [f"column {place}" for place in range(width)]
    rows = draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=4))
    return [header, *rows]


@given(
    table=tables(),
    separator=st.sampled_from(SEPARATORS),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "cp1252"]),
    end=st.sampled_from(["\n", "\r\n"]),
    hint=st.booleans(),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_table_is_read_whoever_wrote_it(
    tmp_path: Path, table: list[list[str]], separator: str, encoding: str, end: str, hint: bool
) -> None:
    text = StringIO()
    text.write(f"sep={separator}{end}" if hint else "")
    csv.writer(text, delimiter=separator, lineterminator=end).writerows(table)
    content = text.getvalue().encode(encoding)
    path = tmp_path / "table.csv"
    path.write_bytes(MARKS.get(encoding, b"") + content)
    sheet = read_sheet(path)
    assert [list(sheet.header), *(list(cells) for _, cells in sheet.rows)] == table
    assert [line for line, _ in sheet.rows] == list(range(2 + hint, len(table) + 1 + hint))


def test_one_byte_that_is_no_utf8_spoils_no_other_letter(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes("é,ü\n".encode() + b"caf\xe9,x\n")
    sheet = read_sheet(tmp_path / "table.csv")
    assert (sheet.header, sheet.rows) == (("é", "ü"), ((2, ("café", "x")),))


def test_signs_that_only_look_like_the_end_of_a_line_stay_in_their_cell(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("a,b\none\u2028two,three\x0bfour\n", encoding="utf-8")
    assert read_sheet(tmp_path / "table.csv").rows == ((2, ("one\u2028two", "three\x0bfour")),)


def test_a_header_alone_is_enough_for_those_who_ask_for_no_more(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("file,label\n")
    assert read_sheet(tmp_path / "table.csv", may_be_empty=True).rows == ()
    with pytest.raises(SheetError, match="no rows"):
        read_sheet(tmp_path / "table.csv")


@pytest.mark.parametrize(
    ("name", "header", "row"),
    [
        ("pcr_cp1252.csv", ("Accession", "Résultat"), ("SYN000001", "négatif")),
        ("pcr_sep_line.csv", ("Accession", "Result"), ("SYN000001", "Positive")),
        ("labels_semicolon.csv", ("file", "label"), ("film.dcm", "normal")),
        ("manifest_bom/manifest.csv", ("file", "label", "patient_id"), ("a.png", "normal", "p1")),
    ],
)
def test_tables_that_people_sent(shared: Path, name: str, header: tuple[str, ...], row: tuple[str, ...]) -> None:
    sheet = read_sheet(shared / "cases" / name)
    assert (sheet.header, sheet.rows[0][1]) == (header, row)
