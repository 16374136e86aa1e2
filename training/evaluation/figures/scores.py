"""The scores of films that were judged, and their curves: the same for a data set, a group, an audit, a baseline."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from documents.figures import Estimate
from inference.labels import Label
from training.evaluation.figures.estimates import Weights, estimate_all
from training.evaluation.figures.metrics import (
    OVERALL,
    Indices,
    Probabilities,
    count_trials,
    measure,
    predict_values,
    rank_covid19_and_normal,
)
from training.evaluation.figures.ranking import Ranking
from training.evaluation.judged_films import JudgedFilm, to_patients, to_probabilities, to_reference
from training.evaluation.measures import ClassScores, PredictiveValues, Scores
from training.evaluation.result import Curves, RecallCurve, RocCurve

RATES = ("sensitivity", "specificity")
PAIR = "covid19_vs_normal"


def score(films: Sequence[JudgedFilm], weights: Weights, labels: Sequence[Label]) -> Scores:
    """Return the scores of films of the labels.

    Parameters
    ----------
    films : sequence of JudgedFilm
        Radiographs of the labels.
    weights : numpy.ndarray
        float64 (draws, films), from `training.evaluation.figures.estimates.draw_patients`.
    labels : sequence of Label
        Those that the model knows.
    """
    found = to_reference(films, labels), to_probabilities(films, labels)
    return score_probabilities(*found, to_patients(films), weights, labels)


def score_probabilities(
    reference: Indices,
    probabilities: Probabilities,
    patients: Sequence[str],
    weights: Weights,
    labels: Sequence[Label],
) -> Scores:
    """Return the scores of probabilities, whatever model they come from.

    Parameters
    ----------
    reference, probabilities, weights, labels
        As for `training.evaluation.figures.metrics.measure`.
    patients : sequence of str
        Patient of each film.
    """
    trials = count_trials(reference, probabilities.argmax(axis=1), patients, labels)
    found = estimate_all(measure(reference, probabilities, weights, labels), trials)
    supports = np.bincount(reference, minlength=len(labels)).tolist()
    matrix = np.zeros((len(labels), len(labels)), dtype=np.intp)
    np.add.at(matrix, (reference, probabilities.argmax(axis=1)), 1)
    return Scores(
        n=len(reference),
        n_patients=len(set(patients)),
        **{name: found[name] for name in OVERALL},
        per_class={
            str(label): ClassScores.model_validate(
                {**_select(found, label), **_count_patients(trials, label), "support": support}
            )
            for label, support in zip(labels, supports, strict=True)
        },
        confusion_matrix=tuple(map(tuple, matrix.tolist())),
    )


def _select(found: Mapping[str, Estimate], label: Label) -> dict[str, Estimate]:
    prefix = f"{label}."
    return {name.removeprefix(prefix): value for name, value in found.items() if name.startswith(prefix)}


def _count_patients(trials: Mapping[str, int], label: Label) -> dict[str, int]:
    """Say over how many patients a class's sensitivity is, and its specificity."""
    return {"n_patients": trials[f"{label}.sensitivity"], "n_patients_of_others": trials[f"{label}.specificity"]}


def find_predictive_values(
    scores: Scores, films: Sequence[JudgedFilm], weights: Weights, prevalences: Mapping[Label, Sequence[float]]
) -> dict[str, ClassScores]:
    """Return the scores of each class with its predictive values at stated prevalences, under `at_prevalence`."""
    labels = [Label(label) for label in scores.labels]
    found = measure(to_reference(films, labels), to_probabilities(films, labels), weights, labels)
    classes = {}
    for label, each in scores.per_class.items():
        rates = [
            _widen(found[f"{label}.{name}"], bounded)
            for name, bounded in zip(RATES, (each.sensitivity, each.specificity), strict=True)
        ]
        values = [
            PredictiveValues(prevalence=prevalence, **estimate_all(predict_values(rates[0], rates[1], prevalence)))
            for prevalence in prevalences.get(Label(label), ())
        ]
        classes[label] = each.model_copy(update={"at_prevalence": tuple(values)})
    return classes


def _widen(draws: npt.NDArray[np.float64], bounded: Estimate) -> npt.NDArray[np.float64]:
    """Spread draws that are all alike evenly over the interval that was given instead (`figures.estimates`)."""
    if bounded.low is None or bounded.high is None or np.nanmin(draws) != np.nanmax(draws):
        return draws
    return np.append(draws[:1], np.linspace(bounded.low, bounded.high, len(draws) - 1))


def trace_curves(films: Sequence[JudgedFilm], weights: Weights, labels: Sequence[Label]) -> dict[str, Curves]:
    """Trace the curves of each label against the rest, and of COVID-19 against normal.

    Parameters
    ----------
    films : sequence of JudgedFilm
        Radiographs of the labels.
    weights : numpy.ndarray
        float64 (draws, films), from `training.evaluation.figures.estimates.draw_patients`.
    labels : sequence of Label
        Those that the model knows.

    Returns
    -------
    dict
        From label, or `covid19_vs_normal`, to curves of 101 points with pointwise 95 % bands by patient; a label
        without films on either side is left out.
    """
    reference, probabilities = to_reference(films, labels), to_probabilities(films, labels)
    rankings = {
        str(label): Ranking.sort(probabilities[:, place], reference == place, weights)
        for place, label in enumerate(labels)
    }
    rankings[PAIR] = rank_covid19_and_normal(reference, probabilities, weights, labels)
    return {name: _trace(ranking) for name, ranking in rankings.items() if _has_both(ranking)}


def _has_both(ranking: Ranking) -> bool:
    return bool(ranking.positives[0].sum() > 0 and ranking.negatives[0].sum() > 0)


def _trace(ranking: Ranking) -> Curves:
    prevalence = ranking.positives[0].sum() / (ranking.positives[0].sum() + ranking.negatives[0].sum())
    roc, recall = (
        {axis: tuple(numbers.round(4).tolist()) for axis, numbers in curve.items()}
        for curve in (ranking.draw_roc(), ranking.draw_precision_recall())
    )
    return Curves(roc=RocCurve(**roc), pr=RecallCurve(**recall, prevalence=round(float(prevalence), 4)))
