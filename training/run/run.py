"""A training run from data set to bundle."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from inference.bundle import SHIPPED_BUNDLE, read_bundle
from training.data.dataset import Case
from training.evaluation.evaluation import evaluate
from training.evaluation.examination import examine_cases
from training.evaluation.figures.estimates import draw_patients
from training.evaluation.judged_films import EvaluatedFilm, ExaminedFilm, is_of_a_class, to_patients
from training.evaluation.shortcuts.audit import audit
from training.evaluation.shortcuts.features import pool_features
from training.fit.backbones import find_films_seen, find_weights, read_backbone
from training.fit.calibration import Calibration, choose_calibration
from training.fit.history import Epoch, write_history
from training.fit.progress import RunProgress
from training.fit.settings import TrainingSettings
from training.fit.validation import predict_logits
from training.run.cross_validation import OutOfFold, measure_out_of_fold, write_folds
from training.run.data import TrainingData, list_cases, read_data
from training.run.export import (
    BundleFacts,
    check_agreement,
    check_target,
    stage_bundle,
    write_manifest,
    write_model_files,
)
from training.run.left_out import KnownFilms, LeftOut, list_left_out
from training.run.record import describe_films, describe_run, describe_training, find_ages, write_card, write_reports
from training.run.run_folder import RunFolder, open_run_folder
from training.run.stages import Seen, Stage, plan_stages
from training.run.trained import Trained, count_run_steps, train_stage

MAX_TEMPERATURE_FACTOR = 1.5

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """Where the bundle and the run's records lie, how training went, and the metrics that stand in `bundle.json`."""

    model: Path
    run_folder: Path
    history: Sequence[Epoch]
    metrics: dict[str, Any]


def train_and_export(
    settings: TrainingSettings, console: Console, *, run_folder: Path, resume: bool = False
) -> TrainingResult:
    """Split, train, calibrate, export, check, measure on held-out patients and publish a bundle.

    Parameters
    ----------
    settings : TrainingSettings
        All choices.
    console : rich.console.Console
        For progress bars.
    run_folder : Path
        Where the run's records and checkpoints go.
    resume : bool
        Go on with the run in that folder.

    Raises
    ------
    DatasetError
        No usable data set, or a patient on two sides.
    WeightsError
        No backbone in the weights file.
    RunFolderError
        The run folder is taken, or the run to resume is another.
    CheckpointError
        A checkpoint is damaged, or one of another network.
    ExportError
        LiteRT and Keras disagree, or the bundle's place is taken; nothing is published.
    """
    check_target(settings.model)
    find_weights(settings.backbone, settings.weights, settings.imagenet_file)
    listed = list_cases(settings)
    run = open_run_folder(run_folder, settings, resume=resume)
    read_backbone(settings.backbone, settings.weights, settings.imagenet_file, settings.input_size)
    films_seen = find_films_seen(settings.backbone, settings.weights, settings.imagenet_file)
    data = read_data(listed, settings, console)
    seen = data.find_seen(films_seen or ())
    stages = plan_stages(data.cases, settings, seen)
    _warn_of_seen(films_seen, seen, stages)
    run.write_config(settings, describe_run(settings, data))
    with RunProgress.show(console, count_run_steps(stages, settings)) as progress:
        trained = [train_stage(stage, data, settings, run.checkpoints, progress) for stage in stages]
    write_history([(each.stage.name, each.history) for each in trained], run.path / "history.csv")
    with stage_bundle(settings.model) as staging:
        metrics = Export(settings, data, trained, films_seen, console).write(staging, run)
        write_history([(trained[-1].stage.name, trained[-1].history)], staging / "history.csv")
    return TrainingResult(settings.model, run.path, trained[-1].history, metrics)


@dataclass(frozen=True, slots=True)
class Export:
    """From trained networks to a measured bundle; see `train_and_export`."""

    settings: TrainingSettings
    data: TrainingData
    trained: Sequence[Trained]
    films_seen: frozenset[str] | None
    console: Console

    def write(self, staging: Path, run: RunFolder) -> dict[str, Any]:
        """Write the bundle twice: first to be loaded by the classifier that measures it, then with the measures."""
        final, data = self.trained[-1], self.data
        known = self._ask_validation()
        calibration, temperatures = self._calibrate(known)
        final_films = [data.cases[place] for place in (*final.stage.train, *final.stage.validation)]
        lungs = read_bundle(self.settings.lungs or SHIPPED_BUNDLE)
        facts = BundleFacts(
            model_version=self.settings.version,
            outputs=data.outputs,
            input_size=self.settings.input_size,
            temperature=calibration.temperature,
            operating_points=calibration.operating_points,
            gate=lungs.gate,
            training_data_sha256=data.hash_films(final.stage.train),
            training_ages_years=find_ages(final_films),
        )
        write_model_files(final.network, staging, lungs.folder)
        difference = check_agreement(staging, data.select(final.stage.validation).to_batch(slice(0, 64)))
        write_manifest(staging, facts)
        metrics = self._measure(staging, run, calibration)
        metrics["litert_keras_difference"] = difference
        if left_out := list_left_out(self.trained):
            metrics["left_out_sources"] = LeftOut(left_out, data).measure(known, seed=self.settings.fit.seed)
        held_out = [int(place) for each in self._folds or self.trained[-1:] for place in each.stage.test]
        facts_of_run = describe_training(self.settings, data, final, calibration, temperatures, self.films_seen)
        metrics["training"] = facts_of_run | describe_films(data, final, held_out, self.films_seen, self.settings.folds)
        metrics["lung_finder"] = lungs.metrics.get("lung_finder")
        write_manifest(staging, replace(facts, metrics=metrics))
        write_reports(run, final, metrics)
        write_card(staging, run)
        return metrics

    def _ask_validation(self) -> KnownFilms:
        """Ask the final network about the films that chose its epoch, less those that its start has seen."""
        validation = self.trained[-1].stage.validation
        chosen = validation[~self.data.find_seen(self.films_seen or ())[validation]]
        logits = predict_logits(self.trained[-1].network, self.data.select(chosen), self.settings.fit.batch_size)
        return KnownFilms(logits, [self.data.cases[place] for place in chosen])

    def _calibrate(self, known: KnownFilms) -> tuple[Calibration, dict[str, float]]:
        own = choose_calibration(known.logits, known.cases, self.data.outputs)
        left_out = list_left_out(self.trained)
        if len(self.trained) == 1:
            return own, {"validation": own.temperature}
        pooled = LeftOut(left_out, self.data).calibrate(known) if left_out else self._pool(self._folds).calibrate_all()
        fitted = own.is_fitted and pooled.is_fitted
        if fitted and not 1 / MAX_TEMPERATURE_FACTOR <= own.temperature / pooled.temperature <= MAX_TEMPERATURE_FACTOR:
            log.warning(
                "the final validation films ask for temperature %.2f, those of unmet patients or sources for %.2f",
                own.temperature,
                pooled.temperature,
            )
        name = "left_out_sources" if left_out else "out_of_fold"
        return pooled, {"validation": own.temperature, name: pooled.temperature}

    @property
    def _folds(self) -> list[Trained]:
        return [each for each in self.trained[:-1] if not each.stage.left_out]

    def _pool(self, trained: Sequence[Trained]) -> OutOfFold:
        places = np.concatenate([each.stage.test for each in trained])
        return OutOfFold(
            cases=[self.data.cases[place] for place in places],
            folds=np.repeat([each.stage.number for each in trained], [len(each.stage.test) for each in trained]),
            logits=np.concatenate([each.logits for each in trained]),
            outputs=self.data.outputs,
            seen=self.data.find_seen(self.films_seen or ())[places],
        )

    def _measure(self, staging: Path, run: RunFolder, calibration: Calibration) -> dict[str, Any]:
        table, seed = run.path / "folds.csv", self.settings.fit.seed
        if self._folds:
            found = self._pool(self._folds)
            write_folds(found, found.calibrate_across(), self.data.name_file, table)
            return measure_out_of_fold(found, seed=seed)
        held_out = self._pool(self.trained[-1:])
        write_folds(held_out, {self.trained[-1].stage.number: calibration}, self.data.name_file, table)
        examined = [film for film in self._examine(staging, held_out.cases) if isinstance(film, ExaminedFilm)]
        if refused := len(held_out.cases) - len(examined):
            log.warning("%d of %d held-out films were refused by the gate", refused, len(held_out.cases))
        measures = evaluate(examined, self.data.labels, seed=seed).to_json()
        return measures | self._audit(staging, [film for film in examined if is_of_a_class(film)])

    def _audit(self, staging: Path, films: Sequence[ExaminedFilm]) -> dict[str, Any]:
        """Ask the bundle about held-out films without their lungs; nothing where none was judged."""
        if not films:
            return {}
        features = pool_features(staging, np.stack([film.evidence.framed for film in films]), self.console)
        seed = self.settings.fit.seed
        weights = draw_patients(to_patients(films), seed=seed)
        return {"audit": audit(films, features, weights, self.data.labels, seed=seed).to_json()}

    def _examine(self, staging: Path, cases: Sequence[Case]) -> Iterator[EvaluatedFilm]:
        found = examine_cases(staging, cases)
        for each in track(found, "measuring", total=len(cases), console=self.console):
            yield each.film


def _warn_of_seen(films_seen: frozenset[str] | None, seen: Seen, stages: Sequence[Stage]) -> None:
    """Say before the training what its figures will not be."""
    if films_seen is None:
        log.warning("the starting weights do not say which films they have seen: no figure will be on unseen patients")
        return
    places = np.concatenate([stage.test for stage in stages])
    if count := int(seen[places].sum()):
        log.warning(
            "too few patients whom the starting weights have not seen: they have seen %d of %d films that figures are "
            "measured on, and no figure will be on unseen patients; start from --weights imagenet-file",
            count,
            len(places),
        )
    elif seen.any():
        log.info("%d films that the starting weights have seen are trained on, and not held out", int(seen.sum()))
