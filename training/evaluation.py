"""Figures on held-out patients, through the very classifier that serves."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imaging import RadiographError, normalize, read_radiograph
from inference.classifier import Classifier, Prediction
from inference.labels import LABELS, OTHER_FINDING, Label, Outcome
from training.dataset import Case
from training.metrics import Estimate, bootstrap, count_confusions, measure

GROUPS: Mapping[str, Callable[[Case], str]] = {
    "source": lambda case: case.source,
    "age_group": lambda case: case.age_group,
    "view": lambda case: case.view,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A radiograph of the data set and what the classifier said."""

    case: Case
    prediction: Prediction


def answer_cases(classifier: Classifier, cases: Iterable[Case]) -> list[Answer]:
    """Classify each radiograph as serving does; one that `imaging` refuses gives no answer."""
    answers = []
    for case in cases:
        try:
            pixels = normalize(read_radiograph(case.path).pixels, classifier.bundle.input_size)
        except RadiographError:
            continue
        answers.append(Answer(case, classifier.predict(pixels[np.newaxis, :, :, np.newaxis])[0]))
    return answers


def evaluate(answers: Sequence[Answer], *, seed: int) -> dict[str, Any]:
    """Measure held-out answers, every metric with its 95 % bootstrap interval by patient.

    Parameters
    ----------
    answers : sequence of Answer
        Of radiographs of the three labels and, where there are any, of other findings.
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict
        The object that `evaluate --format json` prints, less schema and model version: `n`, `n_patients`,
        `accuracy`, `balanced_accuracy`, `ece`, `per_class`, `confusion_matrix` over the most probable label, whatever
        the outcome; `answered` with coverage and accuracy under the operating points; `other_finding`; `by_group`.
    """
    labelled = [answer for answer in answers if answer.case.reference_label != OTHER_FINDING]
    others = [answer for answer in answers if answer.case.reference_label == OTHER_FINDING]
    report = _evaluate_labels(labelled, seed)
    matrix = count_confusions(_to_reference(labelled), _to_probabilities(labelled).argmax(axis=1))
    report["confusion_matrix"] = matrix.tolist()
    report["answered"] = _estimate(labelled, _measure_answered, seed)
    report["other_finding"] = {"n": len(others), **_estimate(others, _measure_others, seed)}
    report["by_group"] = {
        name: {group: _evaluate_labels(members, seed) for group, members in _group(labelled, key).items()}
        for name, key in GROUPS.items()
    }
    return report


def _evaluate_labels(answers: Sequence[Answer], seed: int) -> dict[str, Any]:
    reference, probabilities = _to_reference(answers), _to_probabilities(answers)
    patients = [answer.case.patient_id for answer in answers]
    found = bootstrap(lambda chosen: measure(reference[chosen], probabilities[chosen]), patients, seed=seed)
    report: dict[str, Any] = {"n": len(answers), "n_patients": len(set(patients))}
    report |= {name: found[name].to_json() for name in ("accuracy", "balanced_accuracy", "ece")}
    supports = np.bincount(reference, minlength=len(LABELS)).tolist()
    classes = zip(LABELS, supports, strict=True)
    report["per_class"] = {label: _select(found, label) | {"support": support} for label, support in classes}
    return report


def _select(found: Mapping[str, Estimate], label: Label) -> dict[str, Any]:
    prefix = f"{label}."
    return {name.removeprefix(prefix): value.to_json() for name, value in found.items() if name.startswith(prefix)}


def _estimate(
    answers: Sequence[Answer], statistic: Callable[[Sequence[Answer]], dict[str, float]], seed: int
) -> dict[str, Any]:
    patients = [answer.case.patient_id for answer in answers]
    found = bootstrap(lambda chosen: statistic([answers[index] for index in chosen]), patients, seed=seed)
    return {name: value.to_json() for name, value in found.items()}


def _measure_answered(answers: Sequence[Answer]) -> dict[str, float]:
    given = [answer for answer in answers if answer.prediction.outcome is Outcome.PREDICTED]
    lost = [answer.prediction.reason_code == OTHER_FINDING for answer in answers]
    return {
        "coverage": _share([answer.prediction.outcome is Outcome.PREDICTED for answer in answers]),
        "accuracy": _share([answer.prediction.label == answer.case.reference_label for answer in given]),
        "lost_to_other_finding": _share(lost),
    }


def _measure_others(answers: Sequence[Answer]) -> dict[str, float]:
    labels = [answer.prediction.label for answer in answers]
    shares = {f"answered_{label}": _share([given is label for given in labels]) for label in LABELS}
    return shares | {"indeterminate": _share([given is None for given in labels])}


def _group(answers: Sequence[Answer], key: Callable[[Case], str]) -> dict[str, list[Answer]]:
    groups: dict[str, list[Answer]] = {}
    for answer in answers:
        groups.setdefault(key(answer.case), []).append(answer)
    return dict(sorted(groups.items()))


def _share(facts: Sequence[bool]) -> float:
    return float(np.mean(facts)) if facts else float("nan")


def _to_reference(answers: Sequence[Answer]) -> npt.NDArray[np.intp]:
    return np.asarray([LABELS.index(Label(answer.case.reference_label)) for answer in answers], dtype=np.intp)


def _to_probabilities(answers: Sequence[Answer]) -> npt.NDArray[np.float64]:
    rows = [[answer.prediction.probabilities[label] for label in LABELS] for answer in answers]
    return np.asarray(rows, dtype=np.float64).reshape(len(answers), len(LABELS))
