"""Figures on films of a data set, through the very classifier that serves, each with its 95 % interval by patient."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from documents.figures import Estimate
from imaging import REASONS
from inference.labels import (
    BELOW_OPERATING_POINT,
    LABELS,
    OTHER_FINDING,
    OUTSIDE_TRAINING_POPULATION,
    Label,
    Outcome,
)
from training.evaluation import measures, result
from training.evaluation.figures.estimates import (
    Weights,
    draw_patients,
    estimate,
    estimate_all,
    weigh_mean,
    weigh_share,
)
from training.evaluation.figures.metrics import ECE_BINS, find_bins
from training.evaluation.figures.scores import find_predictive_values, score
from training.evaluation.groups import GROUPINGS, name_groups, order_groups
from training.evaluation.judged_films import (
    EvaluatedFilm,
    JudgedFilm,
    RefusedFilm,
    is_of_a_class,
    to_patients,
    to_probabilities,
    to_reference,
)

PREVALENCES: Mapping[Label, tuple[float, ...]] = {
    Label.COVID19: (0.01, 0.05, 0.20),
    Label.VIRAL_PNEUMONIA: (0.01, 0.05, 0.20),
    Label.NORMAL: (0.50, 0.80, 0.95),
}
"""Shares of the patients who are sent to a radiograph, from a quiet season to an outbreak."""

THRESHOLDS = (0.34, *np.arange(0.40, 0.96, 0.05).round(2).tolist(), 0.98, 0.99)


def evaluate(
    films: Sequence[JudgedFilm],
    labels: Sequence[Label],
    *,
    seed: int,
    refused: Sequence[RefusedFilm] = (),
    prevalences: Mapping[Label, Sequence[float]] = PREVALENCES,
) -> measures.Measures:
    """Measure films that were judged, every metric with its 95 % bootstrap interval by patient.

    Parameters
    ----------
    films : sequence of JudgedFilm
        Radiographs of the labels and, where there are any, of other findings.
    labels : sequence of Label
        Those that the model knows, in their order.
    seed : int
        Of the bootstrap.
    refused : sequence of RefusedFilm
        Films that got no answer; they are counted, and no metric is over them.
    prevalences : mapping
        For each label the prevalences at which its predictive values are given too.
    """
    labelled = [film for film in films if is_of_a_class(film)]
    weights = draw_patients(to_patients(labelled), seed=seed)
    scores = score(labelled, weights, labels)
    measured = dict(scores) | {"per_class": find_predictive_values(scores, labelled, weights, prevalences)}
    return measures.Measures(
        **measured,
        answered=_measure_answered(labelled, weights),
        coverage_curve=_measure_coverage(labelled, weights, labels),
        reliability=measures.ReliabilityDiagram(bins=_measure_reliability(labelled, weights, labels)),
        other_finding=_measure_others(films, refused, labels, seed),
        by_group={name: _score_groups(labelled, refused, weights, name, labels) for name in GROUPINGS},
    )


def count_refusals(films: Sequence[EvaluatedFilm], *, seed: int) -> result.Refusals:
    """Count the films that got no answer by reason and label: figures without them would flatter.

    Parameters
    ----------
    films : sequence of JudgedFilm or RefusedFilm
        All films of the data set.
    seed : int
        Of the bootstrap.
    """
    refused = [film for film in films if isinstance(film, RefusedFilm)]
    labelled = [film for film in films if is_of_a_class(film)]
    weights = draw_patients(to_patients(labelled), seed=seed)
    share = weigh_share([isinstance(film, RefusedFilm) for film in labelled], weights)
    reasons = sorted({film.reason_code for film in refused})
    return result.Refusals(
        n=len(refused),
        unreadable=sum(film.unreadable for film in refused),
        share=estimate(share, _count_patients(labelled)),
        by_reason={reason: _describe_reason(reason, refused) for reason in reasons},
    )


def _describe_reason(reason_code: str, refused: Sequence[RefusedFilm]) -> result.RefusedReason:
    labels = [film.case.reference_label for film in refused if film.reason_code == reason_code]
    by_label = {str(label): labels.count(label) for label in (*LABELS, OTHER_FINDING) if label in labels}
    return result.RefusedReason(n=len(labels), advice=REASONS.get(reason_code, ""), by_label=by_label)


def _measure_answered(films: Sequence[JudgedFilm], weights: Weights) -> measures.Answered:
    given = _find_answered(films)
    right = np.asarray([film.prediction.label == film.case.reference_label for film in films], dtype=bool)
    reasons = {
        "lost_to_other_finding": OTHER_FINDING,
        "below_operating_point": BELOW_OPERATING_POINT,
        "outside_training_population": OUTSIDE_TRAINING_POPULATION,
    }
    measured = {"coverage": weigh_share(given, weights), "accuracy": weigh_share(right[given], weights[:, given])}
    for name, reason in reasons.items():
        measured[name] = weigh_share([film.prediction.reason_code == reason for film in films], weights)
    return measures.Answered(**estimate_all(measured, dict.fromkeys(measured, _count_patients(films))))


def _find_answered(films: Sequence[JudgedFilm]) -> npt.NDArray[np.bool_]:
    return np.asarray([film.prediction.outcome is Outcome.PREDICTED for film in films], dtype=bool)


def _measure_coverage(
    films: Sequence[JudgedFilm], weights: Weights, labels: Sequence[Label]
) -> tuple[measures.CoveragePoint, ...]:
    probabilities = to_probabilities(films, labels)
    right = probabilities.argmax(axis=1) == to_reference(films, labels)
    lost = np.asarray([film.prediction.reason_code == OTHER_FINDING for film in films], dtype=bool)
    points = []
    for threshold in (each for each in THRESHOLDS if each >= 1.0 / len(labels)):
        covered = (probabilities.max(axis=1) >= threshold) & ~lost
        coverage = estimate(weigh_share(covered, weights), _count_patients(films))
        accuracy = _estimate_share(right, covered, films, weights)
        points.append(measures.CoveragePoint(threshold=threshold, coverage=coverage, accuracy=accuracy))
    return tuple(points)


def _measure_reliability(
    films: Sequence[JudgedFilm], weights: Weights, labels: Sequence[Label]
) -> tuple[measures.DiagramBin, ...]:
    probabilities = to_probabilities(films, labels)
    right, bins = probabilities.argmax(axis=1) == to_reference(films, labels), find_bins(probabilities)
    rows = []
    for place in range(ECE_BINS):
        inside = bins == place
        mean = round(float(probabilities[inside].max(axis=1).mean()), 4) if inside.any() else None
        row = measures.DiagramBin(
            low=round(place / ECE_BINS, 4),
            high=round((place + 1) / ECE_BINS, 4),
            n=int(inside.sum()),
            mean_probability=mean,
            accuracy=_estimate_share(right, inside, films, weights),
        )
        rows.append(row)
    return tuple(rows)


def _estimate_share(
    facts: npt.NDArray[np.bool_], chosen: npt.NDArray[np.bool_], films: Sequence[JudgedFilm], weights: Weights
) -> Estimate:
    """Estimate the share of the chosen films of which a fact is true."""
    members = [films[place] for place in np.flatnonzero(chosen).tolist()]
    return estimate(weigh_share(facts[chosen], weights[:, chosen]), _count_patients(members))


def _count_patients(films: Sequence[EvaluatedFilm]) -> int:
    return len(set(to_patients(films)))


def _measure_others(
    films: Sequence[JudgedFilm], refused: Sequence[RefusedFilm], labels: Sequence[Label], seed: int
) -> measures.OtherFindings:
    others = [film for film in films if not is_of_a_class(film)]
    weights = draw_patients(to_patients(others), seed=seed)
    given = [film.prediction.label for film in others]

    def measure(facts: Sequence[bool]) -> Estimate:
        return estimate(weigh_share(facts, weights), _count_patients(others))

    return measures.OtherFindings(
        n=len(others),
        n_refused=sum(not is_of_a_class(film) for film in refused),
        answered={str(label): measure([answered is label for answered in given]) for label in labels},
        indeterminate=measure([answered is None for answered in given]),
        reason_other_finding=measure([film.prediction.reason_code == OTHER_FINDING for film in others]),
    )


def _score_groups(
    films: Sequence[JudgedFilm],
    refused: Sequence[RefusedFilm],
    weights: Weights,
    grouping: str,
    labels: Sequence[Label],
) -> dict[str, measures.GroupScores]:
    left_out = [film for film in refused if is_of_a_class(film)]
    names = np.asarray(name_groups([*films, *left_out], grouping), dtype=np.str_)
    groups = {}
    for name in order_groups(names.tolist(), grouping):
        places = np.flatnonzero(names[: len(films)] == name).tolist()
        members = [films[place] for place in places]
        given = _find_answered(members).astype(np.float64)
        groups[name] = measures.GroupScores(
            **dict(score(members, weights[:, places], labels)),
            refused=int((names[len(films) :] == name).sum()),
            coverage=estimate(weigh_mean(given, weights[:, places]), _count_patients(members)),
        )
    return groups
