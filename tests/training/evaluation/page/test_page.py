from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.outline import PROMISES, Outline
from tests.training.evaluation.page.reports import ABSENT, make_hollow_report, make_report, make_scores
from training.evaluation.page import render_page

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


@pytest.mark.parametrize("holds", PROMISES, ids=lambda promise: promise.__name__)
def test_the_page_keeps_what_our_pages_promise(page: str, holds: Callable[[str], None]):
    holds(page)


def test_pictures_are_carried_in_the_page():
    images = Outline(render_page(make_report())).find("img")
    assert images
    assert all(str(image["src"]).startswith("data:image/jpeg;base64,") for image in images)


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
