"""Metrics of a three-class classifier with bootstrap intervals, in plain numpy.

A metric that cannot be had, such as the sensitivity for a class without films, is NaN here and null in JSON.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inference.labels import LABELS

RESAMPLES = 1000
ECE_BINS = 15

Indices = npt.NDArray[np.intp]
Probabilities = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A metric and its 95 % interval."""

    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, float | None]:
        """Return value, low and high, None for what could not be had."""
        pairs = (("value", self.value), ("low", self.low), ("high", self.high))
        return {name: None if np.isnan(number) else round(number, 4) for name, number in pairs}


def count_confusions(reference: Indices, answered: Indices) -> npt.NDArray[np.intp]:
    """Return the confusion matrix (true label, answered label) in the order of `LABELS`."""
    matrix = np.zeros((len(LABELS), len(LABELS)), dtype=np.intp)
    np.add.at(matrix, (reference, answered), 1)
    return matrix


def measure(reference: Indices, probabilities: Probabilities) -> dict[str, float]:
    """Measure accuracy, balanced accuracy, ECE and, for each label, the metrics named `label.metric`.

    Parameters
    ----------
    reference : numpy.ndarray
        int (radiographs,), index of the true label.
    probabilities : numpy.ndarray
        float64 (radiographs, labels), rows sum to 1.
    """
    matrix = count_confusions(reference, probabilities.argmax(axis=1))
    metrics = {"accuracy": _ratio(int(np.trace(matrix)), len(reference)), "ece": measure_ece(reference, probabilities)}
    for place, label in enumerate(LABELS):
        each = measure_class(matrix, place)
        each["auroc"] = measure_auroc(probabilities[:, place], reference == place)
        metrics |= {f"{label}.{name}": value for name, value in each.items()}
    sensitivities = [metrics[f"{label}.sensitivity"] for label in LABELS]
    present = [value for value in sensitivities if not np.isnan(value)]
    metrics["balanced_accuracy"] = float(np.mean(present)) if present else np.nan
    return metrics


def measure_class(matrix: npt.NDArray[np.intp], place: int) -> dict[str, float]:
    """Return sensitivity, specificity, PPV and NPV of one label against the rest."""
    hits = int(matrix[place, place])
    missed = int(matrix[place].sum()) - hits
    false = int(matrix[:, place].sum()) - hits
    rest = int(matrix.sum()) - hits - missed - false
    return {
        "sensitivity": _ratio(hits, hits + missed),
        "specificity": _ratio(rest, rest + false),
        "ppv": _ratio(hits, hits + false),
        "npv": _ratio(rest, rest + missed),
    }


def measure_auroc(scores: npt.NDArray[np.float64], positive: npt.NDArray[np.bool_]) -> float:
    """Return the chance that a positive scores higher than a negative, ties counted half (Mann-Whitney)."""
    negatives = np.sort(scores[~positive])
    positives = scores[positive]
    below = np.searchsorted(negatives, positives, side="left")
    not_above = np.searchsorted(negatives, positives, side="right")
    return _ratio(float((below + not_above).sum()) / 2.0, len(positives) * len(negatives))


def measure_ece(reference: Indices, probabilities: Probabilities) -> float:
    """Return the expected calibration error of the top label, 15 bins of equal width (Guo et al., ICML 2017)."""
    top = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == reference
    bins = np.minimum((top * ECE_BINS).astype(np.intp), ECE_BINS - 1)
    gaps = np.bincount(bins, weights=correct - top, minlength=ECE_BINS)
    return _ratio(float(np.abs(gaps).sum()), len(top))


def bootstrap(
    statistic: Callable[[Indices], Mapping[str, float]],
    patients: Sequence[str],
    *,
    seed: int,
    resamples: int = RESAMPLES,
) -> dict[str, Estimate]:
    """Estimate metrics with 95 % percentile intervals, drawing patients, not radiographs, with replacement.

    Parameters
    ----------
    statistic : callable
        From the indices of radiographs to named metrics.
    patients : sequence of str
        Patient of each radiograph.
    seed : int
        Of the random numbers.
    resamples : int
        How many draws.
    """
    generator = np.random.default_rng(seed)
    _, owner = np.unique(np.asarray(patients), return_inverse=True)
    films = [np.flatnonzero(owner == patient) for patient in range(int(owner.max()) + 1)] if len(owner) else []
    found = statistic(np.arange(len(owner)))
    draws = [
        statistic(np.concatenate([films[patient] for patient in generator.integers(0, len(films), len(films))]))
        for _ in range(resamples if films else 0)
    ]
    return {name: _to_estimate(value, [draw[name] for draw in draws]) for name, value in found.items()}


def _to_estimate(value: float, draws: Sequence[float]) -> Estimate:
    had = [draw for draw in draws if not np.isnan(draw)]
    low, high = np.percentile(had, (2.5, 97.5)) if had else (np.nan, np.nan)
    return Estimate(float(value), float(low), float(high))


def _ratio(part: float, whole: int) -> float:
    return part / whole if whole else float("nan")
