import numpy as np
import pytest

from inference.labels import LABELS
from tests.training.factories import make_cases
from training.evaluation.shortcuts.leave_out import leave_out

GENERATOR = np.random.default_rng(0)
PLACES = {"covid19": 0, "viral_pneumonia": 1, "normal": 2, "other_finding": 3}


def make_films(*parts: tuple[str, str, int]) -> tuple[list, np.ndarray]:
    """Make films of (label, source, count) whose features tell the label."""
    films = [(label, source, f"{source}-{label}-{place}") for label, source, count in parts for place in range(count)]
    places = np.asarray([PLACES[label] for label, _, _ in films])
    return make_cases(*films), np.eye(4)[places] * 4 + GENERATOR.normal(size=(len(films), 4))


def test_a_source_is_tested_by_a_head_that_has_not_seen_it():
    parts = [(label, source, 40) for label in list(PLACES)[:3] for source in ("north", "south")]
    cases, features = make_films(*parts)
    # in the south the classes look like each other's: only a head that has seen it could know
    south = np.asarray([case.source == "south" for case in cases])
    features[south] = np.roll(features[south], 1, axis=1)
    report = leave_out(cases, features, "source", LABELS, seed=0).to_json()
    assert set(report["groups"]) == {"north", "south"}
    assert report["groups"]["south"]["balanced_accuracy"]["value"] < 0.1
    assert report["groups"]["south"]["auroc_against"] == "same_group"
    assert report["all"]["n"] == 240


def test_what_is_learnt_elsewhere_works_here():
    cases, features = make_films(*((label, source, 40) for label in PLACES for source in ("north", "south")))
    report = leave_out(cases, features, "source", LABELS, seed=0).to_json()
    assert report["groups"]["north"]["balanced_accuracy"]["value"] > 0.9
    assert report["groups"]["north"]["support"] == {"covid19": 40, "viral_pneumonia": 40, "normal": 40}
    assert "upper bounds" in report["method"]


def test_a_class_that_is_found_nowhere_else_is_not_tested_and_said_so():
    cases, features = make_films(
        ("covid19", "a", 40), ("viral_pneumonia", "b", 40), ("normal", "b", 40), ("normal", "c", 40)
    )
    report = leave_out(cases, features, "source", LABELS, seed=0).to_json()
    assert report["skipped"] == {"a": "no film of its classes would be left to train on"}
    assert report["groups"]["b"]["labels_not_trained"] == ["viral_pneumonia"]
    assert report["groups"]["b"]["support"] == {"covid19": 0, "viral_pneumonia": 0, "normal": 40}


def test_a_group_without_normal_films_is_compared_with_held_out_patients_elsewhere():
    cases, features = make_films(
        ("covid19", "a", 40), ("covid19", "b", 40), ("normal", "b", 40), ("viral_pneumonia", "b", 40)
    )
    group = leave_out(cases, features, "source", LABELS, seed=0).to_json()["groups"]["a"]
    assert group["auroc_against"] == "held_out_patients"
    assert group["auroc_covid19_vs_normal"]["value"] == pytest.approx(1.0, abs=0.05)
    assert group["n"] == 40


def test_few_films_and_unknown_origins_are_left_in():
    cases, features = make_films(("normal", "a", 3), ("normal", "unknown", 30), ("covid19", "b", 30))
    skipped = leave_out(cases, features, "source", LABELS, seed=0).to_json()["skipped"]
    assert skipped["a"].startswith("fewer than 10 films")
    assert skipped["unknown"].startswith("films of unknown origin")
