"""Figures on films of a data set, through the very classifier that serves, each with its 95 % interval by patient."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from inference.labels import (
    BELOW_OPERATING_POINT,
    LABELS,
    OTHER_FINDING,
    OUTSIDE_TRAINING_POPULATION,
    Label,
    Outcome,
)
from training.evaluation.answers import Answer, Refusal, is_labelled, to_patients, to_probabilities, to_reference
from training.evaluation.figures.estimates import (
    Weights,
    draw_patients,
    estimate,
    estimates_to_json,
    weigh_mean,
    weigh_share,
)
from training.evaluation.figures.metrics import ECE_BINS, find_bins
from training.evaluation.figures.scores import add_predictive_values, score
from training.evaluation.groups import GROUPINGS, name_groups, order_groups

PREVALENCES: Mapping[Label, tuple[float, ...]] = {
    Label.COVID19: (0.01, 0.05, 0.20),
    Label.VIRAL_PNEUMONIA: (0.01, 0.05, 0.20),
    Label.NORMAL: (0.50, 0.80, 0.95),
}
"""Shares of the patients who are sent to a radiograph, from a quiet season to an outbreak."""

THRESHOLDS = (0.34, *np.arange(0.40, 0.96, 0.05).round(2).tolist(), 0.98, 0.99)


def evaluate(
    answers: Sequence[Answer],
    *,
    seed: int,
    refusals: Sequence[Refusal] = (),
    prevalences: Mapping[Label, Sequence[float]] = PREVALENCES,
) -> dict[str, Any]:
    """Measure answers, every metric with its 95 % bootstrap interval by patient.

    Parameters
    ----------
    answers : sequence of Answer
        Of radiographs of the three labels and, where there are any, of other findings.
    seed : int
        Of the bootstrap.
    refusals : sequence of Refusal
        Films that got no answer; they are counted, and no metric is over them.
    prevalences : mapping
        For each label the prevalences at which its predictive values are given too.

    Returns
    -------
    dict
        The object that `evaluate --format json` prints, less what is known of model and data set: the scores of
        `score`, over the most probable label whatever the outcome; predictive values at stated prevalences;
        `answered` with coverage and accuracy under the operating points; `coverage_curve`; `reliability`;
        `other_finding`; `refused`; `by_group`.
    """
    labelled = [answer for answer in answers if is_labelled(answer)]
    weights = draw_patients(to_patients(labelled), seed=seed)
    report = score(labelled, weights)
    add_predictive_values(report, labelled, weights, prevalences)
    measured = _measure_answered(labelled, weights)
    report["answered"] = estimates_to_json(measured, dict.fromkeys(measured, report["n_patients"]))
    report["coverage_curve"] = _measure_coverage(labelled, weights)
    report["reliability"] = {"bins": _measure_reliability(labelled, weights)}
    report["other_finding"] = _measure_others(answers, refusals, seed)
    report["by_group"] = {name: _score_groups(labelled, refusals, weights, name) for name in GROUPINGS}
    return report


def _measure_answered(answers: Sequence[Answer], weights: Weights) -> dict[str, npt.NDArray[np.float64]]:
    given = np.asarray([answer.prediction.outcome is Outcome.PREDICTED for answer in answers], dtype=bool)
    right = np.asarray([answer.prediction.label == answer.case.reference_label for answer in answers], dtype=bool)
    reasons = {
        "lost_to_other_finding": OTHER_FINDING,
        "below_operating_point": BELOW_OPERATING_POINT,
        "outside_training_population": OUTSIDE_TRAINING_POPULATION,
    }
    shares = {
        name: weigh_share([answer.prediction.reason_code == reason for answer in answers], weights)
        for name, reason in reasons.items()
    }
    accuracy = weigh_share(right[given], weights[:, given])
    return {"coverage": weigh_share(given, weights), "accuracy": accuracy, **shares}


def _measure_coverage(answers: Sequence[Answer], weights: Weights) -> list[dict[str, Any]]:
    probabilities = to_probabilities(answers)
    right = probabilities.argmax(axis=1) == to_reference(answers)
    lost = np.asarray([answer.prediction.reason_code == OTHER_FINDING for answer in answers], dtype=bool)
    points = []
    for threshold in THRESHOLDS:
        covered = (probabilities.max(axis=1) >= threshold) & ~lost
        found = {"coverage": weigh_share(covered, weights)}
        found["accuracy"] = weigh_share(right[covered], weights[:, covered])
        trials = {"coverage": _count(answers, np.full(len(answers), True)), "accuracy": _count(answers, covered)}
        points.append({"threshold": threshold, **estimates_to_json(found, trials)})
    return points


def _measure_reliability(answers: Sequence[Answer], weights: Weights) -> list[dict[str, Any]]:
    probabilities = to_probabilities(answers)
    right, bins = probabilities.argmax(axis=1) == to_reference(answers), find_bins(probabilities)
    rows = []
    for place in range(ECE_BINS):
        inside = bins == place
        count = int(inside.sum())
        rows.append(
            {
                "low": round(place / ECE_BINS, 4),
                "high": round((place + 1) / ECE_BINS, 4),
                "n": count,
                "mean_probability": round(float(probabilities[inside].max(axis=1).mean()), 4) if count else None,
                "accuracy": estimate(weigh_share(right[inside], weights[:, inside]), _count(answers, inside)).to_json(),
            }
        )
    return rows


def _count(answers: Sequence[Answer], chosen: npt.NDArray[np.bool_]) -> int:
    """Count the patients of the films that were chosen."""
    return len({answers[place].case.patient_id for place in np.flatnonzero(chosen).tolist()})


def _measure_others(answers: Sequence[Answer], refusals: Sequence[Refusal], seed: int) -> dict[str, Any]:
    others = [answer for answer in answers if not is_labelled(answer)]
    weights = draw_patients(to_patients(others), seed=seed)
    given = [answer.prediction.label for answer in others]
    facts = {f"answered_{label}": [answered is label for answered in given] for label in LABELS}
    facts["indeterminate"] = [answered is None for answered in given]
    facts["reason_other_finding"] = [answer.prediction.reason_code == OTHER_FINDING for answer in others]
    counts = {"n": len(others), "n_refused": sum(not is_labelled(refusal) for refusal in refusals)}
    trials = dict.fromkeys(facts, len(set(to_patients(others))))
    return counts | estimates_to_json({name: weigh_share(fact, weights) for name, fact in facts.items()}, trials)


def _score_groups(
    answers: Sequence[Answer], refusals: Sequence[Refusal], weights: Weights, grouping: str
) -> dict[str, Any]:
    refused = [refusal for refusal in refusals if is_labelled(refusal)]
    names = np.asarray(name_groups([*answers, *refused], grouping), dtype=np.str_)
    answered, left_out = names[: len(answers)], names[len(answers) :]
    groups: dict[str, Any] = {}
    for name in order_groups(names.tolist(), grouping):
        places = np.flatnonzero(answered == name).tolist()
        members = [answers[place] for place in places]
        given = np.asarray([member.prediction.outcome is Outcome.PREDICTED for member in members], dtype=np.float64)
        groups[name] = score(members, weights[:, places]) | {
            "refused": int((left_out == name).sum()),
            "coverage": estimate(weigh_mean(given, weights[:, places]), len(set(to_patients(members)))).to_json(),
        }
    return groups
