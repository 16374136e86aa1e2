"""What a run writes down about itself, in its folder and in the bundle."""

import hashlib
import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from imaging import PREPROCESSING_VERSION
from inference.bundle import LUNGS_NAME, SHIPPED_BUNDLE, read_bundle
from inference.labels import NOTICE
from training.data.dataset import Case
from training.data.overlap import name_films
from training.evaluation.card.card import render_card
from training.evaluation.report_text import classification_report
from training.fit.settings import TrainingSettings
from training.run.cross_validation import describe_folds
from training.run.data import TrainingData
from training.run.plot import write_plot
from training.run.run_folder import RunFolder
from training.run.trained import Trained

CROSS_VALIDATED = (
    "out-of-fold films of {folds}-fold cross-validation by patient: {folds} models trained as this one, which itself "
    "was then trained on all of these films"
)
HELD_OUT = "films of patients that this model was neither trained nor chosen on"
CARD_NAME = "MODEL_CARD.md"
PACKAGES = ("keras", "numpy", "opencv-python-headless", "xray-watch")


def describe_run(settings: TrainingSettings, data: TrainingData) -> dict[str, Any]:
    """Return what stands in `config.toml` beside the settings: data and versions."""
    return {
        "data_sha256": data.sha256,
        "lungs_sha256": hash_lungs(settings),
        "films": len(data.cases),
        "left_out": data.left_out,
        "preprocessing_version": PREPROCESSING_VERSION,
        **describe_versions(),
    }


def hash_lungs(settings: TrainingSettings) -> str:
    """Return the SHA-256, in hex, of the lung finder that frames the films."""
    return hashlib.sha256(((settings.lungs or SHIPPED_BUNDLE) / LUNGS_NAME).read_bytes()).hexdigest()


def describe_versions() -> dict[str, str]:
    """Return the versions that a figure may depend on."""
    import keras

    found = {"python": platform.python_version(), "keras_backend": keras.backend.backend()}
    for package in PACKAGES:
        try:
            found[package.replace("-", "_")] = version(package)
        except PackageNotFoundError:
            continue
    return found


def describe_training(
    settings: TrainingSettings, data: TrainingData, final: Trained, temperatures: Mapping[str, float], seen: int | None
) -> dict[str, Any]:
    """Return what must be known to train this again and to believe its figures: settings without paths, films, data.

    Parameters
    ----------
    settings, data, final
        Of the run.
    temperatures : mapping
        The one in force, and the one that the validation side alone asks for.
    seen : int or None
        Films on which figures were measured and which the starting weights were trained on; None is not known.
    """
    best = min(final.history, key=lambda epoch: epoch.validation_loss)
    used = [*final.stage.train, *final.stage.validation]
    return asdict(settings.fit) | {
        "backbone": settings.backbone,
        "weights": Path(settings.weights).name,
        "input_size": settings.input_size,
        "folds": settings.folds,
        "test_share": 0.0 if settings.folds else settings.test_share,
        "validation_share": settings.validation_share,
        "purpose": settings.purpose,
        "measured_on": CROSS_VALIDATED.format(folds=settings.folds) if settings.folds else HELD_OUT,
        "calibrated_on": "out-of-fold films" if settings.folds else "validation films",
        "temperatures": dict(temperatures),
        "best_epoch": best.epoch,
        "epochs_run": final.history[-1].epoch,
        "films": {
            "train": _count([data.cases[place] for place in final.stage.train]),
            "validation": _count([data.cases[place] for place in final.stage.validation]),
        },
        "left_out": data.left_out,
        "held_out_films_seen_by_weights": seen,
        "film_sha256": name_films([data.radiographs.source_sha256[place] for place in used]),
        **describe_versions(),
    }


def write_reports(run: RunFolder, final: Trained, metrics: Mapping[str, Any]) -> None:
    """Write the plot, the metrics and the classification report into the run folder."""
    write_plot(final.history, run.path / "plot.png")
    run.write_json("metrics.json", {"notice": NOTICE, **metrics})
    (run.path / "classification_report.txt").write_text(write_report(metrics), encoding="utf-8")


def write_card(bundle: Path, run: RunFolder) -> None:
    """Write the model card into the bundle and into the run folder."""
    card = bundle / CARD_NAME
    card.write_text(render_card(read_bundle(bundle)), encoding="utf-8")
    shutil.copyfile(card, run.path / CARD_NAME)


def write_report(metrics: Mapping[str, Any]) -> str:
    """Write the classification report as text, with the folds where there are any."""
    head = f"On {metrics['training']['measured_on']}.\n\n"
    folds = describe_folds(metrics) + "\n" if "cross_validation" in metrics else ""
    return head + folds + classification_report(metrics["confusion_matrix"], list(metrics["per_class"]))


def _count(cases: Sequence[Case]) -> dict[str, int]:
    names = [f"{case.reference_label}/{case.source}" for case in cases]
    return {name: names.count(name) for name in sorted(set(names))}
