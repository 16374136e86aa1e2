"""Fitting the finder in two stages: lungs where somebody drew them, then everything.

Only some films have a lung mask drawn by hand. The network that has learnt from those draws the others' lungs itself,
and then learns from all (self-training, Lee, ICML workshop 2013): so it knows films of children and of other detectors.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imaging.opencv import cv2
from inference.lungs import KINDS, KINDS_OUTPUT, LUNGS_OUTPUT
from training.finder.lessons import Lesson, Teacher
from training.finder.network import LUNGS_SIZE, SIZE
from training.finder.pictures import PICTURE_SIZE, Pictures, shrink
from training.fit.progress import RunProgress

BATCH_SIZE = 32
AHEAD = 6
KINDS_WEIGHT = 0.6
WEIGHT_DECAY = 1e-3
LABEL_SMOOTHING = 0.02

Bytes = npt.NDArray[np.uint8]
Batch = tuple[npt.NDArray[np.float32], dict[str, npt.NDArray[np.float32]]]


@dataclass(frozen=True, slots=True)
class LessonPlan:
    """How long and how fast to fit, and what.

    Attributes
    ----------
    name : str
        For the progress bar.
    steps : int
        Batches.
    learning_rate : float
        Peak.
    lungs_only : bool
        Frontal films alone, and no kinds.
    seed : int
        Of its random numbers.
    """

    name: str
    steps: int
    learning_rate: float
    lungs_only: bool
    seed: int


def fit_stage(network: Any, teacher: Teacher, stage: LessonPlan, progress: RunProgress) -> float:
    """Fit the network in place and return the mean loss of the last tenth of the steps."""
    import keras

    outputs = {name: network.output[name] for name in (LUNGS_OUTPUT, KINDS_OUTPUT)}
    trained = keras.Model(network.inputs, outputs)
    losses = {
        LUNGS_OUTPUT: measure_lungs,
        KINDS_OUTPUT: keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=LABEL_SMOOTHING),
    }
    weights = {LUNGS_OUTPUT: 1.0, KINDS_OUTPUT: 0.0 if stage.lungs_only else KINDS_WEIGHT}
    # XLA makes small convolutions slower on CPUs, and Keras turns it on by itself.
    trained.compile(_build_optimizer(stage), losses, loss_weights=weights, jit_compile=False)
    batches = progress.track(_draw_batches(teacher, stage), stage.steps, stage.name)
    history = [float(trained.train_on_batch(*batch, return_dict=True)["loss"]) for batch in batches]
    return float(np.mean(history[-max(stage.steps // 10, 1) :]))


def _build_optimizer(stage: LessonPlan) -> Any:
    import keras

    warmup = max(stage.steps // 10, 1)
    schedule = keras.optimizers.schedules.CosineDecay(
        stage.learning_rate / 50,
        max(stage.steps - warmup, 1),
        warmup_target=stage.learning_rate,
        warmup_steps=warmup,
    )
    return keras.optimizers.AdamW(schedule, weight_decay=WEIGHT_DECAY, clipnorm=1.0)


def measure_lungs(truth: Any, logits: Any) -> Any:
    """Return cross-entropy plus half of one minus Dice; `truth` holds the lungs and how much each lesson counts."""
    from keras import ops

    lungs, weight = truth[..., :1], truth[..., 1:]
    entropy = ops.mean(weight * (ops.softplus(logits) - lungs * logits))
    found = ops.sigmoid(logits)
    common = 2 * ops.sum(weight * found * lungs, axis=(1, 2, 3)) + 1
    both = ops.sum(weight * (found + lungs), axis=(1, 2, 3)) + 1
    return entropy + 0.5 * ops.mean(ops.max(weight, axis=(1, 2, 3)) * (1 - common / both))


def find_masks(network: Any, pictures: Pictures) -> dict[int, Bytes]:
    """Return a mask for every film: the one drawn by hand, else the network's own."""
    found = np.concatenate([network.predict_on_batch(batch)[LUNGS_OUTPUT] for batch in _to_batches(pictures.films)])
    lungs = 1.0 / (1.0 + np.exp(-found[..., 0]))
    drawn = (cv2.resize(np.rint(each * 255).astype(np.uint8), (PICTURE_SIZE, PICTURE_SIZE)) for each in lungs)
    return dict(enumerate(drawn)) | pictures.masks


def _to_batches(films: Bytes) -> Iterator[npt.NDArray[np.float32]]:
    for start in range(0, len(films), 64):
        small = np.stack([shrink(film, SIZE) for film in films[start : start + 64]])
        yield small[..., np.newaxis].astype(np.float32) / 255.0


def _draw_batches(teacher: Teacher, stage: LessonPlan) -> Iterator[Batch]:
    def draw(step: int) -> Batch:
        generator = np.random.default_rng([stage.seed, step])
        return _to_batch([teacher.draw(generator, frontal_only=stage.lungs_only) for _ in range(BATCH_SIZE)])

    with ThreadPoolExecutor(2, "lessons") as pool:
        waiting = deque(pool.submit(draw, step) for step in range(min(AHEAD, stage.steps)))
        for step in range(AHEAD, stage.steps + AHEAD):
            batch = waiting.popleft().result()
            if step < stage.steps:
                waiting.append(pool.submit(draw, step))
            yield batch


def _to_batch(lessons: list[Lesson]) -> Batch:
    pictures = np.stack([lesson.picture for lesson in lessons])[..., np.newaxis].astype(np.float32) / 255.0
    kinds = np.eye(len(KINDS), dtype=np.float32)[[lesson.kind for lesson in lessons]]
    return pictures, {LUNGS_OUTPUT: np.stack([_to_truth(lesson) for lesson in lessons]), KINDS_OUTPUT: kinds}


def _to_truth(lesson: Lesson) -> npt.NDArray[np.float32]:
    lungs = shrink(lesson.lungs, LUNGS_SIZE).astype(np.float32) / 255.0
    return np.stack([lungs, np.full_like(lungs, lesson.weight)], axis=-1)
