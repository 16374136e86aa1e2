import re
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest

from inference.labels import NOTICE
from tests.training.page.reports import ABSENT, make_hollow_report, make_report, make_scores
from training.page import render_page

MAX_BYTES = 2_000_000
HOSTILE = "<script>alert('1')</script>\" onload=\"x\x00\x1b[2J\udce9‮evil &amp; 😷"


def make_least_report() -> dict[str, Any]:
    return {name: value for name, value in make_scores().items() if name in {"confusion_matrix", "per_class"}}


REPORTS = {
    "whole": make_report(),
    "stamped": make_report(works_without_lungs=True),
    "hollow": make_hollow_report(),
    "least": make_least_report(),
    "none_for_each_part": dict.fromkeys(make_report()) | make_least_report(),
}


@pytest.fixture(params=REPORTS, ids=str)
def page(request: pytest.FixtureRequest) -> str:
    return render_page(REPORTS[request.param])


class Outline(HTMLParser):
    """What stands in a page: its elements with their attributes, and every text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def find(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in names]


def test_the_page_is_well_formed(page: str):
    root = ElementTree.fromstring(page)
    assert root.tag == "html"
    assert page.startswith("<!DOCTYPE html>")


def test_the_page_needs_no_network_and_no_script(page: str):
    outline = Outline(page)
    assert not outline.find("script", "link", "iframe", "object", "embed", "base")
    assert not re.search(r"\w+://", page)
    assert not [1 for _, attributes in outline.elements for value in attributes.values() if str(value).startswith("//")]
    assert "url(" not in page
    assert "@import" not in page
    assert all(str(image["src"]).startswith("data:image/jpeg;base64,") for image in outline.find("img"))
    assert all(not key.startswith("on") for _, attributes in outline.elements for key in attributes)


def test_the_notice_stands_first_and_last_and_on_each_printed_page(page: str):
    texts = [text.strip() for text in Outline(page[page.index("<body") :]).texts if text.strip()]
    assert texts[0] == NOTICE
    assert texts[-1] == NOTICE
    assert re.search(r"@page \{[^}]*\{ content: \"" + re.escape(NOTICE) + '"', page)


def test_readers_of_the_screen_find_their_way(page: str):
    outline = Outline(page)
    identifiers = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    assert {str(link["href"]).removeprefix("#") for link in outline.find("a")} <= set(identifiers)
    assert {section["aria-labelledby"] for section in outline.find("section")} <= set(identifiers)
    assert all(attributes.get("scope") for attributes in outline.find("th"))
    assert all(attributes.get("alt") for attributes in outline.find("img"))
    levels = [int(tag[1]) for tag, _ in outline.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_each_picture_made_of_lines_is_named_or_hidden(page: str):
    for svg in ElementTree.fromstring(page).iter("svg"):
        title = svg.find("title")
        assert svg.get("aria-hidden") == "true" or (title is not None and title.text)


def test_every_place_in_a_chart_is_a_number(page: str):
    places = re.findall(r' (?:x|y|x1|x2|y1|y2|cx|cy|r|width|height|d)="([^"]*)"', page)
    assert not [place for place in places if re.search("nan|inf|None", place)]


def test_no_python_word_stands_in_the_text(page: str):
    body = " ".join(Outline(page[page.index("<body") :]).texts)
    assert re.findall(r"\b(?:None|nan|True|False|Markup|dict|\{\})\b", body) == []


def test_the_headline_figures_stand_with_their_intervals():
    text = " ".join(Outline(render_page(make_report())).texts)
    assert "Of 185 films of 167 patients it puts 91 % (88 to 94) into the right class" in text
    assert "It reaches 40 % (34 to 46) with the lungs masked out and 35 % (31 to 39) with only the border kept" in text
    assert "It is weakest on source cohen: 76 % (66 to 86)" in text


def test_a_model_that_works_without_lungs_is_stamped():
    text = " ".join(Outline(render_page(make_report(works_without_lungs=True))).texts)
    assert "Works without lungs" in text
    assert "It reaches 79 % (73 to 85) with the lungs masked out" in text
    assert "it has learnt something else than disease" in text
    assert "Works without lungs" not in render_page(make_report())


def test_a_model_that_may_work_without_lungs_is_stamped_so():
    report = make_report(works_without_lungs=True)
    report["audit"]["verdict"] = "not_ruled_out"
    text = " ".join(Outline(render_page(report)).texts)
    assert "May work without lungs" in text
    assert "the intervals do not rule it out" in text


def test_a_missing_audit_is_said_and_not_passed_over():
    assert "The shortcut audit was not run" in render_page(make_report() | {"audit": None})


def test_warnings_are_shown():
    assert "There are fewer than 30 films of some groups" in render_page(make_report())


def test_hostile_names_are_shown_and_do_nothing():
    report = make_report()
    report["model_version"] = HOSTILE
    report["dataset"]["name"] = HOSTILE
    report["by_group"] = {HOSTILE: {HOSTILE: make_scores()}}
    report["leave_one_out"]["groups"] = {HOSTILE: report["leave_one_out"]["groups"]["Italy"]}
    report["audit"]["source_within_class"]["normal"]["sources"] = {HOSTILE: 3}
    report["refused"]["by_reason"] = {HOSTILE: {"n": 1, "advice": HOSTILE, "by_label": {HOSTILE: 1}}}
    report["warnings"] = [{"code": HOSTILE, "message": HOSTILE}]
    for film in report["worst"]:
        film |= {"file": HOSTILE, "source": HOSTILE, "view": HOSTILE, "reason_code": HOSTILE}
    page = render_page(report)
    page.encode("utf-8")
    ElementTree.fromstring(page)
    outline = Outline(page)
    assert not outline.find("script")
    assert not [1 for _, attributes in outline.elements if "onload" in attributes]
    assert r"\u202eevil" in page
    assert "\x1b" not in page


def test_forty_long_sources_and_a_dozen_films_stay_small():
    report = make_report()
    report["by_group"]["source"] = {
        f"{'a hospital with a long name ' * 8}{place}": make_scores() for place in range(40)
    }
    assert len(render_page(report).encode()) < MAX_BYTES


def test_a_film_without_pictures_keeps_its_words():
    report = make_report()
    for film in report["worst"]:
        del film["picture_png"], film["overlay_png"]
    outline = Outline(render_page(report))
    assert not outline.find("img")
    assert any("COVID-19, taken for normal " in text for text in outline.texts)


def test_a_figure_without_interval_is_shown_alone():
    report = make_report() | {"accuracy": {"value": 0.5, "low": None, "high": None}, "ece": ABSENT}
    text = " ".join(Outline(render_page(report)).texts)
    assert "it puts 50 % into the right class" in text
    assert "expected calibration error" not in text
