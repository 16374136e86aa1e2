from dataclasses import replace

import numpy as np
import pytest

from documents.figures import Estimate
from inference.labels import LABELS, Label
from tests.training.evaluation.test_evaluation import film, predict
from training.evaluation.figures.estimates import draw_patients
from training.evaluation.judged_films import Evidence, ExaminedFilm, Focus
from training.evaluation.shortcuts.audit import audit, find_limit, find_verdict

FILMS_OF_A_LABEL = 30
GENERATOR = np.random.default_rng(0)


def make_film(label: Label, place: int, *, answered: Label, without_lungs: Label) -> ExaminedFilm:
    case = film(label, f"{label}-{place}", source=("north", "south")[place % 2])
    brightness = 40 * LABELS.index(label) + 60 * (place % 2)
    picture = np.clip(GENERATOR.normal(brightness + 30, 10, (224, 224)), 0, 255).astype(np.uint8)
    evidence = Evidence(
        framed=picture,
        film_thumbnail=picture[:16, :16],
        focus=Focus(0.6, 0.4, float(place % 2)),
        without_lungs=predict(without_lungs),
        border_only=predict(Label.NORMAL),
    )
    return ExaminedFilm(case, predict(answered), 500 + 100 * LABELS.index(label), 500, evidence=evidence)


def make_films(*, sees_without_lungs: bool) -> list[ExaminedFilm]:
    return [
        make_film(label, place, answered=label, without_lungs=label if sees_without_lungs else Label.COVID19)
        for label in LABELS
        for place in range(FILMS_OF_A_LABEL)
    ]


def run_audit(films: list[ExaminedFilm]) -> dict:
    weights = draw_patients([each.case.patient_id for each in films], seed=0, resamples=200)
    features = np.asarray([[each.case.source == "north", 1.0] for each in films], dtype=np.float64)
    return audit(films, features, weights, LABELS, seed=0).to_json()


def test_a_model_that_needs_the_lungs_falls_to_chance_without_them():
    report = run_audit(make_films(sees_without_lungs=False))
    assert (report["works_without_lungs"], report["verdict"]) == (False, "near_chance")
    assert report["lungs_masked"]["balanced_accuracy"]["value"] == pytest.approx(1 / 3, abs=1e-3)


def test_a_model_that_knows_the_class_without_lungs_is_stamped():
    report = run_audit(make_films(sees_without_lungs=True))
    assert (report["works_without_lungs"], report["verdict"]) == (True, "works_without_lungs")
    assert report["border_only"]["balanced_accuracy"]["value"] == pytest.approx(1 / 3, abs=1e-3)


@pytest.mark.parametrize(
    ("value", "high", "verdict"),
    [
        (0.34, 0.40, "near_chance"),
        (0.45, 0.45, "near_chance"),
        (0.40, 0.47, "not_ruled_out"),
        (0.46, 0.50, "works_without_lungs"),
        (None, None, "not_ruled_out"),
    ],
)
def test_the_burden_of_proof_is_the_models(value: float | None, high: float | None, verdict: str):
    near_chance = Estimate(0.33, 0.3, 0.36) if value else Estimate()
    assert find_verdict(0.45, 90, near_chance, Estimate(value, None, high)) == verdict


def test_baselines_show_what_the_data_set_gives_away():
    baselines = run_audit(make_films(sees_without_lungs=False))["baselines"]
    assert set(baselines) == {"image_size_logistic", "image_size_tree", "thumbnail_logistic"}
    # rows are 500, 600 and 700 by class
    assert baselines["image_size_tree"]["balanced_accuracy"]["value"] == 1.0
    assert baselines["image_size_tree"]["n_patients"] == 90


def test_the_source_is_recognised_within_each_class():
    within = run_audit(make_films(sees_without_lungs=False))["source_within_class"]
    for label in LABELS:
        assert within[label]["features"]["value"] == 1.0
        assert within[label]["framed_thumbnail"]["value"] > 0.9


def test_the_activation_is_compared_with_the_lungs_share_of_the_picture():
    activation = run_audit(make_films(sees_without_lungs=False))["activation"]
    assert activation["in_lungs"]["value"] == pytest.approx(0.6)
    assert activation["ratio"]["value"] == pytest.approx(1.5)
    assert activation["peak_in_lungs"]["value"] == pytest.approx(0.5)
    assert {label: each["n"] for label, each in activation["by_label"].items()} == dict.fromkeys(LABELS, 30)


def test_a_map_without_evidence_counts_for_nothing():
    films = make_films(sees_without_lungs=False)
    empty = replace(films[0], evidence=replace(films[0].evidence, focus=Focus(np.nan, 0.4, np.nan)))
    assert run_audit([empty, *films[1:]])["activation"]["in_lungs"]["value"] == pytest.approx(0.6)


def test_of_two_classes_chance_is_a_half_and_the_limit_lies_as_far_above_it():
    two = (LABELS[0], LABELS[2])
    films = [each for each in make_films(sees_without_lungs=False) if each.case.reference_label in two]
    for place, each in enumerate(films):
        known = {label: each.prediction.probabilities[label] for label in two}
        evidence = replace(
            each.evidence,
            without_lungs=replace(each.evidence.without_lungs, probabilities=known),
            border_only=replace(each.evidence.border_only, probabilities=known),
        )
        films[place] = replace(each, prediction=replace(each.prediction, probabilities=known), evidence=evidence)
    weights = draw_patients([each.case.patient_id for each in films], seed=0, resamples=50)
    found = audit(films, None, weights, two, seed=0)
    assert (found.chance, found.limit, find_limit(3)) == (0.5, 0.5875, 0.45)
    assert set(found.source_within_class) == set(found.activation.by_label) == {"covid19", "normal"}


@pytest.mark.parametrize("value", [0.33, 1.0])
def test_few_films_show_nothing_either_way(value: float):
    assert find_verdict(0.45, 29, Estimate(value, value, value)) == "not_ruled_out"
