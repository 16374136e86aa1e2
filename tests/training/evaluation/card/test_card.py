import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inference.bundle import SHIPPED_BUNDLE, Bundle
from inference.labels import LABELS, NOTICE
from tests.training.evaluation.content.evaluations import make_hollow_report, make_report
from training.evaluation.card.card import render_card
from training.evaluation.card.facts import CardError
from training.evaluation.result import Evaluation

MODEL_SHA256 = "c1" * 32


def make_bundle(**metrics: Any) -> Bundle:
    report = make_report()
    names = ("n", "n_patients", "accuracy", "balanced_accuracy", "ece", "per_class", "confusion_matrix", "by_group")
    training = {
        "backbone": "efficientnet_lite0",
        "measured_on": "films that this training left aside",
        "calibrated_on": "validation films",
        "films": {"train": {"covid19/cohen": 226, "normal/nih": 197, "other_finding/nih": 383}, "validation": {}},
        "left_out": 4,
        "held_out_films_seen_by_weights": 0,
        "held_out_films_without_patient": 0,
        "films_without_patient": 0,
        "starts_from": "imagenet-file",
        "ages": {"covid19": {"adult": 200, "paediatric": 1, "unknown": 25}, "normal": {"adult": 100, "paediatric": 97}},
        "films_with_unknown": {"age_group": 25, "sex": 30, "view": 0},
    }
    return Bundle(
        folder=Path("bundle"),
        model_version="lite0-2026.11.2",
        model_sha256=MODEL_SHA256,
        labels=tuple(LABELS),
        outputs=(*LABELS, "other_finding"),
        input_size=224,
        preprocessing_version="2",
        calibration={"temperature": 0.99},
        operating_points={"covid19": 0.94, "viral_pneumonia": 0.81, "normal": 0.8, "other_finding": 0.79},
        gate={"min_frontal": 0.5, "max_distance": 45.0},
        training_data_sha256="ab" * 32,
        metrics={name: report[name] for name in (*names, "answered", "other_finding")}
        | {"training": training}
        | metrics,
    )


def make_shipped() -> Bundle:
    return replace(make_bundle(), model_version=SHIPPED_BUNDLE.name)


def make_evaluation(*, works_without_lungs: bool = False, **changes: Any) -> Evaluation:
    report = make_report(works_without_lungs=works_without_lungs)
    return Evaluation.from_json(report | {"model_sha256": MODEL_SHA256} | changes)


HOLLOW = Evaluation.from_json(make_hollow_report() | {"model_sha256": MODEL_SHA256})


def find_section(card: str, heading: str) -> str:
    return card.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def test_the_card_names_model_and_notice_first():
    lines = render_card(make_bundle()).splitlines()
    assert lines[0] == "# Model card: lite0-2026.11.2"
    assert lines[2] == f"**{NOTICE}**"


@pytest.mark.parametrize("evaluation", [None, make_evaluation(), HOLLOW], ids=["none", "whole", "hollow"])
def test_nothing_is_left_to_be_filled_in_and_every_table_is_whole(evaluation: Evaluation | None):
    card = render_card(make_bundle(), evaluation)
    assert "$" not in card
    assert not re.search(r"\b(None|nan|True|False)\b", card)
    assert "\n\n\n" not in card
    for block in re.findall(r"(?:^\|.*\n)+", card, flags=re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1, block


def test_figures_stand_with_their_intervals():
    card = render_card(make_bundle())
    assert "185 films of 167 patients, and 91 films with other findings: films that this training left aside." in card
    assert "| accuracy | 91 % (88 to 94) |" in card
    assert "| covid19 | 49 | 88 % (85 to 91) |" in card
    assert "| source | cohen | 49 | covid19 " in card


def test_a_goal_is_met_by_the_figure_and_not_by_its_rounding():
    refused = {"share": {"value": 0.0204, "low": 0.01, "high": 0.03}}
    goals = find_section(render_card(make_bundle(), make_evaluation(refused=refused)), "What was reached")
    assert "| chest films refused by the gate | 2.0 % or less | 2.0 % (1.0 to 3.0) | **missed** |" in goals
    assert "| balanced accuracy with the lungs masked out | 45.0 % or less | 40.0 % (34.0 to 46.0) | met |" in goals


def test_without_an_evaluation_the_card_says_what_was_not_measured():
    card = render_card(make_bundle())
    assert "The shortcut audit was not run" in " ".join(card.split())
    assert "| balanced accuracy with the lungs masked out | 45.0 % or less | not measured |  |" in card
    assert "| other hospitals: balanced accuracy | 60.0 % or more | not measured |  |" in card
    assert "was not measured for this card" in find_section(card, "The input gate")


def test_the_audit_of_the_training_run_stands_in_for_an_evaluation():
    audited = make_bundle(audit=make_report(works_without_lungs=True)["audit"])
    card = render_card(audited)
    assert "**WORKS WITHOUT LUNGS.**" in card.split("\n## ", 1)[0]
    assert "this model, border only" in find_section(card, "Shortcut audit")
    assert "WITHOUT LUNGS" not in render_card(audited, make_evaluation())  # an evaluation goes before


def test_a_model_that_works_without_lungs_is_stamped_at_the_top():
    head = render_card(make_bundle(), make_evaluation(works_without_lungs=True)).split("\n## ", 1)[0]
    assert "**WORKS WITHOUT LUNGS.**" in head
    assert "LUNGS" not in render_card(make_bundle(), make_evaluation()).split("\n## ", 1)[0]


def test_a_model_that_may_work_without_lungs_is_stamped_so():
    report = make_report(works_without_lungs=True)
    audit = report["audit"] | {"verdict": "not_ruled_out"}
    head = render_card(make_bundle(), make_evaluation(audit=audit)).split("\n## ", 1)[0]
    assert "**MAY WORK WITHOUT LUNGS.**" in head
    assert "trained on, whose borders" not in head
    seen = make_evaluation(audit=audit, dataset=report["dataset"] | {"n_files": 200, "n_seen": 200})
    assert "trained on, whose borders" in render_card(make_bundle(), seen).split("\n## ", 1)[0]


def test_warnings_of_the_evaluation_stand_in_the_card():
    assert "There are fewer than 30 films of some groups" in render_card(make_bundle(), make_evaluation())


def test_films_that_the_starting_weights_had_seen_are_named():
    training = dict(make_bundle().metrics["training"])
    seen = make_bundle(training=training | {"held_out_films_seen_by_weights": 3})
    unknown = make_bundle(training=training | {"held_out_films_seen_by_weights": None})
    figures = [
        " ".join(find_section(render_card(bundle), "Figures").split()) for bundle in (seen, unknown, make_bundle())
    ]
    assert "3 films of these were of patients whom the starting weights have seen" in figures[0]
    assert "Whether the starting weights have seen some of them is not known" in figures[1]
    assert all("no figure here is one on unseen patients" in each for each in figures[:2])
    assert "Neither the training nor its starting weights have seen a film of these patients." in figures[2]
    assert "unseen patients **of the same sources**" in figures[2]


def test_what_the_lung_finder_refuses_stands_in_the_gate_and_among_the_goals():
    finder = {
        "dice": {"value": 0.9512, "n": 61},
        "refused_frontal": {"cohen": {"value": 0.05, "n": 20}, "nih": {"value": 0.0, "n": 80}},
        "refused": {"rotated": {"value": 0.999, "n": 300}, "cut_off": {"value": 0.91, "n": 90}},
    }
    card = render_card(make_bundle(lung_finder=finder))
    gate = find_section(card, "The input gate")
    assert "to a Dice score of 0.951" in gate
    assert "| frontal chest films | cohen | 20 | 5 % |" in gate
    assert "| wrong | cut off | 90 | 91 % |" in gate
    goals = find_section(card, "What was reached")
    assert "unseen patients | 2.0 % or less | 1.0 % | met |" in goals
    assert "does worst | 95.0 % or more | 91.0 % | **missed** |" in goals


def test_folds_stand_with_mean_and_deviation():
    folds = {
        "folds": 2,
        "per_fold": [{"fold": 1, "accuracy": 0.9}, {"fold": 2, "accuracy": None}],
        "mean_sd": {"accuracy": {"mean": 0.9, "sd": None}},
    }
    card = render_card(make_bundle(cross_validation=folds))
    assert "|  | fold 1 | fold 2 | mean ± SD |" in card
    assert "| accuracy | 0.900 | – | 0.900 ± – |" in card  # noqa: RUF001


def test_sources_are_described_and_unknown_ones_said_to_be_unknown():
    films = {"train": {"covid19/cohen": 1, "normal/a|b": 2}, "validation": {}}
    training = find_section(render_card(make_bundle(training={"films": films})), "Training data")
    assert "| cohen | Cohen et al. 2020" in training
    assert "| a\\|b | not described | not known | not known |" in training


def test_hostile_names_end_no_cell_and_make_no_markup():
    group = {"<b>x</b> | y\n# z": make_report()["by_group"]["source"]["nih"]}
    card = render_card(make_bundle(by_group={"source": group}))
    assert r"\<b\>x\</b\> \| y\\n\# z" in card


def test_an_evaluation_of_another_model_is_refused():
    with pytest.raises(CardError, match="evaluate this bundle"):
        render_card(make_bundle(), make_evaluation(model_sha256="d2" * 32))


def test_a_bundle_without_figures_is_refused():
    with pytest.raises(CardError, match="lacks"):
        render_card(replace(make_bundle(), metrics={}))


def test_figures_measured_elsewhere_are_those_of_this_model_only():
    measured = [
        {"model_version": "lite0-2026.11.2", "what": "time a film", "value": "9 ms", "how": "`make bench`"},
        {"model_version": "older", "what": "time a film", "value": "12 ms", "how": "`make bench`"},
    ]
    section = find_section(render_card(make_bundle(), measured=measured), "Measured elsewhere")
    assert "| time a film | 9 ms | `make bench` |" in section
    assert "12 ms" not in section


@pytest.mark.parametrize(("heading", "first", "last"), [("TRIPOD+AI", 1, 27), ("CLAIM", 1, 42)])
def test_each_item_of_the_guidelines_has_an_answer(heading: str, first: int, last: int):
    rows = re.findall(
        r"^\| (\d+)\w? [^|]+ \| ([^|]+) \|$", find_section(render_card(make_shipped()), heading), re.MULTILINE
    )
    assert {int(number) for number, _ in rows} == set(range(first, last + 1))
    assert all(answer.strip() for _, answer in rows)


def test_every_section_that_a_guideline_points_to_exists():
    card = render_card(replace(make_shipped(), metrics=make_bundle(left_out_sources=LEFT_OUT).metrics))
    answers = find_section(card, "TRIPOD+AI") + find_section(card, "CLAIM")
    headings = set(re.findall(r"^## (.+)$", card, re.MULTILINE))
    assert set(re.findall(r'"([^"]+)"', answers)) <= headings


def test_another_model_has_no_answers_to_the_guidelines():
    card = render_card(make_bundle())
    assert "## TRIPOD+AI" not in card
    assert "Whoever trained this model has to answer" in find_section(card, "Reporting guidelines")


def test_a_model_of_two_classes_names_no_third():
    metrics = make_bundle().metrics
    two = {
        "per_class": {label: metrics["per_class"][label] for label in ("covid19", "normal")},
        "confusion_matrix": [[43, 6], [5, 71]],
        "other_finding": {"n": 91, "answered_covid19": {"value": 0.1, "low": None, "high": None}},
    }
    bundle = replace(make_bundle(**two), labels=("covid19", "normal"))
    card = render_card(bundle)
    assert "one of two classes, `covid19` or `normal`" in card
    assert "It knows two classes" in card
    assert "| truth, answer | COVID-19 | normal | films |" in card
    assert "viral" not in find_section(card, "Figures")


LEFT_OUT = [
    {
        "sources": ["siim256"],
        "n": 2350,
        "n_patients": 2350,
        "auroc_covid19_vs_normal": {"value": 0.87, "low": 0.85, "high": 0.88},
        "auroc_against": "its own films",
        "per_class": {"covid19": {"support": 1200, "sensitivity": {"value": 0.75, "low": 0.72, "high": 0.78}}},
        "answered": {"coverage": {"value": 0.5, "low": 0.4, "high": 0.6}},
        "films_to_learn_from": 2300,
        "epochs": 3,
    },
    {
        "sources": ["kermany512", "kermany_native"],
        "n": 335,
        "auroc_covid19_vs_normal": {"value": 0.95, "low": 0.9, "high": 0.99},
        "auroc_against": "held-out patients of the others",
        "not_learnt": ["viral_pneumonia"],
        "films_to_learn_from": 3600,
        "epochs": 3,
    },
]


def test_what_to_expect_at_a_new_hospital_stands_before_all_else():
    card = render_card(make_bundle(left_out_sources=LEFT_OUT))
    first = re.findall(r"^## (.+)$", card, flags=re.MULTILINE)[0]
    section = " ".join(find_section(card, first).split())
    assert first == "At a hospital that it has not met"
    assert "| siim256 | 2,350 | 0.870 (0.850 to 0.880) | 75 % (72 to 78)" in section
    assert "| kermany512, kermany_native | 335 | 0.950 (0.900 to 0.990) * |" in section
    assert "| **mean** | 2,685 | 0.910 |" in section
    assert "there is no film of `viral_pneumonia` to learn from" in section
    assert "2,300 to 3,600 films to learn from and 3 epochs" in section


def test_without_a_source_left_out_the_card_begins_with_the_goals():
    assert "At a hospital that it has not met" not in render_card(make_bundle())
