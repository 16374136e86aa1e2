"""Out-of-fold answers: each film is answered by the one model of the cross-validation that never saw its patient.

Why the shipped model's temperature and operating points may come from them: the fold models are made by the same recipe
from other films of the same kind, so their logits on unseen patients are what the shipped model's will be like, on six
times as many films as one validation part has, none of which chose an epoch. This is the calibration of Platt (1999) by
cross-validation, as scikit-learn's `CalibratedClassifierCV(ensemble=False)` does it. What it assumes, that the last
training is like the others, is looked at: `bundle.json` holds the temperature that its own validation part asks for.

A figure must not be measured on what its thresholds were chosen on, so for the figures each fold is answered with the
temperature and operating points that the other folds give.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from inference.labels import Label, order_labels
from inference.prediction import calibrate, to_prediction
from training.data.dataset import Case
from training.evaluation.evaluation import evaluate
from training.evaluation.judged_films import JudgedFilm
from training.evaluation.measures import Measures
from training.fit.calibration import Calibration, choose_calibration

FOLD_METRICS = ("accuracy", "balanced_accuracy", "ece", "brier", "auroc_covid19_vs_normal")
CLASS_METRICS = ("sensitivity", "specificity", "auroc")


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Films with the logits of a model that never saw their patients.

    Attributes
    ----------
    cases : sequence of Case
        Of all folds.
    folds : numpy.ndarray
        int (films,), from 1.
    logits : numpy.ndarray
        float32 (films, outputs).
    outputs : sequence of str
        Names of the logits.
    seen : numpy.ndarray
        bool (films,): those of patients whom the starting weights have seen; nothing is calibrated on them.
    """

    cases: Sequence[Case]
    folds: npt.NDArray[np.intp]
    logits: npt.NDArray[np.float32]
    outputs: Sequence[str]
    seen: npt.NDArray[np.bool_]

    @property
    def labels(self) -> tuple[Label, ...]:
        """Return the classes among the outputs."""
        return order_labels(self.outputs)

    def calibrate_all(self) -> Calibration:
        """Choose temperature and operating points on all films: for the model that is shipped."""
        return self._calibrate_on(~self.seen)

    def calibrate_across(self) -> dict[int, Calibration]:
        """Choose temperature and operating points for each fold on the others: for the figures."""
        return {int(fold): self._calibrate_without(int(fold)) for fold in np.unique(self.folds)}

    def _calibrate_without(self, fold: int) -> Calibration:
        return self._calibrate_on(~self.seen & (self.folds != fold))

    def _calibrate_on(self, chosen: npt.NDArray[np.bool_]) -> Calibration:
        places = np.flatnonzero(chosen)
        return choose_calibration(self.logits[places], [self.cases[int(place)] for place in places], self.outputs)


def measure_out_of_fold(found: OutOfFold, *, seed: int) -> dict[str, Any]:
    """Measure all films together, and each fold alone with mean and standard deviation over the folds.

    Returns
    -------
    dict
        What `training.evaluation.evaluation.evaluate` measures, as JSON, with the key `cross_validation`.
    """
    calibrations = found.calibrate_across()
    answers = [_answer(found, place, calibrations[int(fold)]) for place, fold in enumerate(found.folds)]
    per_fold = []
    for fold, calibration in calibrations.items():
        members = [answer for answer, place in zip(answers, found.folds, strict=True) if place == fold]
        measured = _pick_values(evaluate(members, found.labels, seed=seed))
        per_fold.append({"fold": fold, "temperature": round(calibration.temperature, 4), **measured})
    return evaluate(answers, found.labels, seed=seed).to_json() | {
        "cross_validation": {
            "folds": len(per_fold),
            "per_fold": per_fold,
            "mean_sd": _summarize(per_fold),
        }
    }


def write_folds(
    found: OutOfFold, calibrations: Mapping[int, Calibration], name_file: Callable[[Case], str], path: Path
) -> None:
    """Write file, label, fold, logits and calibrated probabilities of each film as CSV."""
    names = [f"{kind}_{output}" for kind in ("logit", "probability") for output in found.outputs]
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["file", "label", "fold", *names])
        for case, fold, logits in zip(found.cases, found.folds, found.logits, strict=True):
            probabilities = calibrate(logits[np.newaxis], calibrations[int(fold)].temperature)[0]
            numbers = [f"{number:.6f}" for number in (*logits, *probabilities)]
            writer.writerow([name_file(case), case.reference_label, int(fold), *numbers])


def describe_folds(metrics: Mapping[str, Any]) -> str:
    """Write the figures of each fold, with mean and standard deviation, as a text table."""
    report = metrics["cross_validation"]
    names = list(report["mean_sd"])
    width = max(map(len, names)) + 2
    heads = [f"fold {each['fold']}" for each in report["per_fold"]]
    rows = [" " * width + "".join(f"{head:>9}" for head in (*heads, "mean", "sd"))]
    for name in names:
        numbers = [each[name] for each in report["per_fold"]]
        numbers += [report["mean_sd"][name]["mean"], report["mean_sd"][name]["sd"]]
        rows.append(f"{name:{width}}" + "".join(f"{_show(number):>9}" for number in numbers))
    return "\n".join(rows) + "\n"


def _answer(found: OutOfFold, place: int, calibration: Calibration) -> JudgedFilm:
    probabilities = calibrate(found.logits[place][np.newaxis], calibration.temperature)
    no_maps = np.zeros((1, 1, probabilities.shape[1]), dtype=np.float32)
    return JudgedFilm(found.cases[place], to_prediction(probabilities[0], no_maps, calibration.operating_points))


def _pick_values(measures: Measures) -> dict[str, Any]:
    picked: dict[str, Any] = {"n": measures.n, "n_patients": measures.n_patients}
    picked |= {name: getattr(measures, name).value for name in FOLD_METRICS}
    for label, each in measures.per_class.items():
        picked |= {f"{label}.{name}": getattr(each, name).value for name in CLASS_METRICS}
    return picked


def _summarize(per_fold: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float | None]]:
    names = [name for name in per_fold[0] if name not in ("fold", "n", "n_patients", "temperature")]
    return {name: _summarize_one([each[name] for each in per_fold if each[name] is not None]) for name in names}


def _summarize_one(values: Sequence[float]) -> dict[str, float | None]:
    return {
        "mean": round(float(np.mean(values)), 4) if values else None,
        "sd": round(float(np.std(values, ddof=1)), 4) if len(values) > 1 else None,
    }


def _show(number: float | None) -> str:
    return "-" if number is None else f"{number:.3f}"
