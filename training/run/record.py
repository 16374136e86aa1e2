"""What a run writes down about itself, in its folder and in the bundle."""

import hashlib
import platform
import shutil
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from imaging import PREPROCESSING_VERSION
from inference.bundle import LUNGS_NAME, SHIPPED_BUNDLE, read_bundle
from inference.labels import NOTICE, OTHER_FINDING
from reports.wording import name_label
from training.data.dataset import ADULT_FROM_YEARS, UNKNOWN, Case
from training.data.overlap import COMPLETE_KEY, FILMS_KEY, name_films
from training.evaluation.card.card import render_card
from training.evaluation.card.learnt_from import FEW_OF_ANOTHER_AGE
from training.evaluation.held_out import HeldOut
from training.evaluation.measures import Scores
from training.evaluation.report_text import WIDTH, describe_scores
from training.fit.backbones import name_start
from training.fit.calibration import FEWEST_PATIENTS, Calibration
from training.fit.settings import TrainingSettings
from training.run.cross_validation import describe_folds
from training.run.data import TrainingData
from training.run.plot import write_plot
from training.run.run_folder import RunFolder
from training.run.trained import Trained

CARD_NAME = "MODEL_CARD.md"

FEWEST_AGES = 10
"""Films of a class with a known age, below which nothing is said of the ages that it was learnt from."""

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
    settings: TrainingSettings,
    data: TrainingData,
    final: Trained,
    calibration: Calibration,
    temperatures: Mapping[str, float],
    films_seen: frozenset[str] | None,
) -> dict[str, Any]:
    """Return what must be known to train this again: settings without paths, calibration, epochs, versions.

    Parameters
    ----------
    settings, data, final
        Of the run.
    calibration : Calibration
        That of the bundle.
    temperatures : mapping
        The one in force, and the one that the validation side alone asks for.
    films_seen : frozenset of str or None
        From `training.fit.backbones.find_films_seen`.
    """
    best = min(final.history, key=lambda epoch: epoch.validation_loss)
    return asdict(settings.fit) | {
        "backbone": settings.backbone,
        "weights": Path(settings.weights).name,
        "starts_from": name_start(settings.backbone, settings.weights, settings.imagenet_file, films_seen),
        "input_size": settings.input_size,
        "folds": settings.folds,
        "test_share": 0.0 if settings.folds else settings.test_share,
        "validation_share": settings.validation_share,
        "purpose": settings.purpose,
        "without": list(settings.without),
        "leave_out": [list(sources) for sources in settings.leave_out],
        "leave_out_epochs": settings.leave_out_epochs,
        "calibrated_on": _name_calibration_films(settings),
        "calibration_fitted": calibration.is_fitted,
        "calibration_patients": dict(calibration.patients),
        "operating_points_chosen": list(calibration.chosen),
        "temperatures": dict(temperatures),
        "best_epoch": best.epoch,
        "epochs_run": final.history[-1].epoch,
        "left_out": data.left_out,
        **describe_versions(),
    }


def _name_calibration_films(settings: TrainingSettings) -> str:
    if settings.leave_out:
        return "films of sources that the answering models had never seen"
    return "out-of-fold films" if settings.folds else "validation films"


def describe_films(
    data: TrainingData, final: Trained, held_out: Sequence[int], films_seen: frozenset[str] | None, folds: int
) -> dict[str, Any]:
    """Return what must be known to believe the figures: which films were for what, whose they are, and who saw them.

    Parameters
    ----------
    data, final
        Of the run.
    held_out : sequence of int
        Places of the films that figures were measured on, out of fold or on the test side.
    films_seen : frozenset of str or None
        From `training.fit.backbones.find_films_seen`.
    folds : int
        Of the cross-validation; 0 where one part was held out.
    """
    train, validation = ([data.cases[place] for place in side] for side in (final.stage.train, final.stage.validation))
    seen, used = data.find_seen(films_seen or ()), [*final.stage.train, *final.stage.validation]
    measured = HeldOut(
        films=len(held_out),
        seen=None if films_seen is None else int(seen[held_out].sum()),
        without_patient=_count_nameless([data.cases[place] for place in held_out]),
        folds=folds,
    )
    of_a_class = [case for case in (*train, *validation) if case.reference_label != OTHER_FINDING]
    own = name_films([data.radiographs.source_sha256[place] for place in used])
    return {
        "measured_on": measured.describe(),
        "held_out_films": measured.films,
        "held_out_films_seen_by_weights": measured.seen,
        "held_out_films_without_patient": measured.without_patient,
        "is_measured_on_unseen_patients": measured.is_of_unseen_patients,
        "validation_films_seen_by_weights": None if films_seen is None else int(seen[final.stage.validation].sum()),
        "films": {"train": _count(train), "validation": _count(validation)},
        "films_without_patient": _count_nameless([*train, *validation]),
        "ages": _count_ages([*train, *validation]),
        "films_with_unknown": {
            name: sum(getattr(case, name) == UNKNOWN for case in of_a_class) for name in ("age_group", "sex", "view")
        },
        FILMS_KEY: sorted({*own, *(films_seen or ())}),
        COMPLETE_KEY: films_seen is not None,
    }


def find_ages(cases: Sequence[Case]) -> dict[str, tuple[float, float | None]]:
    """Return the ages in years of the patients that each class was learnt from, from the first to below the second.

    A class that was learnt from adults and children alike has all ages; one of which fewer than ten films have a known
    age has none, and no answer is marked then (`inference.prediction.mark_population`).
    """
    found: dict[str, tuple[float, float | None]] = {}
    for label, groups in _count_ages(cases).items():
        adults, children = groups["adult"], groups["paediatric"]
        if label == OTHER_FINDING or adults + children < FEWEST_AGES:
            continue
        few = FEW_OF_ANOTHER_AGE * (adults + children)
        found[label] = (
            ADULT_FROM_YEARS if children <= few else 0.0,
            ADULT_FROM_YEARS if adults <= few else None,
        )
    return found


def _count_ages(cases: Sequence[Case]) -> dict[str, dict[str, int]]:
    labels = sorted({case.reference_label for case in cases})
    groups = ("adult", "paediatric", UNKNOWN)
    return {
        label: {
            group: sum(case.age_group == group for case in cases if case.reference_label == label) for group in groups
        }
        for label in labels
    }


def _count_nameless(cases: Sequence[Case]) -> int:
    return sum(not case.is_patient_known for case in cases)


def write_reports(run: RunFolder, final: Trained, metrics: Mapping[str, Any]) -> None:
    """Write the plot, the metrics and the classification report into the run folder."""
    write_plot(final.history, run.path / "plot.png", name_validation(metrics["training"]))
    run.write_json("metrics.json", {"notice": NOTICE, **metrics})
    (run.path / "classification_report.txt").write_text(write_report(metrics), encoding="utf-8")


def write_card(bundle: Path, run: RunFolder) -> None:
    """Write the model card into the bundle and into the run folder."""
    card = bundle / CARD_NAME
    card.write_text(render_card(read_bundle(bundle)), encoding="utf-8")
    shutil.copyfile(card, run.path / CARD_NAME)


def write_report(metrics: Mapping[str, Any]) -> str:
    """Write the classification report as text, with the folds where there are any."""
    training = metrics["training"]
    held_out = HeldOut(
        training["held_out_films"],
        training["held_out_films_seen_by_weights"],
        training["held_out_films_without_patient"],
    )
    sentences = [f"Measured on {training['measured_on']}.", held_out.judge(), *say_calibration(training)]
    folds = [describe_folds(metrics)] if "cross_validation" in metrics else []
    return "\n".join(
        [*(textwrap.fill(each, WIDTH) for each in sentences), "", *folds, describe_scores(Scores.from_json(metrics))]
    )


def say_calibration(training: Mapping[str, Any]) -> Iterator[str]:
    """Say where nothing was fitted for want of patients."""
    if not training["calibration_fitted"]:
        patients = ", ".join(
            f"{count} of {name_label(label)}" for label, count in training["calibration_patients"].items()
        )
        yield (
            f"Probabilities are as the network gives them, temperature 1 and every operating point 0.5: there are too "
            f"few unseen patients to fit them on ({patients}; {FEWEST_PATIENTS} of each class are needed)."
        )


def name_validation(training: Mapping[str, Any]) -> str:
    """Name the validation side for the plot: films that the starting weights know are no unseen ones."""
    seen = training["validation_films_seen_by_weights"]
    if seen is None:
        return "validation (may be known to the starting weights)"
    return f"validation ({seen} films known to the starting weights)" if seen else "validation"


def _count(cases: Sequence[Case]) -> dict[str, int]:
    names = [f"{case.reference_label}/{case.source}" for case in cases]
    return {name: names.count(name) for name in sorted(set(names))}
