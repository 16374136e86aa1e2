import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from training.evaluation.figures.estimates import draw_patients
from training.evaluation.figures.ranking import GRID, Ranking


def rank(scores: list[float] | np.ndarray, positive: list[bool] | np.ndarray) -> Ranking:
    return Ranking.sort(np.asarray(scores), np.asarray(positive), np.ones((1, len(scores))))


def test_auroc_by_hand_with_a_tie():
    # Pairs (positive, negative): 0.9 beats both, 0.5 ties with 0.5 and beats 0.1.
    assert rank([0.9, 0.5, 0.5, 0.1], [True, True, False, False]).measure_auroc()[0] == pytest.approx(3.5 / 4)


@pytest.mark.parametrize(("order", "expected"), [([0.1, 0.2, 0.8, 0.9], 1.0), ([0.9, 0.8, 0.2, 0.1], 0.0)])
def test_auroc_of_a_perfect_and_of_a_reversed_order(order: list[float], expected: float):
    assert rank(order, [False, False, True, True]).measure_auroc()[0] == expected


@pytest.mark.parametrize("decimals", [1, 2, 8])
def test_areas_are_those_of_scikit_learn_with_ties_and_weights(decimals: int):
    generator = np.random.default_rng(decimals)
    positive = generator.random(300) < 0.3
    scores = np.round(generator.random(300) * 0.7 + positive * 0.3, decimals)
    weights = draw_patients([str(place // 3) for place in range(300)], seed=2, resamples=4)
    ranking = Ranking.sort(scores, positive, weights)
    for draw, film_weights in enumerate(weights):
        expected = roc_auc_score(positive, scores, sample_weight=film_weights)
        assert ranking.measure_auroc()[draw] == pytest.approx(expected)
        expected = average_precision_score(positive, scores, sample_weight=film_weights)
        assert ranking.measure_average_precision()[draw] == pytest.approx(expected)


def test_the_roc_curve_is_that_of_scikit_learn():
    generator = np.random.default_rng(7)
    positive = generator.random(200) < 0.5
    scores = np.round(generator.random(200) + positive * 0.4, 1)
    fpr, tpr, _ = roc_curve(positive, scores)
    assert rank(scores, positive).draw_roc()["tpr"] == pytest.approx(np.interp(GRID, fpr, tpr))


def test_the_band_holds_the_curve_and_begins_and_ends_with_it():
    generator = np.random.default_rng(8)
    positive = generator.random(200) < 0.5
    scores = generator.random(200) + positive * 0.4
    roc = Ranking.sort(scores, positive, draw_patients([str(n) for n in range(200)], seed=0)).draw_roc()
    assert np.all(roc["low"] <= roc["tpr"])
    assert np.all(roc["tpr"] <= roc["high"])
    assert (roc["low"][-1], roc["high"][-1]) == (1.0, 1.0)


def test_precision_at_each_recall_by_hand():
    precision = rank([0.9, 0.8, 0.7, 0.6], [True, False, True, False]).draw_precision_recall()["precision"]
    assert precision[GRID <= 0.5] == pytest.approx(1.0)
    assert precision[GRID > 0.5] == pytest.approx(2 / 3)


def test_without_negatives_or_positives_there_is_no_area():
    assert np.isnan(rank([0.1, 0.2], [True, True]).measure_auroc()[0])
    assert np.isnan(rank([0.1, 0.2], [False, False]).measure_average_precision()[0])
    assert np.isnan(rank([], []).measure_auroc()[0])
