"""The scores of answers: the same object for a whole data set, a group of it, an audit and a baseline."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from inference.labels import LABELS, Label
from training.evaluation.answers import Answer, to_patients, to_probabilities, to_reference
from training.evaluation.figures.estimates import Weights, estimates_to_json
from training.evaluation.figures.metrics import OVERALL, Indices, Probabilities, count_trials, measure, predict_values

RATES = ("sensitivity", "specificity")


def score(answers: Sequence[Answer], weights: Weights) -> dict[str, Any]:
    """Return the scores of answers to films of the three labels: the object that each group and audit has too.

    Parameters
    ----------
    answers : sequence of Answer
        Of radiographs of the three labels.
    weights : numpy.ndarray
        float64 (draws, films), from `training.evaluation.figures.estimates.draw_patients`.
    """
    return score_probabilities(to_reference(answers), to_probabilities(answers), to_patients(answers), weights)


def score_probabilities(
    reference: Indices, probabilities: Probabilities, patients: Sequence[str], weights: Weights
) -> dict[str, Any]:
    """Return the scores of probabilities, whatever model they come from.

    Parameters
    ----------
    reference, probabilities, weights
        As for `training.evaluation.figures.metrics.measure`.
    patients : sequence of str
        Patient of each film.

    Returns
    -------
    dict
        `n`, `n_patients`, `training.evaluation.figures.metrics.OVERALL`, `per_class` and `confusion_matrix` (true
        label, most probable label), each metric with value, low and high.
    """
    trials = count_trials(reference, probabilities.argmax(axis=1), patients)
    found = estimates_to_json(measure(reference, probabilities, weights), trials)
    supports = np.bincount(reference, minlength=len(LABELS)).tolist()
    matrix = np.zeros((len(LABELS), len(LABELS)), dtype=np.intp)
    np.add.at(matrix, (reference, probabilities.argmax(axis=1)), 1)
    report: dict[str, Any] = {"n": len(reference), "n_patients": len(set(patients))}
    report |= {name: found[name] for name in OVERALL}
    report["per_class"] = {
        str(label): _select(found, label) | {"support": support}
        for label, support in zip(LABELS, supports, strict=True)
    }
    report["confusion_matrix"] = matrix.tolist()
    return report


def _select(found: Mapping[str, Any], label: Label) -> dict[str, Any]:
    prefix = f"{label}."
    return {name.removeprefix(prefix): value for name, value in found.items() if name.startswith(prefix)}


def add_predictive_values(
    report: dict[str, Any],
    answers: Sequence[Answer],
    weights: Weights,
    prevalences: Mapping[Label, Sequence[float]],
) -> None:
    """Add to each class of a report its predictive values at stated prevalences, under `at_prevalence`."""
    found = measure(to_reference(answers), to_probabilities(answers), weights)
    for label in LABELS:
        rates = [found[f"{label}.{name}"].copy() for name in RATES]
        for name, draws in zip(RATES, rates, strict=True):
            _widen(draws, report["per_class"][label][name])
        report["per_class"][label]["at_prevalence"] = [
            {"prevalence": prevalence, **estimates_to_json(predict_values(rates[0], rates[1], prevalence))}
            for prevalence in prevalences.get(label, ())
        ]


def _widen(draws: npt.NDArray[np.float64], bounded: Mapping[str, float | None]) -> None:
    """Spread draws that are all alike evenly over the interval that was given instead (`figures.estimates`)."""
    low, high = bounded["low"], bounded["high"]
    if low is not None and high is not None and np.nanmin(draws) == np.nanmax(draws):
        draws[1:] = np.linspace(low, high, len(draws) - 1)
