"""The shortcut audit, which asks whether a model looks at the lungs or at what comes with the picture.

A model that tells the classes apart without lungs has learnt something else than disease (Maguolo and Nanni, 2021;
DeGrave et al., Nature Machine Intelligence 2021). It is stamped so.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from documents.figures import Estimate
from imaging.opencv import cv2
from inference.labels import Label
from inference.prediction import Prediction
from training.evaluation import measures, result
from training.evaluation.figures.estimates import Weights, divide, estimate_all, weigh_mean
from training.evaluation.figures.scores import score, score_probabilities
from training.evaluation.judged_films import (
    THUMBNAIL,
    ExaminedFilm,
    JudgedFilm,
    to_patients,
    to_probabilities,
    to_reference,
)
from training.evaluation.shortcuts.baselines import (
    Features,
    build_logistic,
    build_tree,
    cross_validate,
    describe_size,
    recognize_sources,
)

LEAST_ABOVE_CHANCE = 0.175
"""Share of what lies between chance and 1 that a model must reach without lungs to be said to work without them."""


FEWEST_FILMS = 30
"""Films of which fewer show nothing either way."""


def find_limit(classes: int) -> float:
    """Return the balanced accuracy without lungs that must not be exceeded: 0.45 of three classes, 0.5875 of two."""
    chance = 1.0 / classes
    return round(chance + LEAST_ABOVE_CHANCE * (1.0 - chance), 4)


def audit(
    films: Sequence[ExaminedFilm],
    features: Features | None,
    weights: Weights,
    labels: Sequence[Label],
    *,
    seed: int,
) -> result.Audit:
    """Audit the answers to a data set.

    Parameters
    ----------
    films : sequence of ExaminedFilm
        Of the labels.
    features : numpy.ndarray or None
        float64 (films, channels), the pooled features of each film, where they could be computed.
    weights : numpy.ndarray
        float64 (draws, films), from `training.evaluation.figures.estimates.draw_patients`.
    labels : sequence of Label
        Those that the model knows.
    seed : int
        Of the folds of the baselines.
    """
    lungs_masked = score([_judge_again(film, film.evidence.without_lungs) for film in films], weights, labels)
    border_only = score([_judge_again(film, film.evidence.border_only) for film in films], weights, labels)
    limit = find_limit(len(labels))
    verdict = find_verdict(limit, len(films), lungs_masked.balanced_accuracy, border_only.balanced_accuracy)
    return result.Audit(
        works_without_lungs=verdict != result.NEAR_CHANCE,
        verdict=verdict,
        limit=limit,
        chance=round(1.0 / len(labels), 4),
        lungs_masked=lungs_masked,
        border_only=border_only,
        baselines=_score_baselines(films, weights, labels, seed),
        source_within_class=_recognize_sources_within_classes(films, features, weights, labels, seed),
        activation=_measure_activation(films, weights, by_label=_measure_activation_by_label(films, weights, labels)),
    )


def find_verdict(limit: float, films: int, *balanced_accuracies: Estimate) -> str:
    """Return the verdict on a model by its balanced accuracies on films without lungs, and their limit.

    Returns
    -------
    str
        `works_without_lungs` where one exceeds the limit, `not_ruled_out` where the upper end of an interval does, or
        where there are too few films to show anything: the burden of proof is the model's. Else `near_chance`.
    """
    if films < FEWEST_FILMS:
        return result.NOT_RULED_OUT
    values = [each.value for each in balanced_accuracies if each.value is not None]
    highs = [each.high for each in balanced_accuracies if each.high is not None]
    if max(values, default=0.0) > limit:
        return result.WORKS_WITHOUT_LUNGS
    return result.NOT_RULED_OUT if max(highs, default=1.0) > limit else result.NEAR_CHANCE


def _judge_again(film: JudgedFilm, prediction: Prediction) -> JudgedFilm:
    return JudgedFilm(film.case, prediction, film.rows, film.columns)


def _score_baselines(
    films: Sequence[ExaminedFilm], weights: Weights, labels: Sequence[Label], seed: int
) -> dict[str, measures.Scores]:
    cases, reference = [film.case for film in films], to_reference(films, labels)
    size = describe_size(np.asarray([film.rows for film in films]), np.asarray([film.columns for film in films]))
    thumbnails = _flatten([film.evidence.film_thumbnail for film in films])
    models = {
        "image_size_logistic": (build_logistic(1.0), size),
        "image_size_tree": (build_tree(), size),
        "thumbnail_logistic": (build_logistic(0.01), thumbnails),
    }
    patients = to_patients(films)
    scores = {}
    for name, (model, features) in models.items():
        probabilities = cross_validate(model, features, reference, cases, classes=len(labels), seed=seed)
        scores[name] = score_probabilities(reference, probabilities, patients, weights, labels)
    return scores


def _recognize_sources_within_classes(
    films: Sequence[ExaminedFilm], features: Features | None, weights: Weights, labels: Sequence[Label], seed: int
) -> dict[str, result.SourceRecognition | None]:
    views = {
        "film_thumbnail": _flatten([film.evidence.film_thumbnail for film in films]),
        "framed_thumbnail": _flatten([_shrink(film.evidence.framed) for film in films]),
    }
    if features is not None:
        views["features"] = features
    found = {}
    for label in map(str, labels):
        places = [place for place, film in enumerate(films) if film.case.reference_label == label]
        cases = [films[place].case for place in places]
        parts = {name: view[places] for name, view in views.items()}
        found[label] = recognize_sources(cases, parts, weights[:, places], seed=seed)
    return found


def _measure_activation(films: Sequence[ExaminedFilm], weights: Weights, **parts: Any) -> result.Activation:
    measured = {
        name: weigh_mean(np.asarray([getattr(film.evidence.focus, name) for film in films], np.float64), weights)
        for name in ("in_lungs", "area", "peak_in_lungs")
    }
    measured["ratio"] = divide(measured["in_lungs"], measured["area"])
    return result.Activation.model_validate({"n": len(films), **estimate_all(measured), **parts})


def _measure_activation_by_label(
    films: Sequence[ExaminedFilm], weights: Weights, labels: Sequence[Label]
) -> dict[str, result.Activation]:
    answered = to_probabilities(films, labels).argmax(axis=1)
    places = {str(label): np.flatnonzero(answered == at).tolist() for at, label in enumerate(labels)}
    return {
        label: _measure_activation([films[place] for place in members], weights[:, members])
        for label, members in places.items()
    }


def _shrink(framed: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.resize(framed, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _flatten(pictures: Sequence[npt.NDArray[np.uint8]]) -> Features:
    return np.asarray(pictures, dtype=np.float64).reshape(len(pictures), -1) / 255.0
