"""One training of a run, from a fresh network to logits of unseen patients."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from inference.engines.keras import FLOAT32
from training.fit.backbones import RANDOM, find_outputs_known
from training.fit.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from training.fit.fitting import Fitting, count_steps, fit
from training.fit.history import Epoch
from training.fit.network import build_network, to_float32
from training.fit.optimization import find_precision
from training.fit.progress import RunProgress
from training.fit.settings import FitSettings, TrainingSettings
from training.fit.validation import predict_logits
from training.run.data import TrainingData
from training.run.stages import Stage


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of one training.

    Attributes
    ----------
    stage : Stage
        Which.
    history : sequence of Epoch
        One line an epoch.
    logits : numpy.ndarray
        float32 (test films, outputs).
    network : keras.Model or None
        float32, with the best epoch's weights; None for a fold that an earlier process trained.
    """

    stage: Stage
    history: Sequence[Epoch]
    logits: npt.NDArray[np.float32]
    network: Any = None


def count_run_steps(stages: Sequence[Stage], settings: TrainingSettings) -> int:
    """Return how many steps all trainings have when nothing stops them early."""
    return sum(_count_steps(stage, settings) for stage in stages)


def train_stage(
    stage: Stage, data: TrainingData, settings: TrainingSettings, checkpoints: Path, progress: RunProgress
) -> Trained:
    """Train one stage, or go on with it, or read what it gave; a fold's network is not kept, its logits are.

    Parameters
    ----------
    stage : Stage
        Which films are for what.
    data : TrainingData
        The films.
    settings : TrainingSettings
        All choices.
    checkpoints : Path
        Existing folder.
    progress : RunProgress
        Where steps are counted.
    """
    settings = replace(settings, fit=_choose_fit(stage, settings))
    name = stage.name.replace(" ", "-")
    result, state = checkpoints / f"{name}.result.npz", checkpoints / f"{name}.state.npz"
    if saved := read_checkpoint(result):
        progress.skip(_count_steps(stage, settings))
        history = [Epoch(**line) for line in saved.facts["history"]]
        return Trained(stage, history, saved.arrays["logits"][0])
    sizes = f"{len(stage.train)} films to learn from, {len(stage.validation)} to choose the epoch with"
    progress.say(f"{stage.name}: {sizes}, {len(stage.test)} held out")
    fitting = _prepare(stage, data, settings, state, progress)
    fit(fitting)
    network = fitting.network if find_precision(settings.fit.precision) == FLOAT32 else to_float32(fitting.network)
    logits = predict_logits(network, data.select(stage.test), settings.fit.batch_size)
    if not stage.is_final:
        facts = {"history": [asdict(epoch) for epoch in fitting.history]}
        write_checkpoint(result, Checkpoint({"logits": [logits]}, facts))
        state.unlink(missing_ok=True)
    return Trained(stage, fitting.history, logits, network)


def _prepare(
    stage: Stage, data: TrainingData, settings: TrainingSettings, state: Path, progress: RunProgress
) -> Fitting:
    import keras

    keras.utils.clear_session()
    keras.utils.set_random_seed(settings.fit.seed + stage.number)
    known = find_outputs_known(settings.backbone, settings.weights, settings.imagenet_file)
    places = [known.index(output) for output in data.outputs] if set(data.outputs) <= set(known) else []
    network = build_network(
        settings.weights,
        len(data.outputs),
        settings.input_size,
        backbone=settings.backbone,
        imagenet_file=settings.imagenet_file,
        precision=find_precision(settings.fit.precision),
        known_outputs=places,
    )
    return Fitting(
        network,
        data.outputs,
        data.select(stage.train),
        data.select(stage.validation),
        settings.fit,
        progress,
        stage=stage.number,
        from_scratch=settings.weights == RANDOM,
        has_known_head=bool(places),
        checkpoint=state,
    )


def _count_steps(stage: Stage, settings: TrainingSettings) -> int:
    return count_steps(len(stage.train), _choose_fit(stage, settings), from_scratch=settings.weights == RANDOM)


def _choose_fit(stage: Stage, settings: TrainingSettings) -> FitSettings:
    """Return the settings of one training: some are shorter than the final one."""
    return settings.fit if stage.epochs is None else replace(settings.fit, epochs=stage.epochs)
