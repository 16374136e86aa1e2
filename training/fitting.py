"""The two phases of training: a linear head on cached features, then the last layers of the backbone with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from inference.engines import LOGITS_NAME
from training.augmentation import augment
from training.network import find_features, freeze_backbone, set_head
from training.pixels import Radiographs
from training.sampling import balance_sources
from training.validation import measure_validation, to_indices

HEAD_VIEWS = 2
HEAD_EPOCHS = 30
HEAD_LEARNING_RATE = 3e-3
LABEL_SMOOTHING = 0.05
WEIGHT_DECAY = 1e-3
WARMUP_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Epoch:
    """One line of the history: means over augmented training radiographs, balanced by source; validation by class."""

    phase: str
    epoch: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How long and how fast to train.

    Attributes
    ----------
    epochs : int
        Of the fine-tuning phase; 0 trains the head only.
    batch_size : int
        Radiographs a step.
    learning_rate : float
        Peak of the fine-tuning phase; it warms up and then falls as a half cosine.
    trainable_layers : int
        How many layers, counted from the end of the network, are fine-tuned.
    seed : int
        Of every random number.
    """

    epochs: int = 12
    batch_size: int = 32
    learning_rate: float = 1e-4
    trainable_layers: int = 100
    seed: int = 0


@dataclass(slots=True)
class Fitting:
    """A network in training with its data."""

    network: Any
    outputs: Sequence[str]
    train: Radiographs
    validation: Radiographs
    settings: FitSettings
    console: Console
    history: list[Epoch] = field(default_factory=list)
    generator: np.random.Generator = field(init=False)
    chances: npt.NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        self.generator = np.random.default_rng(self.settings.seed)
        self.chances = balance_sources(self.train.cases)

    def draw_batches(self, count: int) -> Iterator[tuple[npt.NDArray[np.float32], npt.NDArray[np.intp]]]:
        """Yield augmented radiographs (batch, size, size, 1) and their outputs' indices, balanced by source."""
        reference = to_indices(self.train, self.outputs)
        size = int(self.network.input_shape[1])
        for _ in range(count):
            chosen = self.generator.choice(len(reference), self.settings.batch_size, p=self.chances)
            views = [augment(self.train.pixels[index], size, self.generator) for index in chosen]
            yield np.stack(views)[..., np.newaxis], reference[chosen]

    @property
    def steps(self) -> int:
        """Batches that hold as many radiographs as the training side."""
        return -(-len(self.train.cases) // self.settings.batch_size)


def fit(fitting: Fitting) -> list[Epoch]:
    """Train the network in place, head first, and leave it with the weights of the best validation loss."""
    import keras

    keras.utils.set_random_seed(fitting.settings.seed)
    with _show_progress(fitting.console) as progress:
        fit_head(fitting, progress)
        fine_tune(fitting, progress)
    return fitting.history


def fit_head(fitting: Fitting, progress: Progress) -> None:
    """Fit a linear classifier of pooled features, computed once for a few augmented views of each radiograph."""
    import keras

    features = find_features(fitting.network)
    pooled = keras.Model(fitting.network.inputs, keras.layers.GlobalAveragePooling2D()(features))
    batches = fitting.draw_batches(HEAD_VIEWS * fitting.steps)
    rows, places = [], []
    for batch, reference in progress.track(batches, HEAD_VIEWS * fitting.steps, description="features"):
        rows.append(pooled.predict_on_batch(batch))
        places.append(reference)
    head = keras.Sequential([keras.Input((features.shape[-1],)), keras.layers.Dense(len(fitting.outputs))])
    _compile(head, keras.optimizers.AdamW(HEAD_LEARNING_RATE, weight_decay=WEIGHT_DECAY))
    targets = keras.ops.one_hot(np.concatenate(places), len(fitting.outputs))
    log = head.fit(np.concatenate(rows), targets, epochs=HEAD_EPOCHS, batch_size=64, verbose=0).history
    set_head(fitting.network, *head.get_weights())
    _record(fitting, "head", log["loss"][-1], log["accuracy"][-1])


def fine_tune(fitting: Fitting, progress: Progress) -> None:
    """Train head and last layers together on freshly augmented radiographs; keep the best epoch's weights."""
    import keras

    settings, network = fitting.settings, fitting.network
    if not settings.epochs:
        return
    freeze_backbone(network, settings.trainable_layers)
    trained = keras.Model(network.inputs, network.output[LOGITS_NAME])
    _compile(trained, _build_optimizer(settings, settings.epochs * fitting.steps))
    best, best_loss = network.get_weights(), fitting.history[-1].validation_loss
    task = progress.add_task("fine-tuning", total=settings.epochs * fitting.steps)
    for _ in range(settings.epochs):
        logs = []
        for batch, reference in fitting.draw_batches(fitting.steps):
            targets = np.eye(len(fitting.outputs), dtype=np.float32)[reference]
            logs.append(trained.train_on_batch(batch, targets, return_dict=True))
            progress.advance(task)
        loss, accuracy = (float(np.mean([log[name] for log in logs])) for name in ("loss", "accuracy"))
        epoch = _record(fitting, "fine-tune", loss, accuracy)
        if epoch.validation_loss < best_loss:
            best, best_loss = network.get_weights(), epoch.validation_loss
    network.set_weights(best)


def _compile(model: Any, optimizer: Any) -> None:
    import keras

    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=LABEL_SMOOTHING)
    # XLA makes depthwise convolutions eight times slower on CPUs (measured), and Keras turns it on by itself.
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=False)


def _build_optimizer(settings: FitSettings, steps: int) -> Any:
    import keras

    warmup = max(int(steps * WARMUP_SHARE), 1)
    schedule = keras.optimizers.schedules.CosineDecay(
        settings.learning_rate / 100, max(steps - warmup, 1), warmup_target=settings.learning_rate, warmup_steps=warmup
    )
    return keras.optimizers.AdamW(schedule, weight_decay=WEIGHT_DECAY, clipnorm=1.0)


def _record(fitting: Fitting, phase: str, loss: float, accuracy: float) -> Epoch:
    """Measure the validation side and add a line to the history."""
    measured = measure_validation(fitting.network, fitting.validation, fitting.outputs, fitting.settings.batch_size)
    epoch = Epoch(phase, len(fitting.history), loss, accuracy, *measured)
    fitting.history.append(epoch)
    fitting.console.print(
        f"epoch {epoch.epoch} ({phase}): loss {loss:.3f}, accuracy {accuracy:.3f}; "
        f"validation {epoch.validation_loss:.3f}, {epoch.validation_accuracy:.3f}"
    )
    return epoch


def _show_progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console)
