import numpy as np
import pytest

from tests.training.factories import make_cases
from training.evaluation.figures.estimates import draw_patients
from training.evaluation.shortcuts.baselines import (
    build_logistic,
    build_tree,
    cross_validate,
    describe_size,
    recognize_sources,
)

GENERATOR = np.random.default_rng(0)
FILMS = 120
CASES = make_cases(*(("normal", ("north", "south")[place % 2], f"p{place}") for place in range(FILMS)))
WEIGHTS = draw_patients([case.patient_id for case in CASES], seed=0, resamples=100)
NOISE = GENERATOR.normal(size=(FILMS, 4))
TELLING = NOISE + np.arange(FILMS)[:, np.newaxis] % 2 * 3.0


def test_a_source_that_shows_is_recognised_and_one_that_does_not_is_not():
    found = recognize_sources(CASES, {"film_thumbnail": TELLING, "features": NOISE}, WEIGHTS, seed=0)
    assert found is not None
    assert found.sources == {"north": 60, "south": 60}
    assert found.chance == 0.5
    assert found.film_thumbnail.value is not None
    assert found.film_thumbnail.value > 0.9
    assert found.features.value is not None
    assert found.features.value < 0.65


def test_one_source_has_nothing_to_be_distinguished_from():
    assert recognize_sources(CASES[::2], {"film_thumbnail": TELLING[::2]}, WEIGHTS[:, ::2], seed=0) is None


def test_a_source_of_few_patients_is_left_out():
    cases = [*CASES[:100:2], *CASES[1:7:2]]
    assert recognize_sources(cases, {"film_thumbnail": TELLING[:53]}, WEIGHTS[:, :53], seed=0) is None


def test_no_patient_is_both_fitted_and_asked():
    # each patient has a label of chance and a feature that names the patient: remembered, never learnt
    reference = GENERATOR.integers(0, 2, 60).repeat(4)
    cases = make_cases(*(("normal", "north", f"p{place // 4}") for place in range(240)))
    features = np.eye(60)[np.arange(240) // 4]
    probabilities = cross_validate(build_logistic(10.0), features, reference, cases, classes=2, seed=0)
    assert np.mean(probabilities.argmax(axis=1) == reference) < 0.65


def test_probabilities_sum_to_one_even_where_a_class_is_missing():
    reference = np.zeros(FILMS, dtype=int)
    probabilities = cross_validate(build_logistic(1.0), NOISE, reference, CASES, classes=3, seed=0)
    assert probabilities.shape == (FILMS, 3)
    assert probabilities.sum(axis=1) == pytest.approx(1.0)


def test_sizes_alone_tell_archives_apart():
    rows = np.where(np.arange(FILMS) % 2, 1024, 512) + GENERATOR.integers(0, 9, FILMS)
    size = describe_size(rows, np.full(FILMS, 1024))
    reference = np.arange(FILMS) % 2
    for model in (build_logistic(1.0), build_tree()):
        probabilities = cross_validate(model, size, reference, CASES, classes=3, seed=0)
        assert np.mean(probabilities.argmax(axis=1) == reference) == 1.0
