"""Metrics of a classifier for all bootstrap draws at once, in plain numpy.

Each function takes weights (draws, films), see `training.evaluation.figures.estimates`, and returns one number a draw;
a metric that cannot be had is NaN.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from inference.labels import Label
from training.evaluation.figures.estimates import Draws, Weights, divide, weigh_mean
from training.evaluation.figures.ranking import Ranking

ECE_BINS = 15

Indices = npt.NDArray[np.intp]
Probabilities = npt.NDArray[np.float64]

OVERALL = ("accuracy", "balanced_accuracy", "ece", "brier", "auroc_covid19_vs_normal")


def measure(
    reference: Indices, probabilities: Probabilities, weights: Weights, labels: Sequence[Label]
) -> dict[str, Draws]:
    """Measure everything of `OVERALL` and, for each label, the metrics named `label.metric`.

    Parameters
    ----------
    reference : numpy.ndarray
        int (films,), index of the true label.
    probabilities : numpy.ndarray
        float64 (films, labels), rows sum to 1.
    weights : numpy.ndarray
        float64 (draws, films), from `training.evaluation.figures.estimates.draw_patients`.
    labels : sequence of Label
        Those that the model knows, in the order of `probabilities`.

    Returns
    -------
    dict
        Metric to float64 (draws,).
    """
    matrices = count_confusions(reference, probabilities.argmax(axis=1), weights, len(labels))
    measured = {
        "accuracy": divide(np.trace(matrices, axis1=1, axis2=2), matrices.sum(axis=(1, 2))),
        "balanced_accuracy": measure_balanced_accuracy(matrices),
        "ece": measure_ece(reference, probabilities, weights),
        "brier": measure_brier(reference, probabilities, weights),
        "auroc_covid19_vs_normal": rank_covid19_and_normal(reference, probabilities, weights, labels).measure_auroc(),
    }
    for place, label in enumerate(labels):
        ranking = Ranking.sort(probabilities[:, place], reference == place, weights)
        each = measure_class(matrices, place) | {
            "auroc": ranking.measure_auroc(),
            "auprc": ranking.measure_average_precision(),
        }
        measured |= {f"{label}.{name}": draws for name, draws in each.items()}
    return measured


def count_trials(
    reference: Indices, answered: Indices, patients: Sequence[str], labels: Sequence[Label]
) -> dict[str, int]:
    """Return for each proportion of `measure` how many patients it is over (`figures.estimates.estimate`).

    The areas under both curves are over as many trials as patients of the rarer side: so many pairs that share no
    patient were ranked.
    """
    names = np.asarray(patients, dtype=np.str_)

    def count(chosen: npt.NDArray[np.bool_]) -> int:
        return len(np.unique(names[chosen]))

    classes = [count(reference == place) for place in range(len(labels))]
    trials = {"accuracy": len(set(patients)), "balanced_accuracy": min((n for n in classes if n), default=0)}
    by_label = dict(zip(labels, classes, strict=True))
    trials["auroc_covid19_vs_normal"] = min(by_label.get(Label.COVID19, 0), by_label.get(Label.NORMAL, 0))
    for place, label in enumerate(labels):
        rest = count(reference != place)
        each = {"sensitivity": classes[place], "specificity": rest, "auroc": min(classes[place], rest)}
        each["auprc"] = each["auroc"]
        each |= {"ppv": count(answered == place), "npv": count(answered != place)}
        trials |= {f"{label}.{name}": number for name, number in each.items()}
    return trials


def count_confusions(reference: Indices, answered: Indices, weights: Weights, classes: int) -> npt.NDArray[np.float64]:
    """Return a confusion matrix a draw, float64 (draws, true class, answered class)."""
    cells = np.eye(classes * classes)[reference * classes + answered]
    return np.asarray((weights @ cells).reshape(len(weights), classes, classes), dtype=np.float64)


def measure_balanced_accuracy(matrices: npt.NDArray[np.float64]) -> Draws:
    """Return the mean sensitivity over the classes of which a draw has films."""
    supports = matrices.sum(axis=2)
    sensitivities = divide(np.diagonal(matrices, axis1=1, axis2=2), supports)
    present = supports > 0
    return divide(np.where(present, sensitivities, 0.0).sum(axis=1), present.sum(axis=1).astype(np.float64))


def measure_class(matrices: npt.NDArray[np.float64], place: int) -> dict[str, Draws]:
    """Return sensitivity, specificity, PPV and NPV of one class against the rest."""
    hits = matrices[:, place, place]
    positives, answered = matrices[:, place, :].sum(axis=1), matrices[:, :, place].sum(axis=1)
    total = matrices.sum(axis=(1, 2))
    passed = total - positives - answered + hits
    return {
        "sensitivity": divide(hits, positives),
        "specificity": divide(passed, total - positives),
        "ppv": divide(hits, answered),
        "npv": divide(passed, total - answered),
    }


def predict_values(sensitivity: Draws, specificity: Draws, prevalence: float) -> dict[str, Draws]:
    """Return PPV and NPV where the class has a stated prevalence, by Bayes' theorem.

    A data set's own predictive values hold for its own share of ill patients, which no clinic has.

    Parameters
    ----------
    sensitivity, specificity : numpy.ndarray
        float64 (draws,).
    prevalence : float
        Between 0 and 1.
    """
    true_positive, false_positive = sensitivity * prevalence, (1.0 - specificity) * (1.0 - prevalence)
    true_negative, false_negative = specificity * (1.0 - prevalence), (1.0 - sensitivity) * prevalence
    return {
        "ppv": divide(true_positive, true_positive + false_positive),
        "npv": divide(true_negative, true_negative + false_negative),
    }


def rank_covid19_and_normal(
    reference: Indices, probabilities: Probabilities, weights: Weights, labels: Sequence[Label]
) -> Ranking:
    """Rank the films of COVID-19 and of normal chests alone by what the model gives to the one of these two.

    A model that does not know both ranks none.
    """
    if Label.COVID19 not in labels or Label.NORMAL not in labels:
        return Ranking.sort(np.zeros(0), np.zeros(0, dtype=np.bool_), weights[:, :0])
    covid19, normal = labels.index(Label.COVID19), labels.index(Label.NORMAL)
    chosen = (reference == covid19) | (reference == normal)
    both = probabilities[chosen][:, (covid19, normal)]
    total = both.sum(axis=1)
    scores = np.where(total > 0, both[:, 0] / np.where(total > 0, total, 1.0), 0.5)
    return Ranking.sort(scores, reference[chosen] == covid19, weights[:, chosen])


def find_bins(probabilities: Probabilities) -> Indices:
    """Return for each film the bin, of 15 of equal width, in which its top probability lies."""
    return np.asarray(np.minimum(probabilities.max(axis=1) * ECE_BINS, ECE_BINS - 1), dtype=np.intp)


def measure_ece(reference: Indices, probabilities: Probabilities, weights: Weights) -> Draws:
    """Return the expected calibration error of the top label, 15 bins of equal width (Guo et al., ICML 2017)."""
    correct = probabilities.argmax(axis=1) == reference
    gaps = weights @ (np.eye(ECE_BINS)[find_bins(probabilities)] * (correct - probabilities.max(axis=1))[:, np.newaxis])
    return divide(np.abs(gaps).sum(axis=1), weights.sum(axis=1))


def measure_brier(reference: Indices, probabilities: Probabilities, weights: Weights) -> Draws:
    """Return the Brier score in its first form, summed over the labels: 0 is perfect, 2 the worst (Brier, 1950)."""
    return weigh_mean(((probabilities - np.eye(probabilities.shape[1])[reference]) ** 2).sum(axis=1), weights)
