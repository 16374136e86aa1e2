"""An assessment: a data set through the classifier that serves, and all that can be said about the answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from inference.bundle import Bundle
from inference.classifier import Classifier
from inference.explanation.occlusion import explain_framed
from inference.labels import Label, order_labels
from training.data.dataset import Case, read_dataset, read_other_findings
from training.data.errors import DatasetNotFoundError
from training.data.overlap import Overlap, find_overlap, hash_films
from training.evaluation.cautions import find_cautions
from training.evaluation.evaluation import PREVALENCES, count_refusals, evaluate
from training.evaluation.examination import Examination, examine_cases
from training.evaluation.figures.estimates import RESAMPLES, Weights, draw_patients
from training.evaluation.figures.scores import trace_curves
from training.evaluation.judged_films import (
    EvaluatedFilm,
    ExaminedFilm,
    RefusedFilm,
    is_of_a_class,
    set_unknown_aside,
    to_patients,
)
from training.evaluation.measures import LeftOutSource
from training.evaluation.result import (
    HELD_OUT,
    Audit,
    Bootstrap,
    DatasetFacts,
    Evaluation,
    LeaveOneOut,
    ModelFacts,
    Origin,
)
from training.evaluation.shortcuts.audit import audit
from training.evaluation.shortcuts.features import pool_features
from training.evaluation.shortcuts.leave_out import leave_out
from training.evaluation.worst import find_worst


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
        neither trained nor calibrated on, nor the weights that it started from.
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


def assess(settings: AssessmentSettings, console: Console) -> Evaluation:
    """Assess a model on a data set.

    Parameters
    ----------
    settings : AssessmentSettings
        What and how.
    console : rich.console.Console
        For progress bars.

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
        examinations, overlap = _keep_held_out(bundle, examinations, overlap)
    origin = _describe(settings, bundle, examinations, overlap)
    films = [set_unknown_aside(each.film, order_labels(bundle.labels)) for each in examinations]
    evaluation = _measure(settings, origin, films, classifier, console)
    return evaluation.model_copy(
        update={"warnings": find_cautions(evaluation, [each.film.case for each in examinations])}
    )


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


def _keep_held_out(
    bundle: Bundle, examinations: Sequence[Examination], overlap: Overlap
) -> tuple[list[Examination], Overlap]:
    if overlap.seen is None or not overlap.is_complete:
        raise DatasetNotFoundError(
            "the bundle does not say which films it or its starting weights were trained on: none is known as held out"
        )
    kept = [each for each, seen in zip(examinations, overlap.seen, strict=True) if not seen]
    if not any(each.film.case.reference_label in bundle.labels for each in kept):
        raise DatasetNotFoundError(
            "no film is held out: the model, or the weights that it started from, was trained on films of every "
            "patient of this data set"
        )
    return kept, Overlap((False,) * len(kept), same_as_training=False)


def _describe(
    settings: AssessmentSettings, bundle: Bundle, examinations: Sequence[Examination], overlap: Overlap
) -> Origin:
    cases, hashes = [each.film.case for each in examinations], [each.source_sha256 for each in examinations]
    return Origin(
        evaluated_at=datetime.now(tz=UTC).isoformat(timespec="seconds"),
        model_version=bundle.model_version,
        model_sha256=bundle.model_sha256,
        model=ModelFacts(
            input_size=bundle.input_size,
            preprocessing_version=bundle.preprocessing_version,
            outputs=bundle.outputs,
            temperature=bundle.calibration["temperature"],
            operating_points=dict(bundle.operating_points),
            gate=dict(bundle.gate),
            training_data_sha256=bundle.training_data_sha256,
            **_find_left_out(bundle),
        ),
        dataset=DatasetFacts(
            name=settings.dataset.resolve().name if settings.cases is None else "outcomes",
            split=settings.part,
            n_files=len(examinations),
            sha256=hash_films(cases, hashes),
            n_seen=overlap.count,
            same_as_training=overlap.same_as_training,
            n_without_patient=sum(not case.is_patient_known for case in cases),
        ),
        bootstrap=Bootstrap(resamples=RESAMPLES, interval=0.95, unit="patient", seed=settings.seed),
    )


def _find_left_out(bundle: Bundle) -> dict[str, tuple[LeftOutSource, ...]]:
    """Return what the bundle says of hospitals that its recipe had not met, where it does."""
    found = bundle.metrics.get("left_out_sources")
    return {"left_out_sources": tuple(map(LeftOutSource.from_json, found))} if found else {}


def _measure(
    settings: AssessmentSettings,
    origin: Origin,
    films: Sequence[EvaluatedFilm],
    classifier: Classifier,
    console: Console,
) -> Evaluation:
    labels = order_labels(classifier.bundle.labels)
    examined = [film for film in films if isinstance(film, ExaminedFilm)]
    refused = [film for film in films if isinstance(film, RefusedFilm)]
    labelled = [film for film in examined if is_of_a_class(film)]
    weights = draw_patients(to_patients(labelled), seed=settings.seed)
    with console.status("measuring"):
        measures = evaluate(examined, labels, seed=settings.seed, refused=refused, prevalences=settings.prevalences)
        refusals, curves = count_refusals(films, seed=settings.seed), trace_curves(labelled, weights, labels)
    found_audit, left_out = _look_deeper(settings, examined, weights, labels, console)
    roots = [root for root in (settings.dataset, settings.other_findings) if root]
    with console.status("drawing the worst errors"):
        worst = find_worst(labelled, roots, partial(explain_framed, classifier))
    return Evaluation(
        **dict(origin),
        **dict(measures),
        refused=refusals,
        curves=curves,
        audit=found_audit,
        leave_one_out=left_out,
        worst=worst,
    )


def _look_deeper(
    settings: AssessmentSettings,
    films: Sequence[ExaminedFilm],
    weights: Weights,
    labels: Sequence[Label],
    console: Console,
) -> tuple[Audit | None, LeaveOneOut | None]:
    """Audit, and leave sources out: what needs the network's features."""
    found_audit, left_out = None, None
    if not (films and (settings.with_audit or settings.leave_out_by)):
        return found_audit, left_out
    features = pool_features(settings.model, np.stack([film.evidence.framed for film in films]), console)
    if settings.with_audit:
        with console.status("auditing shortcuts"):
            places = [place for place, film in enumerate(films) if is_of_a_class(film)]
            chosen = [films[place] for place in places]
            found_audit = audit(chosen, features[places], weights, labels, seed=settings.seed)
    if settings.leave_out_by:
        with console.status(f"leaving out each {settings.leave_out_by}"):
            cases = [film.case for film in films]
            left_out = leave_out(cases, features, settings.leave_out_by, labels, seed=settings.seed)
    return found_audit, left_out
