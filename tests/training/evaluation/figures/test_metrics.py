import math

import numpy as np
import pytest

from inference.labels import LABELS
from training.evaluation.figures.estimates import draw_patients
from training.evaluation.figures.metrics import (
    count_confusions,
    count_trials,
    measure,
    measure_class,
    measure_ece,
    predict_values,
)

# covid19: 3 of 4 found; viral_pneumonia: 2 of 3; normal: 2 of 3.
REFERENCE = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2])
ANSWERED = np.array([0, 0, 0, 2, 1, 1, 0, 2, 2, 1])


def one_hot(places: np.ndarray) -> np.ndarray:
    return np.eye(3)[places]


def once(films: int) -> np.ndarray:
    return np.ones((1, films))


def measure_once(reference: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    found = measure(reference, probabilities, once(len(reference)), LABELS)
    return {name: float(draws[0]) for name, draws in found.items()}


def test_confusion_matrix_has_the_truth_in_rows():
    matrix = count_confusions(REFERENCE, ANSWERED, once(10), 3)[0]
    assert matrix.tolist() == [[3, 0, 1], [1, 2, 0], [0, 1, 2]]


def test_sensitivity_specificity_and_predictive_values_by_hand():
    each = measure_class(count_confusions(REFERENCE, ANSWERED, once(10), 3), 0)
    assert {name: draws[0] for name, draws in each.items()} == {
        "sensitivity": 3 / 4, "specificity": 5 / 6, "ppv": 3 / 4, "npv": 5 / 6
    }  # fmt: skip


def test_accuracy_and_balanced_accuracy_by_hand():
    metrics = measure_once(REFERENCE, one_hot(ANSWERED))
    assert metrics["accuracy"] == pytest.approx(0.7)
    assert metrics["balanced_accuracy"] == pytest.approx((3 / 4 + 2 / 3 + 2 / 3) / 3)


def test_a_class_without_films_has_no_sensitivity_and_is_left_out_of_the_balance():
    metrics = measure_once(np.array([0, 0, 2]), one_hot(np.array([0, 2, 2])))
    assert math.isnan(metrics["viral_pneumonia.sensitivity"])
    assert math.isnan(metrics["viral_pneumonia.auroc"])
    assert math.isnan(metrics["viral_pneumonia.auprc"])
    assert metrics["balanced_accuracy"] == pytest.approx(0.75)


def test_no_films_give_no_metric_and_no_fault():
    metrics = measure_once(np.array([], dtype=int), np.zeros((0, 3)))
    assert all(math.isnan(value) for value in metrics.values())


def test_ece_by_hand():
    probabilities = np.array([[0.9, 0.1, 0.0], [0.9, 0.1, 0.0], [0.5, 0.3, 0.2], [0.5, 0.3, 0.2]])
    reference = np.array([0, 1, 0, 0])
    # Bin of 0.9: one of two right, gap 0.4; bin of 0.5: both right, gap 0.5; each holds half of the films.
    assert measure_ece(reference, probabilities, once(4))[0] == pytest.approx(0.45)


def test_brier_score_by_hand():
    probabilities = np.array([[0.8, 0.2, 0.0], [0.0, 0.0, 1.0]])
    # (0.2^2 + 0.2^2) for the first, (1 + 1) for the second.
    assert measure_once(np.array([0, 0]), probabilities)["brier"] == pytest.approx((0.08 + 2.0) / 2)


def test_certain_and_right_is_perfectly_calibrated():
    metrics = measure_once(REFERENCE, one_hot(REFERENCE))
    assert metrics["ece"] == 0.0
    assert metrics["brier"] == 0.0


def test_covid19_against_normal_looks_at_these_two_alone():
    probabilities = np.array([[0.3, 0.6, 0.1], [0.1, 0.7, 0.2], [0.9, 0.05, 0.05], [0.2, 0.0, 0.8]])
    reference = np.array([0, 2, 1, 2])
    # shares of covid19 among the two: 0.75 for the ill one, 0.33 and 0.2 for the well ones; the third is neither
    assert measure_once(reference, probabilities)["auroc_covid19_vs_normal"] == 1.0


def test_predictive_values_follow_the_stated_prevalence():
    values = predict_values(np.array([0.9]), np.array([0.9]), 0.01)
    assert values["ppv"][0] == pytest.approx(0.009 / (0.009 + 0.099))
    assert values["npv"][0] == pytest.approx(0.891 / (0.891 + 0.001))


def test_at_its_own_prevalence_the_predictive_values_are_the_data_sets():
    metrics = measure_once(REFERENCE, one_hot(ANSWERED))
    rates = (np.array([metrics[f"covid19.{name}"]]) for name in ("sensitivity", "specificity"))
    values = predict_values(*rates, 4 / 10)
    assert values["ppv"][0] == pytest.approx(metrics["covid19.ppv"])
    assert values["npv"][0] == pytest.approx(metrics["covid19.npv"])


def test_a_weighted_draw_equals_the_same_films_written_out():
    generator = np.random.default_rng(4)
    reference = generator.integers(0, 3, 60)
    probabilities = generator.dirichlet(np.ones(3), 60).round(1) + 1e-3
    weights = draw_patients([str(place // 2) for place in range(60)], seed=1, resamples=5)
    found = measure(reference, probabilities, weights, LABELS)
    for draw in range(1, 6):
        chosen = np.repeat(np.arange(60), weights[draw].astype(int))
        written_out = measure_once(reference[chosen], probabilities[chosen])
        assert {name: draws[draw] for name, draws in found.items()} == pytest.approx(written_out)


def test_a_proportion_is_over_patients_and_not_films():
    patients = list("aabcddefgg")
    trials = count_trials(REFERENCE, ANSWERED, patients, LABELS)
    # films 0-3 are of a, b, c; 4-6 of d, e; 7-9 of f, g
    assert trials["accuracy"] == 7
    assert (trials["covid19.sensitivity"], trials["covid19.specificity"], trials["covid19.auroc"]) == (3, 4, 3)
    assert trials["balanced_accuracy"] == 2
    assert trials["auroc_covid19_vs_normal"] == 2
    # answered covid19: films 0-2 and 6
    assert trials["covid19.ppv"] == 3


def test_every_label_has_every_metric():
    names = {"sensitivity", "specificity", "ppv", "npv", "auroc", "auprc"}
    found = measure_once(REFERENCE, one_hot(ANSWERED))
    assert {f"{label}.{name}" for label in LABELS for name in names} < set(found)
