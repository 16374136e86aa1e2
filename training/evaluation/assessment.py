"""An assessment: a data set through the classifier that serves, and all that can be said about the answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from inference.bundle import Bundle
from inference.classifier import Classifier
from inference.explanation.occlusion import explain_framed
from inference.labels import NOTICE, Label
from training.data.dataset import Case, DatasetNotFoundError, read_dataset, read_other_findings
from training.data.overlap import Overlap, find_overlap, hash_films
from training.evaluation.answers import Answer, Refusal, is_labelled, to_patients
from training.evaluation.cautions import find_cautions
from training.evaluation.evaluation import PREVALENCES, evaluate
from training.evaluation.examination import Examination, examine_cases
from training.evaluation.features import pool_features
from training.evaluation.figures.curves import draw_curves
from training.evaluation.figures.estimates import RESAMPLES, Weights, draw_patients
from training.evaluation.refusals import count_refusals
from training.evaluation.shortcuts.audit import Film, audit
from training.evaluation.shortcuts.leave_out import leave_out
from training.evaluation.worst import find_worst

SCHEMA = 1
HELD_OUT = "held-out"


@dataclass(frozen=True, slots=True)
class AssessmentSettings:
    """What to assess, and how.

    Attributes
    ----------
    model, dataset : Path
        Folders of the bundle and of the data set.
    other_findings : Path or None
        Folder of radiographs of none of the classes.
    part : str
        `all`, a side that the manifest's column `split` names, or `held-out`: films of patients that the model was
        neither trained nor calibrated on.
    prevalences : mapping
        For each label the prevalences at which predictive values are given.
    leave_out_by : {"source", "site"} or None
        What to leave out in quick retrainings.
    with_audit : bool
        Whether to audit shortcuts.
    seed : int
        Of the bootstrap and the folds.
    workers : int or None
        Processes; one a core by default.
    cases : tuple of Case or None
        A site's own films and labels; None: those of `dataset`.
    """

    model: Path
    dataset: Path
    other_findings: Path | None = None
    part: str = "all"
    prevalences: Mapping[Label, Sequence[float]] = field(default_factory=lambda: PREVALENCES)
    leave_out_by: str | None = None
    with_audit: bool = True
    seed: int = 0
    workers: int | None = None
    cases: tuple[Case, ...] | None = None


def assess(settings: AssessmentSettings, console: Console) -> dict[str, Any]:
    """Assess a model on a data set.

    Parameters
    ----------
    settings : AssessmentSettings
        What and how.
    console : rich.console.Console
        For progress bars.

    Returns
    -------
    dict
        The report. Its entry `worst` holds pictures, which do not belong into JSON
        (`training.evaluation.worst.PICTURES`).

    Raises
    ------
    BundleError, EngineUnavailableError
        The model cannot be used.
    DatasetError
        No usable data set, or no films on the side that was asked for.
    OSError
        A file vanished or cannot be opened.
    """
    classifier = Classifier.load(settings.model)
    bundle = classifier.bundle
    cases = _read_cases(settings)
    examinations = list(_examine(settings, cases, console))
    overlap = _find_overlap(bundle, examinations)
    if settings.part == HELD_OUT:
        examinations, overlap = _keep_held_out(examinations, overlap)
    report = _describe(settings, bundle, examinations, overlap)
    report |= _measure(settings, examinations, classifier, console)
    report["warnings"] = find_cautions(report, [each.film.case for each in examinations])
    return report


def _read_cases(settings: AssessmentSettings) -> list[Case]:
    cases = read_dataset(settings.dataset) if settings.cases is None else list(settings.cases)
    cases += read_other_findings(settings.other_findings) if settings.other_findings else []
    chosen = [case for case in cases if settings.part in ("all", HELD_OUT, case.side)]
    if not chosen:
        raise DatasetNotFoundError(f"no film is on the side {settings.part}: the manifest's column split names none")
    return chosen


def _examine(settings: AssessmentSettings, cases: Sequence[Case], console: Console) -> Sequence[Examination]:
    found = examine_cases(settings.model, cases, settings.workers)
    return list(track(found, "judging films", total=len(cases), console=console))


def _find_overlap(bundle: Bundle, examinations: Sequence[Examination]) -> Overlap:
    cases, hashes = [each.film.case for each in examinations], [each.source_sha256 for each in examinations]
    return find_overlap(bundle, cases, hashes, hash_films(cases, hashes))


def _keep_held_out(examinations: Sequence[Examination], overlap: Overlap) -> tuple[list[Examination], Overlap]:
    if overlap.seen is None:
        raise DatasetNotFoundError("the bundle does not say which films it was trained on: none is known as held out")
    kept = [each for each, seen in zip(examinations, overlap.seen, strict=True) if not seen]
    if not any(is_labelled(each.film) for each in kept):
        raise DatasetNotFoundError("the model was trained on films of every patient of this data set")
    return kept, Overlap((False,) * len(kept), same_as_training=False)


def _describe(
    settings: AssessmentSettings, bundle: Bundle, examinations: Sequence[Examination], overlap: Overlap
) -> dict[str, Any]:
    cases, hashes = [each.film.case for each in examinations], [each.source_sha256 for each in examinations]
    return {
        "schema": SCHEMA,
        "notice": NOTICE,
        "evaluated_at": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "model_version": bundle.model_version,
        "model_sha256": bundle.model_sha256,
        "model": {
            "input_size": bundle.input_size,
            "preprocessing_version": bundle.preprocessing_version,
            "outputs": list(bundle.outputs),
            "temperature": bundle.calibration["temperature"],
            "operating_points": dict(bundle.operating_points),
            "gate": dict(bundle.gate),
            "training_data_sha256": bundle.training_data_sha256,
        },
        "dataset": {
            "name": settings.dataset.resolve().name if settings.cases is None else "outcomes",
            "split": settings.part,
            "n_files": len(examinations),
            "sha256": hash_films(cases, hashes),
            "n_seen": None if overlap.seen is None else sum(overlap.seen),
            "same_as_training": overlap.same_as_training,
        },
        "bootstrap": {"resamples": RESAMPLES, "interval": 0.95, "unit": "patient", "seed": settings.seed},
    }


def _measure(
    settings: AssessmentSettings, examinations: Sequence[Examination], classifier: Classifier, console: Console
) -> dict[str, Any]:
    answers = [each.film for each in examinations if isinstance(each.film, Answer)]
    refusals = [each.film for each in examinations if isinstance(each.film, Refusal)]
    films = [(each.film, each.evidence) for each in examinations if isinstance(each.film, Answer) and each.evidence]
    labelled = [film for film in films if is_labelled(film[0])]
    weights = draw_patients(to_patients([answer for answer, _ in labelled]), seed=settings.seed)
    with console.status("measuring"):
        report = evaluate(answers, seed=settings.seed, refusals=refusals, prevalences=settings.prevalences)
        report["refused"] = count_refusals([each.film for each in examinations], seed=settings.seed)
        report["curves"] = draw_curves([answer for answer, _ in labelled], weights)
    report |= _look_deeper(settings, films, weights, console)
    roots = [root for root in (settings.dataset, settings.other_findings) if root]
    with console.status("drawing the worst errors"):
        report["worst"] = find_worst(labelled, roots, partial(explain_framed, classifier))
    return report


def _look_deeper(
    settings: AssessmentSettings, films: Sequence[Film], weights: Weights, console: Console
) -> dict[str, Any]:
    """Audit, and leave sources out: what needs the network's features."""
    report: dict[str, Any] = {"audit": None, "leave_one_out": None}
    if not (films and (settings.with_audit or settings.leave_out_by)):
        return report
    labelled = np.asarray([is_labelled(answer) for answer, _ in films], dtype=np.bool_)
    features = pool_features(settings.model, np.stack([evidence.framed for _, evidence in films]), console)
    if settings.with_audit:
        with console.status("auditing shortcuts"):
            chosen = [film for film, kept in zip(films, labelled, strict=True) if kept]
            report["audit"] = audit(chosen, features[labelled], weights, seed=settings.seed)
    if settings.leave_out_by:
        with console.status(f"leaving out each {settings.leave_out_by}"):
            cases = [answer.case for answer, _ in films]
            report["leave_one_out"] = leave_out(cases, features, settings.leave_out_by, seed=settings.seed)
    return report
