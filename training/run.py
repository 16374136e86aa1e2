"""A training run from data set to bundle."""

import csv
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from inference.classifier import Classifier, calibrate
from inference.labels import LABELS, OTHER_FINDING
from training.calibration import choose_operating_points, fit_temperature
from training.dataset import Case, DatasetNotFoundError, read_dataset, read_other_findings
from training.evaluation import answer_cases, evaluate
from training.export import BundleFacts, check_agreement, check_target, stage_bundle, write_manifest, write_model_files
from training.fitting import Epoch, FitSettings, Fitting, fit
from training.network import build_network
from training.pixels import Radiographs, hash_training_data, read_radiographs
from training.split import Split, split_by_patient
from training.validation import predict_logits, to_indices

log = logging.getLogger(__name__)

CACHE_MARGIN = 8 / 7
"""Training radiographs are cached this much larger than the model's input: crops then lose no resolution."""


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """What to train on and into what.

    Attributes
    ----------
    dataset : Path
        Folder of `training.dataset.read_dataset`.
    model : Path
        The bundle's folder; an old bundle there is replaced.
    other_findings : Path or None
        Folder of radiographs of none of the classes; with it the model gets its fourth output.
    weights : str
        See `training.network.build_network`.
    model_version : str
        Name of the model.
    input_size : int
        Rows and columns in pixels.
    shares : tuple of float
        Parts of the patients for training, validation and test.
    fit : FitSettings
        Epochs, batch size, learning rate, seed.
    """

    dataset: Path
    model: Path
    other_findings: Path | None = None
    weights: str = "shipped"
    model_version: str = "local"
    input_size: int = 224
    shares: tuple[float, float, float] = (0.7, 0.15, 0.15)
    fit: FitSettings = field(default_factory=FitSettings)


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """Where the bundle lies, how training went, and the metrics that stand in `bundle.json`."""

    model: Path
    history: Sequence[Epoch]
    metrics: dict[str, Any]


def train_and_export(settings: TrainingSettings, console: Console) -> TrainingResult:
    """Split, train, calibrate, export, check, measure on held-out patients and publish a bundle.

    Parameters
    ----------
    settings : TrainingSettings
        All choices.
    console : rich.console.Console
        For progress bars.

    Raises
    ------
    DatasetError
        No usable data set, or a patient on two sides.
    WeightsError
        No backbone in the weights file.
    ExportError
        LiteRT and Keras disagree, or the bundle's place is taken; nothing is published.
    """
    check_target(settings.model)
    split = split_by_patient(_read_cases(settings), settings.shares, settings.fit.seed)
    for name, side in (("training", split.train), ("validation", split.validation), ("test", split.test)):
        _check_labels(name, side)
    train = _read_side(split.train, round(settings.input_size * CACHE_MARGIN), "training", console)
    validation = _read_side(split.validation, settings.input_size, "validation", console)
    outputs = _name_outputs(split.train)
    network = build_network(settings.weights, len(outputs), settings.input_size)
    fitting = Fitting(network, outputs, train, validation, settings.fit, console)
    history = fit(fitting)
    with stage_bundle(settings.model) as staging:
        metrics = _export(settings, fitting, split, staging)
        _write_history(history, staging / "history.csv")
    return TrainingResult(settings.model, history, metrics)


def _read_cases(settings: TrainingSettings) -> list[Case]:
    cases = read_dataset(settings.dataset)
    return cases + (read_other_findings(settings.other_findings) if settings.other_findings else [])


def _name_outputs(cases: Sequence[Case]) -> tuple[str, ...]:
    has_others = any(case.reference_label == OTHER_FINDING for case in cases)
    return (*LABELS, OTHER_FINDING) if has_others else tuple(LABELS)


def _check_labels(name: str, side: Sequence[Case]) -> None:
    missing = [label for label in LABELS if all(case.reference_label != label for case in side)]
    if missing:
        raise DatasetNotFoundError(f"no {', '.join(missing)} on the {name} side: each label needs three patients")


def _read_side(cases: Sequence[Case], size: int, name: str, console: Console) -> Radiographs:
    radiographs = read_radiographs(cases, size, progress=track(cases, f"reading {name}", console=console))
    _check_labels(name, radiographs.cases)
    return radiographs


def _export(settings: TrainingSettings, fitting: Fitting, split: Split, staging: Path) -> dict[str, Any]:
    """Write the bundle twice: first to be loaded by the classifier that measures it, then with the measures."""
    facts = _calibrate(settings, fitting)
    write_model_files(fitting.network, staging)
    difference = check_agreement(staging, fitting.validation.to_batch(slice(0, 64)))
    write_manifest(staging, facts)
    cases = track(split.test, "measuring", console=fitting.console)
    metrics = evaluate(answer_cases(Classifier.load(staging), cases), seed=settings.fit.seed)
    metrics["litert_keras_difference"] = difference
    metrics["training"] = _describe(settings, fitting)
    write_manifest(staging, replace(facts, metrics=metrics))
    return metrics


def _calibrate(settings: TrainingSettings, fitting: Fitting) -> BundleFacts:
    logits = predict_logits(fitting.network, fitting.validation, settings.fit.batch_size)
    temperature = fit_temperature(logits, to_indices(fitting.validation, fitting.outputs))
    reference = [case.reference_label for case in fitting.validation.cases]
    points = choose_operating_points(calibrate(logits, temperature), reference, fitting.outputs)
    return BundleFacts(
        model_version=settings.model_version,
        outputs=fitting.outputs,
        input_size=settings.input_size,
        temperature=temperature,
        operating_points=points,
        training_data_sha256=hash_training_data(fitting.train),
    )


def _describe(settings: TrainingSettings, fitting: Fitting) -> dict[str, Any]:
    """Return what must be known to train this again: settings without paths, and how many films of what."""
    import keras

    return asdict(settings.fit) | {
        "keras": keras.__version__,
        "shares": list(settings.shares),
        "films": {"train": _count(fitting.train.cases), "validation": _count(fitting.validation.cases)},
    }


def _count(cases: Sequence[Case]) -> dict[str, int]:
    names = [f"{case.reference_label}/{case.source}" for case in cases]
    return {name: names.count(name) for name in sorted(set(names))}


def _write_history(history: Sequence[Epoch], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, [each.name for each in fields(Epoch)])
        writer.writeheader()
        writer.writerows(asdict(epoch) for epoch in history)
