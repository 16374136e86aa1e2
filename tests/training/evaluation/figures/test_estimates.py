import time

import numpy as np
import pytest

from documents.figures import Estimate
from inference.labels import LABELS
from training.evaluation.figures.estimates import draw_patients, estimate, weigh_mean, weigh_share
from training.evaluation.figures.metrics import measure


def test_the_first_draw_is_the_data_set_as_it_stands():
    weights = draw_patients(["a", "a", "b"], seed=0, resamples=3)
    assert weights.shape == (4, 3)
    assert weights[0].tolist() == [1.0, 1.0, 1.0]


def test_all_films_of_a_patient_are_drawn_together():
    weights = draw_patients(["a", "a", "b", "c"], seed=0)
    assert np.array_equal(weights[:, 0], weights[:, 1])
    assert not np.array_equal(weights[:, 0], weights[:, 2])
    # three patients are drawn each time
    assert set((weights[1:, 1] + weights[1:, 2] + weights[1:, 3]).tolist()) == {3.0}


def test_the_interval_is_as_wide_as_patients_and_not_films_allow():
    patients = ["a"] * 50 + ["b"] * 50
    found = estimate(weigh_mean(np.array([0.0] * 50 + [1.0] * 50), draw_patients(patients, seed=0)))
    # Two patients: a draw holds a alone, b alone or both; films drawn singly would lie within 0.4 to 0.6.
    assert (found.value, found.low, found.high) == (0.5, 0.0, 1.0)


def test_the_interval_of_a_proportion_is_near_the_textbook_one():
    facts = [True] * 80 + [False] * 20
    found = estimate(weigh_share(facts, draw_patients([str(number) for number in range(100)], seed=0)))
    assert found.low == pytest.approx(0.80 - 1.96 * 0.04, abs=0.02)
    assert found.high == pytest.approx(0.80 + 1.96 * 0.04, abs=0.02)


@pytest.mark.parametrize(
    ("fact", "expected"), [(True, (1.0, 0.025 ** (1 / 7), 1.0)), (False, (0.0, 0.0, 1 - 0.025 ** (1 / 7)))]
)
def test_seven_films_that_are_all_right_are_no_certainty(fact: bool, expected: tuple[float, float, float]):
    patients = [str(number) for number in range(7)]
    found = estimate(weigh_share([fact] * 7, draw_patients(patients, seed=0)), trials=7)
    assert (found.value, found.low, found.high) == pytest.approx(expected, abs=1e-4)


def test_the_same_seed_draws_the_same_patients():
    patients = [str(number) for number in range(20)]
    assert np.array_equal(draw_patients(patients, seed=3), draw_patients(patients, seed=3))
    assert not np.array_equal(draw_patients(patients, seed=3), draw_patients(patients, seed=4))


def test_what_cannot_be_had_is_none():
    found = estimate(weigh_share([], draw_patients([], seed=0)))
    assert found == Estimate(None, None, None)


def test_a_thousand_draws_of_two_thousand_films_take_seconds():
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet(np.ones(3), 2000)
    start = time.process_time()
    weights = draw_patients([str(n) for n in range(2000)], seed=0)
    measure(generator.integers(0, 3, 2000), probabilities, weights, LABELS)
    assert time.process_time() - start < 10.0  # measured: 0.6
