from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from xml.etree import ElementTree

import pytest

from documents.html.page import render_content
from inference.labels import Label
from reports.content import build_content
from reports.figures.report import Report
from reports.writers.page_report import write_html
from store.questions.selection import Dimension, Part
from tests.outline import PROMISES, Outline
from tests.reports.reports import LONG, make_report
from tests.reports.results import HOSTILE_NAMES, GivenSource

MAX_BYTES = 400_000
HOSTILE = (*HOSTILE_NAMES, LONG, '" onload="alert(1)', "<svg/onload=alert(1)>", "]]>", "&#0;", "Müller.dcm")
REPORTS = {
    "empty": make_report(0),
    "one file": make_report(1),
    "small": make_report(7),
    "ordinary": make_report(1236),
    "year": make_report(5_000_000, days=365, by=Dimension.DAY),
    "year by hour": make_report(5_000_000, days=365, by=Dimension.HOUR),
    "hostile": make_report(900, names=HOSTILE, by=Dimension.STATION),
}


def render_page(report: Report) -> str:
    return render_content(build_content(report))


@pytest.fixture(scope="module", params=REPORTS)
def page(request: pytest.FixtureRequest) -> str:
    return render_page(REPORTS[request.param])


def read(report: Report) -> str:
    return " ".join(" ".join(Outline(render_page(report)).texts).split())


@pytest.mark.parametrize("holds", PROMISES, ids=lambda promise: promise.__name__)
def test_the_page_keeps_what_our_pages_promise(page: str, holds: Callable[[str], None]) -> None:
    holds(page)


def test_a_page_does_not_grow_with_its_period(page: str) -> None:
    assert len(page.encode()) < MAX_BYTES


def test_the_headline_says_what_a_period_comes_to() -> None:
    report = make_report(1236)
    summary, text = report.summary, read(report)
    assert f"1,236 files arrived; {summary.finished:,} are finished, {summary.pending} wait." in text
    assert f"of the {summary.judged:,} that the model has answered for." in text
    assert "A file has waited for 1 h 34 min" in text
    assert "lite0-2026.11.2 answered in place of lite0-2026.11.1." in text


def test_nothing_is_said_about_nothing() -> None:
    text = read(make_report(0))
    assert "Nothing arrived in this period." in text
    assert "Likely positives" not in text


def test_each_reason_stands_with_what_to_do() -> None:
    report = make_report(1236)
    text = read(report)
    for reason in report.reasons:
        assert f"{reason.reason_code} {reason.count:,} {reason.part} {reason.advice}".strip() in text


def test_a_list_that_is_cut_says_how_much_is_missing() -> None:
    report = make_report(100_000, days=7, by=Dimension.DAY)
    left_out = report.summary.labels[Label.COVID19] - len(report.positives)
    assert f"And {left_out:,} films more: --positives lists more, the CSV all of them." in read(report)


def test_hostile_names_are_shown_and_do_nothing() -> None:
    page = render_page(REPORTS["hostile"])
    outline = Outline(page)
    assert not outline.find("script")
    assert not [1 for _, attributes in outline.elements if "onload" in attributes]
    assert r"\u202emcd.exe" in page
    assert "\x1b" not in page
    assert "<script>alert(1)<script>" in " ".join(outline.texts)


def test_a_long_name_loses_its_middle_only() -> None:
    names = [bdi.text for bdi in ElementTree.fromstring(render_page(REPORTS["hostile"])).iter("bdi")]
    assert max(len(name or "") for name in names) == 200
    assert any(name and name.startswith("a-film-from") and "…" in name and name.endswith("-name-") for name in names)


def test_arrivals_are_drawn_by_what_became_of_them() -> None:
    report = make_report(1236)
    svg = next(
        svg
        for svg in ElementTree.fromstring(render_page(report)).iter("svg")
        if svg.findtext("title") == "Files by hour"
    )
    heights = dict.fromkeys(Part, 0.0)
    for box in svg.iter("rect"):
        heights[Part(box.get("class", ""))] += float(box.get("height", ""))
    unit = sum(heights.values()) / report.summary.arrived
    for part in Part:
        assert heights[part] / unit == pytest.approx(report.summary.count(part), rel=0.05, abs=1)


def test_the_worklist_follows_its_order() -> None:
    report = make_report(1236)
    text = read(report)
    places = [text.index(result.file_name) for result in report.positives]
    assert places == sorted(places)


def test_a_writer_writes_the_page() -> None:
    stream = StringIO()
    report = replace(make_report(7), positives=())
    write_html(GivenSource(report), stream)
    assert stream.getvalue() == render_page(report)
    assert "No film of this period is labelled COVID-19." in stream.getvalue()
