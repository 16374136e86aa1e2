import math

import numpy as np
import pytest

from training.metrics import bootstrap, count_confusions, measure, measure_auroc, measure_class, measure_ece

# covid19: 3 of 4 found; viral_pneumonia: 2 of 3; normal: 2 of 3.
REFERENCE = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2])
ANSWERED = np.array([0, 0, 0, 2, 1, 1, 0, 2, 2, 1])


def one_hot(places: np.ndarray) -> np.ndarray:
    return np.eye(3)[places]


def test_confusion_matrix_has_the_truth_in_rows():
    assert count_confusions(REFERENCE, ANSWERED).tolist() == [[3, 0, 1], [1, 2, 0], [0, 1, 2]]


def test_sensitivity_specificity_and_predictive_values_by_hand():
    each = measure_class(count_confusions(REFERENCE, ANSWERED), 0)
    assert each == {"sensitivity": 3 / 4, "specificity": 5 / 6, "ppv": 3 / 4, "npv": 5 / 6}


def test_accuracy_and_balanced_accuracy_by_hand():
    metrics = measure(REFERENCE, one_hot(ANSWERED))
    assert metrics["accuracy"] == pytest.approx(0.7)
    assert metrics["balanced_accuracy"] == pytest.approx((3 / 4 + 2 / 3 + 2 / 3) / 3)


def test_a_class_without_films_has_no_sensitivity_and_is_left_out_of_the_balance():
    metrics = measure(np.array([0, 0, 2]), one_hot(np.array([0, 2, 2])))
    assert math.isnan(metrics["viral_pneumonia.sensitivity"])
    assert math.isnan(metrics["viral_pneumonia.auroc"])
    assert metrics["balanced_accuracy"] == pytest.approx(0.75)


def test_auroc_by_hand_with_a_tie():
    scores = np.array([0.9, 0.5, 0.5, 0.1])
    # Pairs (positive, negative): 0.9 beats both, 0.5 ties with 0.5 and beats 0.1.
    assert measure_auroc(scores, np.array([True, True, False, False])) == pytest.approx(3.5 / 4)


@pytest.mark.parametrize(("order", "expected"), [([0.1, 0.2, 0.8, 0.9], 1.0), ([0.9, 0.8, 0.2, 0.1], 0.0)])
def test_auroc_of_a_perfect_and_of_a_reversed_order(order: list[float], expected: float):
    assert measure_auroc(np.array(order), np.array([False, False, True, True])) == expected


def test_ece_by_hand():
    probabilities = np.array([[0.9, 0.1, 0.0], [0.9, 0.1, 0.0], [0.5, 0.3, 0.2], [0.5, 0.3, 0.2]])
    reference = np.array([0, 1, 0, 0])
    # Bin of 0.9: one of two right, gap 0.4; bin of 0.5: both right, gap 0.5; each holds half of the films.
    assert measure_ece(reference, probabilities) == pytest.approx(0.45)


def test_certain_and_right_is_perfectly_calibrated():
    assert measure_ece(REFERENCE, one_hot(REFERENCE)) == 0.0


def test_bootstrap_draws_patients_and_not_films():
    patients = ["a"] * 50 + ["b"] * 50
    values = np.array([0.0] * 50 + [1.0] * 50)
    estimate = bootstrap(lambda chosen: {"mean": float(values[chosen].mean())}, patients, seed=0)["mean"]
    # Two patients: a draw holds a alone, b alone or both; films drawn singly would lie within 0.4 to 0.6.
    assert (estimate.value, estimate.low, estimate.high) == (0.5, 0.0, 1.0)


def test_bootstrap_interval_of_a_proportion_is_near_the_textbook_one():
    values = np.array([1.0] * 80 + [0.0] * 20)
    patients = [str(number) for number in range(100)]
    estimate = bootstrap(lambda chosen: {"share": float(values[chosen].mean())}, patients, seed=0)["share"]
    assert estimate.low == pytest.approx(0.80 - 1.96 * 0.04, abs=0.02)
    assert estimate.high == pytest.approx(0.80 + 1.96 * 0.04, abs=0.02)


def test_what_cannot_be_had_is_null_in_json():
    estimate = bootstrap(lambda chosen: {"share": float(chosen.mean()) if chosen.size else math.nan}, [], seed=0)[
        "share"
    ]
    assert estimate.to_json() == {"value": None, "low": None, "high": None}
