"""Baselines that cannot see disease: what a size, a thumbnail or nothing but the source gives away.

Every figure here is out of fold: films are dealt to five parts by patient, and each part is answered by a model that
was fitted on the other four.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from documents.figures import Estimate
from training.data.dataset import Case
from training.data.split import deal_patients
from training.evaluation.figures.estimates import Weights, estimate
from training.evaluation.figures.metrics import Indices, Probabilities, count_confusions, measure_balanced_accuracy
from training.evaluation.result import SourceRecognition

FOLDS = 5
TREE_DEPTH = 4

Features = npt.NDArray[np.float64]


def build_logistic(strength: float) -> Any:
    """Build a multinomial logistic regression on standardized features, classes balanced.

    Parameters
    ----------
    strength : float
        Inverse of the ridge penalty: small where there are more features than films can bear.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(C=strength, class_weight="balanced", max_iter=500))


def build_tree() -> Any:
    """Build a small decision tree, classes balanced: it finds the sizes that only one archive uses."""
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(max_depth=TREE_DEPTH, min_samples_leaf=5, class_weight="balanced", random_state=0)


def cross_validate(
    model: Any, features: Features, reference: Indices, cases: Sequence[Case], *, classes: int, seed: int
) -> Probabilities:
    """Return out-of-fold probabilities, patients kept apart.

    Parameters
    ----------
    model : Any
        With `fit` and `predict_proba`, as scikit-learn has them; it is fitted anew for each fold.
    features : numpy.ndarray
        float64 (films, features).
    reference : numpy.ndarray
        int (films,), index of the true class.
    cases : sequence of Case
        The same films.
    classes : int
        How many there are.
    seed : int
        Of the dealing.

    Returns
    -------
    numpy.ndarray
        float64 (films, classes); a class that a fold's model never saw has probability 0.
    """
    fold = np.asarray(deal_patients(cases, [1.0] * FOLDS, seed))
    probabilities = np.zeros((len(cases), classes))
    for part in np.unique(fold):
        held_out = fold == part
        probabilities[held_out] = fit_and_predict(
            model, features[~held_out], reference[~held_out], features[held_out], classes
        )
    return probabilities


def fit_and_predict(model: Any, features: Features, reference: Indices, asked: Features, classes: int) -> Probabilities:
    """Fit a model and return its probabilities for other films, float64 (films, classes)."""
    probabilities = np.zeros((len(asked), classes))
    known = np.unique(reference)
    if len(known) < 2:
        probabilities[:, known] = 1.0
        return probabilities
    with warnings.catch_warnings():
        # a fit that has not converged is a weaker baseline, and no fault of the data set
        warnings.simplefilter("ignore")
        model.fit(features, reference)
        probabilities[:, model.classes_] = model.predict_proba(asked)
    return probabilities


def describe_size(rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]) -> Features:
    """Return the features of a film of which nothing but its size is known, float64 (films, 3): logarithms."""
    return np.log2(np.stack([rows, columns, rows / columns], axis=1).astype(np.float64))


def recognize_sources(
    cases: Sequence[Case], views: Mapping[str, Features], weights: Weights, *, seed: int
) -> SourceRecognition | None:
    """Measure how well the source of films of one class can be recognised from pictures of them.

    What tells the source within a class cannot be the disease; a model can use it as a shortcut across classes.

    Parameters
    ----------
    cases : sequence of Case
        Films of one class.
    views : mapping
        From name, as in `SourceRecognition`, to features, float64 (films, features).
    weights : numpy.ndarray
        float64 (draws, films).
    seed : int
        Of the dealing.

    Returns
    -------
    SourceRecognition or None
        None where fewer than two sources have five patients.
    """
    patients: dict[str, set[str]] = {}
    for case in cases:
        patients.setdefault(case.source, set()).add(case.patient_id)
    sources = sorted(source for source, members in patients.items() if len(members) >= FOLDS)
    if len(sources) < 2:
        return None
    kept = [place for place, case in enumerate(cases) if case.source in sources]
    chosen = [cases[place] for place in kept]
    reference = np.asarray([sources.index(case.source) for case in chosen])
    found = {
        name: _measure_recognition(features[kept], reference, chosen, weights[:, kept], seed)
        for name, features in views.items()
    }
    counts = {source: int((reference == place).sum()) for place, source in enumerate(sources)}
    return SourceRecognition(sources=counts, chance=round(1.0 / len(sources), 4), **found)


def _measure_recognition(
    features: Features, reference: Indices, cases: Sequence[Case], weights: Weights, seed: int
) -> Estimate:
    # strong ridge: a thumbnail has 256 features, a network's last layer more than a thousand
    classes = int(reference.max()) + 1
    probabilities = cross_validate(build_logistic(0.01), features, reference, cases, classes=classes, seed=seed)
    matrices = count_confusions(reference, probabilities.argmax(axis=1), weights, classes)
    return estimate(measure_balanced_accuracy(matrices))
