"""ROC and precision-recall curves of an evaluation, with pointwise 95 % bands by patient."""

from collections.abc import Sequence
from typing import Any

from inference.labels import LABELS
from training.evaluation.answers import Answer, to_probabilities, to_reference
from training.evaluation.figures.estimates import Weights
from training.evaluation.figures.metrics import rank_covid19_and_normal
from training.evaluation.figures.ranking import Ranking

PAIR = "covid19_vs_normal"


def draw_curves(answers: Sequence[Answer], weights: Weights) -> dict[str, Any]:
    """Draw the curves of each label against the rest, and of COVID-19 against normal.

    Parameters
    ----------
    answers : sequence of Answer
        Of radiographs of the three labels.
    weights : numpy.ndarray
        float64 (draws, films), from `training.evaluation.figures.estimates.draw_patients`.

    Returns
    -------
    dict
        Label, or `covid19_vs_normal`, to `roc` and `pr`, lists of 101 numbers; a label without films on either side is
        left out.
    """
    reference, probabilities = to_reference(answers), to_probabilities(answers)
    rankings = {
        str(label): Ranking.sort(probabilities[:, place], reference == place, weights)
        for place, label in enumerate(LABELS)
    }
    rankings[PAIR] = rank_covid19_and_normal(reference, probabilities, weights)
    return {name: _draw(ranking) for name, ranking in rankings.items() if _has_both(ranking)}


def _has_both(ranking: Ranking) -> bool:
    return bool(ranking.positives[0].sum() > 0 and ranking.negatives[0].sum() > 0)


def _draw(ranking: Ranking) -> dict[str, Any]:
    prevalence = ranking.positives[0].sum() / (ranking.positives[0].sum() + ranking.negatives[0].sum())
    curves = {"roc": ranking.draw_roc(), "pr": ranking.draw_precision_recall()}
    drawn: dict[str, Any] = {
        name: {axis: numbers.round(4).tolist() for axis, numbers in curve.items()} for name, curve in curves.items()
    }
    drawn["pr"]["prevalence"] = round(float(prevalence), 4)
    return drawn
