"""Leaving a whole source or site out: the nearest that one data set comes to another hospital.

A whole training for each would take hours, so only the linear head is fitted anew, on the pooled features of the given
model's frozen network, which are computed once. That network has seen the films that are left out: the figures are
therefore upper bounds for this recipe, and say so.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from inference.labels import OTHER_FINDING, Label
from training.data.dataset import UNKNOWN, Case
from training.data.split import deal_patients
from training.evaluation.figures.estimates import draw_patients
from training.evaluation.figures.metrics import Indices, Probabilities
from training.evaluation.figures.scores import score_probabilities
from training.evaluation.groups import FEW_FILMS
from training.evaluation.measures import ABSENT, Scores
from training.evaluation.result import HELD_OUT_PATIENTS, SAME_GROUP, LeaveOneOut, LeftOut
from training.evaluation.shortcuts.baselines import FOLDS, Features, build_logistic, fit_and_predict

METHOD = (
    "Linear heads (balanced logistic regression) on the pooled features of this model's frozen network, each fitted "
    "without one {by} and tested on it. The network itself has seen these films where the model was trained on them, "
    "so the figures are upper bounds."
)
STRENGTH = 0.01


def leave_out(cases: Sequence[Case], features: Features, by: str, labels: Sequence[Label], *, seed: int) -> LeaveOneOut:
    """Fit and test a head for each source or site that is left out.

    Parameters
    ----------
    cases : sequence of Case
        Films, with those of other findings if there are any: they are trained on as a fourth output.
    features : numpy.ndarray
        float64 (films, channels), from `training.evaluation.features.pool_features`.
    by : {"source", "site"}
        What is left out.
    labels : sequence of Label
        Those that the model knows.
    seed : int
        Of the bootstrap, and of the fifth of the patients that is always held out.

    Returns
    -------
    LeaveOneOut
        Films of a class that is found nowhere else are not tested
        (`labels_not_trained`). A group without both COVID-19 and normal films is compared with the films of
        the missing class of held-out patients elsewhere, and `auroc_against` says so.
    """
    names = np.asarray([getattr(case, by) for case in cases], dtype=np.str_)
    outputs = (*map(str, labels), OTHER_FINDING)
    reference = np.asarray([outputs.index(case.reference_label) for case in cases], dtype=np.intp)
    reserve = np.asarray(deal_patients(cases, [1.0] * FOLDS, seed)) == 0
    patients = np.asarray([case.patient_id for case in cases], dtype=np.str_)
    groups: dict[str, LeftOut] = {}
    skipped: dict[str, str] = {}
    answered: list[tuple[Indices, Probabilities]] = []
    for name in sorted(set(names.tolist())):
        left_out = names == name
        trained = ~np.isin(patients, patients[left_out]) & ~reserve
        known = np.isin(reference, reference[trained]) & (reference < len(labels))
        tested = np.flatnonzero(left_out & known)
        if obstacle := _find_obstacle(name, left_out & (reference < len(labels)), tested):
            skipped[name] = obstacle
            continue
        asked = np.concatenate([tested, np.flatnonzero(~left_out & reserve & known)])
        shares = _fit_head(features, reference, trained, asked, len(outputs))
        answered.append((tested, shares[: len(tested)]))
        not_trained = _name_labels(set(reference[left_out]) - set(reference[trained]), labels)
        found = _describe(cases, reference, asked, len(tested), shares, labels, seed)
        groups[name] = found.model_copy(update={"labels_not_trained": not_trained})
    together = _measure_all(cases, reference, answered, labels, seed)
    return LeaveOneOut(by=by, method=METHOD.format(by=by), groups=groups, skipped=skipped, all=together)


def _find_obstacle(name: str, films: npt.NDArray[np.bool_], tested: Indices) -> str | None:
    if name == UNKNOWN:
        return "films of unknown origin cannot be left out as one"
    if films.sum() < FEW_FILMS:
        return f"fewer than {FEW_FILMS} films of the classes"
    if not len(tested):
        return "no film of its classes would be left to train on"
    return None


def _name_labels(places: set[int], labels: Sequence[Label]) -> tuple[str, ...]:
    return tuple(str(label) for place, label in enumerate(labels) if place in places)


def _fit_head(
    features: Features, reference: Indices, trained: npt.NDArray[np.bool_], asked: Indices, count: int
) -> Probabilities:
    """Fit a head of so many outputs, the last of which is of other findings, and return what it gives to the labels."""
    outputs = fit_and_predict(build_logistic(STRENGTH), features[trained], reference[trained], features[asked], count)
    known = outputs[:, : count - 1]
    return np.asarray(known / np.maximum(known.sum(axis=1, keepdims=True), 1e-12))


def _describe(
    cases: Sequence[Case],
    reference: Indices,
    asked: Indices,
    count: int,
    probabilities: Probabilities,
    labels: Sequence[Label],
    seed: int,
) -> LeftOut:
    tested = asked[:count]
    found = _measure(cases, reference, tested, probabilities[:count], labels, seed)
    support = np.bincount(reference[tested], minlength=len(labels)).tolist()
    auroc, against = found.auroc_covid19_vs_normal, SAME_GROUP
    pair = [place for place, label in enumerate(labels) if label in (Label.COVID19, Label.NORMAL)]
    missing = [place for place in pair if not support[place]]
    if missing:
        against = HELD_OUT_PATIENTS
        kept = np.concatenate([np.ones(count, np.bool_), np.isin(reference[asked[count:]], missing)])
        auroc = _measure(cases, reference, asked[kept], probabilities[kept], labels, seed).auroc_covid19_vs_normal
    has_both = auroc.value is not None and len(missing) < 2
    return LeftOut(
        n=count,
        n_patients=len({cases[place].patient_id for place in tested}),
        support=dict(zip(map(str, labels), support, strict=True)),
        balanced_accuracy=found.balanced_accuracy,
        accuracy=found.accuracy,
        auroc_covid19_vs_normal=auroc if has_both else ABSENT,
        auroc_against=against if has_both else None,
    )


def _measure(
    cases: Sequence[Case],
    reference: Indices,
    places: Indices,
    probabilities: Probabilities,
    labels: Sequence[Label],
    seed: int,
) -> Scores:
    patients = [cases[place].patient_id for place in places]
    weights = draw_patients(patients, seed=seed)
    return score_probabilities(reference[places], probabilities, patients, weights, labels)


def _measure_all(
    cases: Sequence[Case],
    reference: Indices,
    answered: Sequence[tuple[Indices, Probabilities]],
    labels: Sequence[Label],
    seed: int,
) -> LeftOut:
    places = np.concatenate([each for each, _ in answered]) if answered else np.zeros(0, np.intp)
    shares = np.concatenate([each for _, each in answered]) if answered else np.zeros((0, len(labels)))
    found = _measure(cases, reference, places, shares, labels, seed)
    return LeftOut(
        n=len(places),
        balanced_accuracy=found.balanced_accuracy,
        accuracy=found.accuracy,
        auroc_covid19_vs_normal=found.auroc_covid19_vs_normal,
    )
