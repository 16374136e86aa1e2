from collections.abc import Callable
from io import BytesIO, StringIO
from typing import Any
from xml.etree import ElementTree

import pytest
from pypdf import PdfReader

from documents.html.page import render_content
from documents.pdf.document import write_content as write_pdf
from documents.terminal import write_content
from inference.labels import NOTICE
from tests.outline import PROMISES, Outline
from tests.training.evaluation.content.evaluations import (
    ABSENT,
    make_evaluation,
    make_hollow_report,
    make_report,
    make_scores,
)
from training.evaluation.content.content import build_content
from training.evaluation.result import Evaluation

MAX_BYTES = 2_000_000
HOSTILE = "<script>alert('1')</script>\" onload=\"x\x00\x1b[2J\udce9‮evil &amp; 😷"


def make_least_report() -> dict[str, Any]:
    return {name: value for name, value in make_scores().items() if name in {"n", "confusion_matrix", "per_class"}}


def leave_a_label_out(report: dict[str, Any]) -> dict[str, Any]:
    """Return the evaluation of a model of two classes."""
    matrix = [[row[0], row[2]] for row in (report["confusion_matrix"][0], report["confusion_matrix"][2])]
    per_class = {label: each for label, each in report["per_class"].items() if label != "viral_pneumonia"}
    others = {name: each for name, each in report["other_finding"].items() if name != "answered_viral_pneumonia"}
    return report | {"confusion_matrix": matrix, "per_class": per_class, "other_finding": others}


REPORTS = {
    "whole": make_report(),
    "stamped": make_report(works_without_lungs=True),
    "hollow": make_hollow_report(),
    "least": make_least_report(),
    "two classes": leave_a_label_out(make_report()),
}


def render_page(report: dict[str, Any]) -> str:
    return render_content(build_content(Evaluation.from_json(report)))


def read_page(**changes: Any) -> str:
    return " ".join(Outline(render_page(make_report() | changes)).texts)


@pytest.fixture(params=REPORTS, ids=str)
def page(request: pytest.FixtureRequest) -> str:
    return render_page(REPORTS[request.param])


@pytest.mark.parametrize("holds", PROMISES, ids=lambda promise: promise.__name__)
def test_the_page_keeps_what_our_pages_promise(page: str, holds: Callable[[str], None]):
    holds(page)


@pytest.mark.parametrize("name", REPORTS)
def test_a_terminal_of_eighty_columns_has_room_for_it(name: str):
    stream = StringIO()
    write_content(build_content(Evaluation.from_json(REPORTS[name])), stream)
    lines = stream.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[-1] == NOTICE


@pytest.mark.parametrize("name", REPORTS)
def test_paper_shows_each_section_and_the_charts_as_vectors(name: str):
    stream = BytesIO()
    content = build_content(Evaluation.from_json(REPORTS[name]))
    write_pdf(content, stream)
    read = PdfReader(stream, strict=True)
    assert [item["/Title"] for item in read.outline] == [section.heading for section in content.sections]
    text = " ".join(page.extract_text() for page in read.pages)
    assert ("sensitivity, %" in text) == ("curves" in REPORTS[name] and bool(REPORTS[name]["curves"]))


def test_pictures_are_carried_in_the_page():
    images = Outline(render_page(make_report())).find("img")
    assert len(images) == 24
    assert all(str(image["src"]).startswith("data:image/jpeg;base64,") for image in images)


def test_the_headline_figures_stand_with_their_intervals():
    text = read_page()
    assert "Of 185 films of 167 patients it puts 91 % (88 to 94) into the right class" in text
    assert "It reaches 40 % (34 to 46) with the lungs masked out and 35 % (31 to 39) with only the border kept" in text
    assert "It is weakest on source cohen: 76 % (66 to 86)" in text


def test_the_weakest_group_is_named_as_people_say_it_and_is_not_the_whole():
    scores = {"weak": make_scores(0.7, (12, 12, 12)), "strong": make_scores(0.9, (12, 12, 12))}
    ages = {"unknown": scores["weak"], "adult": scores["strong"]}
    whole = {"PA": make_scores(0.1)}
    assert "It is weakest on films of unknown age: 70 % " in read_page(by_group={"age_group": ages, "view": whole})
    sites = {"fewer than 10 films": scores["weak"], "north": scores["strong"]}
    assert "It is weakest on sites with fewer than 10 films: 70 % " in read_page(by_group={"site": sites})
    assert "It is weakest" not in read_page(by_group={"view": whole, "sex": whole})


def test_a_class_that_the_model_does_not_know_is_not_named():
    text = read_page(**leave_a_label_out(make_report()))
    matrix = ElementTree.fromstring(render_page(leave_a_label_out(make_report()))).find(".//table[@class='matrix']")
    assert matrix is not None
    assert [head.text for head in matrix.iter("th")] == [
        "truth, answer",
        "COVID-19",
        "normal",
        "films",
        "COVID-19",
        "normal",
    ]
    assert "answered normal" in text


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
    assert "these films do not rule it out" in text


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
        del film["picture"], film["overlay"]
    outline = Outline(render_page(report))
    assert not outline.find("img")
    assert any("COVID-19, taken for normal" in text for text in outline.texts)


def test_a_figure_without_interval_is_shown_alone():
    text = read_page(accuracy={"value": 0.5, "low": None, "high": None}, ece=ABSENT)
    assert "it puts 50 % into the right class" in text
    assert "expected calibration error" not in text


def test_sites_that_were_compared_with_others_are_named():
    text = read_page()
    assert "AUROC of a site without films of both: against held-out patients of the others." in text
    assert "fewer than 10 films: its films" not in text
    assert "its films come from many sites: fewer than 10 films" in text


def test_parts_of_an_evaluation_are_what_it_was_made_with():
    evaluation = make_evaluation(refused={"n": 0})
    assert "It refuses no film of this data set." in [each.lead for each in build_content(evaluation).sections]
