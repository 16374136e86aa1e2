"""The two phases of training: a linear head on cached features, then the last layers of the backbone with it.

Only the Keras API is used, so that it runs on each of its backends. A training that was killed goes on from its
checkpoint, written after the head and after every epoch: since the random numbers of an epoch follow from the seed, the
stage and the epoch (`training.data.batches`), there is no state of a generator to keep.
"""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from inference.engines.protocol import LOGITS_NAME
from training.data.batches import Batch, draw_batches
from training.data.films import Films
from training.fit.checkpoint import Checkpoint, read_checkpoint
from training.fit.history import Epoch
from training.fit.network import find_features, freeze_backbone, get_head, set_head
from training.fit.optimization import build_optimizer, compile_model, swap_averages
from training.fit.progress import RunProgress
from training.fit.resumption import Best, keep_state, restore_network, restore_optimizer
from training.fit.settings import FitSettings
from training.fit.validation import measure_validation, to_indices

HEAD_VIEWS = 1
HEAD_EPOCHS = 30
HEAD_LEARNING_RATE = 3e-3


@dataclass(slots=True)
class Fitting:
    """A network in training with its data.

    Attributes
    ----------
    network : keras.Model
        From `training.fit.network.build_network`.
    outputs : sequence of str
        Names of the logits, in order.
    train, validation : Films
        To learn from; to choose the epoch with.
    settings : FitSettings
        How long and how fast.
    progress : RunProgress
        Where steps are counted.
    stage : int
        Number of the training in its run: other stages draw other random numbers.
    from_scratch : bool
        The backbone is random: no head phase, and every layer learns.
    has_known_head : bool
        The head is one that knew these outputs already: it goes on as slowly as the rest, so that few films do not
        undo what many have taught it.
    checkpoint : Path or None
        File to go on from, if it is there, and to write.
    history : list of Epoch
        One line an epoch.
    """

    network: Any
    outputs: Sequence[str]
    train: Films
    validation: Films
    settings: FitSettings
    progress: RunProgress
    stage: int = 0
    from_scratch: bool = False
    has_known_head: bool = False
    checkpoint: Path | None = None
    history: list[Epoch] = field(default_factory=list)

    @property
    def steps(self) -> int:
        """Batches that hold as many radiographs as the training side."""
        return -(-len(self.train.cases) // self.settings.batch_size)

    def count_steps_until(self, epoch: int) -> int:
        """Return the steps before an epoch's first, the head's among them."""
        return self.steps * (epoch - 1 + (0 if self.from_scratch else HEAD_VIEWS))

    def to_targets(self, reference: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
        """Return one-hot targets, float32 (radiographs, outputs); those of an empty view are spread evenly."""
        outputs = len(self.outputs)
        targets = np.vstack([np.eye(outputs), np.full(outputs, 1 / outputs)]).astype(np.float32)
        return np.asarray(targets[reference])  # the last row is that of `NO_OUTPUT`, -1


def count_steps(films: int, settings: FitSettings, *, from_scratch: bool) -> int:
    """Return how many steps a whole training has when nothing stops it early."""
    return -(-films // settings.batch_size) * (settings.epochs + (0 if from_scratch else HEAD_VIEWS))


def fit(fitting: Fitting) -> list[Epoch]:
    """Train the network in place, head first, and leave it with the weights of the best validation loss."""
    saved = read_checkpoint(fitting.checkpoint) if fitting.checkpoint else None
    if saved:
        best, fitting.history[:] = restore_network(saved, fitting.network)
        fitting.progress.skip(fitting.count_steps_until(len(fitting.history)))
    else:
        best = start(fitting)
        keep_state(fitting.checkpoint, fitting.network, None, best, fitting.history)
    if fitting.settings.epochs:
        fine_tune(fitting, best, saved)
    return fitting.history


def start(fitting: Fitting) -> Best:
    """Train the head, unless there is nothing below it yet that it could build on."""
    epoch = measure_epoch(fitting, "random", None, None) if fitting.from_scratch else fit_head(fitting)
    return Best(fitting.network.get_weights(), epoch.validation_loss, 0)


def fit_head(fitting: Fitting) -> Epoch:
    """Fit a linear classifier of pooled features, computed once for a few augmented views of each radiograph."""
    import keras

    features = find_features(fitting.network)
    pooled = keras.Model(fitting.network.inputs, keras.layers.GlobalAveragePooling2D(dtype="float32")(features))
    count = HEAD_VIEWS * fitting.steps
    rows, places = [], []
    for batch, reference in fitting.progress.track(draw_epoch(fitting, 0, count), count, "features for the head"):
        rows.append(pooled.predict_on_batch(batch))
        places.append(reference)
    head = keras.Sequential([keras.Input((features.shape[-1],)), keras.layers.Dense(len(fitting.outputs))])
    decay, smoothing = fitting.settings.weight_decay, fitting.settings.label_smoothing
    head.set_weights(get_head(fitting.network))
    rate = fitting.settings.learning_rate if fitting.has_known_head else HEAD_LEARNING_RATE
    compile_model(head, keras.optimizers.AdamW(rate, weight_decay=decay), smoothing)
    targets = fitting.to_targets(np.concatenate(places))
    log = head.fit(np.concatenate(rows), targets, epochs=HEAD_EPOCHS, batch_size=64, verbose=0).history
    set_head(fitting.network, *head.get_weights())
    return measure_epoch(fitting, "head", log["loss"][-1], log["accuracy"][-1])


def fine_tune(fitting: Fitting, best: Best, saved: Checkpoint | None) -> None:
    """Train head and last layers together on freshly augmented radiographs; keep the best epoch's weights."""
    settings = fitting.settings
    trained = compile_whole(fitting)
    if saved:
        restore_optimizer(saved, trained.optimizer)
    for number in range(len(fitting.history), settings.epochs + 1):
        if best.is_old(number - 1, settings.patience):
            fitting.progress.skip((settings.epochs + 1 - number) * fitting.steps)
            fitting.progress.say(f"no better validation loss for {settings.patience} epochs: stopped")
            break
        loss, accuracy = run_epoch(fitting, trained, number)
        with swap_averages(trained) if settings.ema_epochs else nullcontext():
            epoch = measure_epoch(fitting, "fine-tune", loss, accuracy)
            if epoch.validation_loss < best.loss:
                best = Best(fitting.network.get_weights(), epoch.validation_loss, number)
        keep_state(fitting.checkpoint, fitting.network, trained.optimizer, best, fitting.history)
    fitting.network.set_weights(best.weights)


def compile_whole(fitting: Fitting) -> Any:
    """Return the network as a model of its logits, with an optimizer for the layers that are fine-tuned."""
    import keras

    settings, network = fitting.settings, fitting.network
    if not fitting.from_scratch:
        freeze_backbone(network, settings.trainable_layers)
    trained = keras.Model(network.inputs, network.output[LOGITS_NAME])
    optimizer = build_optimizer(settings, fitting.steps)
    compile_model(trained, optimizer, settings.label_smoothing)
    optimizer.build(trained.trainable_variables)
    return trained


def run_epoch(fitting: Fitting, trained: Any, number: int) -> tuple[float, float]:
    """Train one epoch and return the means of loss and accuracy over its steps."""
    logs = []
    batches = draw_epoch(fitting, number, fitting.steps)
    for batch, reference in fitting.progress.track(batches, fitting.steps, f"epoch {number}"):
        logs.append(trained.train_on_batch(batch, fitting.to_targets(reference), return_dict=True))
    loss, accuracy = (float(np.mean([float(log[name]) for log in logs])) for name in ("loss", "accuracy"))
    return loss, accuracy


def draw_epoch(fitting: Fitting, number: int, count: int) -> Iterator[Batch]:
    """Return the batches of one epoch; epoch 0 is the head's."""
    return draw_batches(
        fitting.train,
        to_indices(fitting.train.cases, fitting.outputs),
        size=int(fitting.network.input_shape[1]),
        batch_size=fitting.settings.batch_size,
        count=count,
        key=(fitting.settings.seed, fitting.stage, number),
        source_power=fitting.settings.source_power,
        empty_share=fitting.settings.empty_share,
    )


def measure_epoch(fitting: Fitting, phase: str, loss: float | None, accuracy: float | None) -> Epoch:
    """Measure the validation side and add a line to the history."""
    found = measure_validation(fitting.network, fitting.validation, fitting.outputs, fitting.settings.batch_size)
    epoch = Epoch(phase, len(fitting.history), loss, accuracy, *found)
    fitting.history.append(epoch)
    learnt = "" if loss is None else f"loss {loss:.3f}, accuracy {accuracy:.3f}; "
    measured = f"validation loss {epoch.validation_loss:.3f}, accuracy {epoch.validation_accuracy:.3f}"
    fitting.progress.say(f"epoch {epoch.epoch} ({phase}): {learnt}{measured}")
    return epoch
