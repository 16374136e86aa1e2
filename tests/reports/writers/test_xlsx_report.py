import re
from collections.abc import Iterator
from io import BytesIO
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest

from inference.labels import NOTICE
from reports.writers import xlsx_report as results
from reports.writers.xlsx_report import write_xlsx
from store.questions.queries import Result
from store.questions.selection import Dimension
from tests.reports.reports import make_report
from tests.reports.results import HOSTILE_NAMES, PREDICTED, GivenSource, named, refused

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
HOSTILE = (*HOSTILE_NAMES, "<r><t>x</t></r>", "_x0041_.dcm", "http://evil.example", "{=1+1}")


class Sheets:
    """What stands in a workbook, read from its XML."""

    def __init__(self, *given: Result, arrived: int = 1236, names: tuple[str, ...] = ()) -> None:
        stream = BytesIO()
        by = Dimension.STATION if names else Dimension.HOUR
        write_xlsx(GivenSource(make_report(arrived, names=names, by=by), given), stream)
        archive = ZipFile(stream)
        self.bytes = stream.getvalue()
        self.parts = {name: archive.read(name).decode() for name in archive.namelist()}
        book = ElementTree.fromstring(self.parts["xl/workbook.xml"])
        self.names = [sheet.get("name", "") for sheet in book.iter(f"{MAIN}sheet")]

    def find(self, name: str) -> ElementTree.Element:
        return ElementTree.fromstring(self.parts[f"xl/worksheets/sheet{self.names.index(name) + 1}.xml"])

    def rows(self, name: str) -> Iterator[list[str]]:
        for row in self.find(name).iter(f"{MAIN}row"):
            yield ["".join(cell.itertext()) for cell in row.iter(f"{MAIN}c")]


def test_summary_reasons_and_results_each_have_a_sheet_and_the_notice() -> None:
    book = Sheets(PREDICTED)
    assert book.names == ["Summary", "Reasons", "Results"]
    assert next(book.rows("Summary")) == next(book.rows("Reasons")) == [NOTICE]
    assert [row[-1] for row in book.rows("Results")] == ["notice", NOTICE]
    for name in book.names:
        assert NOTICE in "".join(book.find(name).itertext())
        assert book.find(name).findtext(f"{MAIN}headerFooter/{MAIN}oddFooter") == f"&L{NOTICE}&R&P / &N"


def test_the_head_stays_in_sight_and_filters() -> None:
    book = Sheets(PREDICTED, PREDICTED)
    pane, column = book.find("Results").find(f".//{MAIN}pane"), chr(ord("A") + len(results.SHEET) - 1)
    assert pane is not None
    assert pane.get("ySplit") == "1"
    found = book.find("Results").find(f"{MAIN}autoFilter")
    assert found is not None
    assert found.get("ref") == f"A1:{column}3"
    assert book.find("Reasons").find(f"{MAIN}autoFilter") is not None


def test_cells_have_types() -> None:
    row = list(Sheets(PREDICTED).find("Results").iter(f"{MAIN}row"))[1]
    typed = dict(zip(results.SHEET, ((c.get("t"), "".join(c.itertext())) for c in row), strict=False))
    assert typed["arrival_id"] == (None, "1")
    assert typed["file_name"] == ("inlineStr", "film.dcm")
    assert typed["probability_normal"] == (None, "0.625")
    received = {cell.get("r"): "".join(cell.itertext()) for cell in row}
    column = list(results.SHEET).index("received_at")
    assert float(received[f"{chr(ord('A') + column)}2"]) == pytest.approx(46327.396, abs=1e-3)  # 09:30 in Berlin


def test_nothing_of_a_name_is_computed_linked_or_taken_for_markup() -> None:
    book = Sheets(*map(named, HOSTILE_NAMES), *(named(name) for name in ("_x0041_.dcm", "{=1+1}")), names=HOSTILE)
    for name in book.names:
        sheet = book.find(name)
        assert sheet.find(f".//{MAIN}f") is None
        assert sheet.find(f".//{MAIN}hyperlinks") is None
        assert {cell.get("t") for cell in sheet.iter(f"{MAIN}c")} <= {"inlineStr", None}
        assert sheet.find(f".//{MAIN}r") is None
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", "".join(book.parts.values()))
    shown = [row[1] for row in book.rows("Results")][1:]
    assert shown[0] == HOSTILE_NAMES[0]
    assert r"\u202emcd.exe" in shown
    assert "_x005F_x0041_.dcm" in shown


def test_a_full_sheet_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "MOST_ROWS", 3)
    book = Sheets(*(named(f"{number}.dcm") for number in range(7)))
    assert book.names[2:] == ["Results", "Results 2", "Results 3"]
    found = [row[1] for name in book.names[2:] for row in list(book.rows(name))[1:]]
    assert found == [f"{number}.dcm" for number in range(7)]


def test_without_a_result_there_is_a_sheet_with_its_head() -> None:
    book = Sheets(arrived=0)
    assert book.names == ["Summary", "Reasons", "Results"]
    assert len(list(book.rows("Results"))) == 1
    assert "Nothing arrived in this period." in [row[0] for row in book.rows("Summary") if row]


def test_a_file_without_an_answer_leaves_its_cells_empty() -> None:
    row = list(Sheets(refused("truncated")).rows("Results"))[1]
    assert "truncated" in row
    assert len(row) == len(results.SHEET) - 12  # no label, probabilities, conflict, detail, and nothing of a header


def test_each_reason_stands_with_its_count_and_advice() -> None:
    report, rows = make_report(1236), list(Sheets().rows("Reasons"))
    assert rows[1] == ["reason", "files", "outcome", "what to do"]
    found = {row[0]: row[1:] for row in rows[2:]}
    for reason in report.reasons:
        assert found[reason.reason_code] == [str(reason.count), reason.part.value, reason.advice]


def test_the_same_report_gives_the_same_bytes() -> None:
    assert Sheets(PREDICTED).bytes == Sheets(PREDICTED).bytes


def test_columns_are_as_wide_as_what_stands_in_them_and_the_title_has_room() -> None:
    book = Sheets(named("x" * 50), named("y" * 200))
    widths = {name: _list_widths(book.find(name)) for name in book.names}
    summary = list(book.rows("Summary"))
    received = next(row for row in summary if "received" in row).index("received")
    assert widths["Summary"][received] >= 20  # a moment's digits: narrower ones are shown as ###
    assert widths["Results"][list(results.SHEET).index("received_at")] >= 20
    assert 64 <= widths["Results"][list(results.SHEET).index("file_name")] < 80  # bounded: the longer name is wrapped
    assert all(wide >= 9 for sheet in widths.values() for wide in sheet.values())
    title = list(book.find("Summary").iter(f"{MAIN}row"))[1]
    assert float(title.get("ht", "0")) >= 20


def _list_widths(sheet: ElementTree.Element) -> dict[int, float]:
    spans = [(int(c.get("min", 0)), int(c.get("max", 0)), float(c.get("width", 0))) for c in sheet.iter(f"{MAIN}col")]
    return {place - 1: width for first, last, width in spans for place in range(first, last + 1)}
