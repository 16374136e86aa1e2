"""The shortcut audit, which asks whether a model looks at the lungs or at what comes with the picture.

A model that tells the classes apart without lungs has learnt something else than disease (Maguolo and Nanni, 2021;
DeGrave et al., Nature Machine Intelligence 2021). It is stamped so.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from imaging.opencv import cv2
from inference.labels import LABELS
from inference.prediction import Prediction
from training.evaluation.answers import Answer, to_patients, to_probabilities, to_reference
from training.evaluation.examination import THUMBNAIL, Evidence
from training.evaluation.figures.estimates import Weights, divide, estimates_to_json, weigh_mean
from training.evaluation.figures.scores import score, score_probabilities
from training.evaluation.shortcuts.baselines import (
    Features,
    build_logistic,
    build_tree,
    cross_validate,
    describe_size,
    tell_sources,
)

LIMIT = 0.45
"""Balanced accuracy without lungs, of three classes, above which a model is said to work without them."""

Film = tuple[Answer, Evidence]


def audit(films: Sequence[Film], features: Features | None, weights: Weights, *, seed: int) -> dict[str, Any]:
    """Audit the answers to a data set.

    Parameters
    ----------
    films : sequence of tuple
        Answers to films of the three labels, with their evidence.
    features : numpy.ndarray or None
        float64 (films, channels), the pooled features of each film, where they could be computed.
    weights : numpy.ndarray
        float64 (draws, films), from `training.evaluation.figures.estimates.draw_patients`.
    seed : int
        Of the folds of the baselines.

    Returns
    -------
    dict
        The stamp `works_without_lungs` with its `verdict` and `limit`; the scores of `lungs_masked` and `border_only`;
        `baselines`; `source_within_class`; `activation`.
    """
    answers = [answer for answer, _ in films]
    lungs_masked = score(_answer_again(films, lambda evidence: evidence.without_lungs), weights)
    border_only = score(_answer_again(films, lambda evidence: evidence.border_only), weights)
    return {
        **judge(lungs_masked["balanced_accuracy"], border_only["balanced_accuracy"]),
        "lungs_masked": lungs_masked,
        "border_only": border_only,
        "baselines": _score_baselines(films, weights, seed),
        "source_within_class": _tell_sources_within_classes(films, features, weights, seed),
        "activation": _measure_activation(films, weights)
        | {"by_label": {label: _measure_activation_of(films, answers, label, weights) for label in map(str, LABELS)}},
    }


def judge(*balanced_accuracies: Mapping[str, float | None]) -> dict[str, Any]:
    """Decide on the stamp.

    Parameters
    ----------
    balanced_accuracies : mapping
        Estimates, as in JSON, of the model's balanced accuracy on films without lungs.

    Returns
    -------
    dict
        `works_without_lungs` is true if an estimate or the upper end of its interval exceeds the limit: the burden of
        proof is the model's. `verdict` says which: `works_without_lungs`, `not_ruled_out` or `near_chance`.
    """
    values = [each["value"] for each in balanced_accuracies if each["value"] is not None]
    highs = [each["high"] for each in balanced_accuracies if each["high"] is not None]
    verdict = "near_chance"
    if max(highs, default=1.0) > LIMIT:
        verdict = "not_ruled_out"
    if max(values, default=0.0) > LIMIT:
        verdict = "works_without_lungs"
    return {
        "works_without_lungs": verdict != "near_chance",
        "verdict": verdict,
        "limit": LIMIT,
        "chance": round(1.0 / len(LABELS), 4),
    }


def _answer_again(films: Sequence[Film], choose: Callable[[Evidence], Prediction]) -> list[Answer]:
    return [Answer(answer.case, choose(evidence), answer.rows, answer.columns) for answer, evidence in films]


def _score_baselines(films: Sequence[Film], weights: Weights, seed: int) -> dict[str, Any]:
    answers = [answer for answer, _ in films]
    cases, reference = [answer.case for answer in answers], to_reference(answers)
    size = describe_size(np.asarray([each.rows for each in answers]), np.asarray([each.columns for each in answers]))
    thumbnails = _flatten([evidence.film_thumbnail for _, evidence in films])
    models = {
        "image_size_logistic": (build_logistic(1.0), size),
        "image_size_tree": (build_tree(), size),
        "thumbnail_logistic": (build_logistic(0.01), thumbnails),
    }
    patients = to_patients(answers)
    scores = {}
    for name, (model, features) in models.items():
        probabilities = cross_validate(model, features, reference, cases, classes=len(LABELS), seed=seed)
        scores[name] = score_probabilities(reference, probabilities, patients, weights)
    return scores


def _tell_sources_within_classes(
    films: Sequence[Film], features: Features | None, weights: Weights, seed: int
) -> dict[str, Any]:
    views = {
        "film_thumbnail": _flatten([evidence.film_thumbnail for _, evidence in films]),
        "framed_thumbnail": _flatten([_shrink(evidence.framed) for _, evidence in films]),
    }
    if features is not None:
        views["features"] = features
    told: dict[str, Any] = {}
    for label in map(str, LABELS):
        places = [place for place, (answer, _) in enumerate(films) if answer.case.reference_label == label]
        cases = [films[place][0].case for place in places]
        parts = {name: view[places] for name, view in views.items()}
        told[label] = tell_sources(cases, parts, weights[:, places], seed=seed)
    return told


def _measure_activation(films: Sequence[Film], weights: Weights) -> dict[str, Any]:
    measured = {
        name: weigh_mean(np.asarray([getattr(evidence.focus, name) for _, evidence in films], np.float64), weights)
        for name in ("in_lungs", "area", "peak_in_lungs")
    }
    measured["ratio"] = divide(measured["in_lungs"], measured["area"])
    return {"n": len(films), **estimates_to_json(measured)}


def _measure_activation_of(
    films: Sequence[Film], answers: Sequence[Answer], label: str, weights: Weights
) -> dict[str, Any]:
    answered = to_probabilities(answers).argmax(axis=1)
    places = [place for place, each in enumerate(answered) if LABELS[each] == label]
    return _measure_activation([films[place] for place in places], weights[:, places])


def _shrink(framed: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.resize(framed, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _flatten(pictures: Sequence[npt.NDArray[np.uint8]]) -> Features:
    return np.asarray(pictures, dtype=np.float64).reshape(len(pictures), -1) / 255.0
