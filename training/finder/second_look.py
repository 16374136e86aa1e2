"""Teaching the second look: films on one side, everything that only looks like one on the other."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from imaging.opencv import cv2
from training.finder.distortion import place, retouch
from training.finder.drawings import draw_other
from training.finder.lessons import crop_picture, draw_phantoms
from training.finder.montages import MONTAGES
from training.finder.network import LOOK_OUTPUT, SIZE, Constants, add_second_look
from training.finder.pictures import PICTURE_SIZE, Pictures, shrink
from training.finder.scans import SCANS
from training.fit.progress import RunProgress

Bytes = npt.NDArray[np.uint8]

DRAWN_OF_A_STYLE = 400
DRAWN_OFTENER = {"screenshots": 2.0, "monitor photographs": 8.0, "thumbnails": 2.0}
"""Kinds that are learnt last, since most of such a picture is a film, and how much oftener than others each is seen."""
BATCH_SIZE = 48
LEARNING_RATE = 2e-3
LABEL_SMOOTHING = 0.02
AHEAD = 6
LATERAL_SHARE = 0.12
MAX_REFUSED = 0.002
"""Share of good films, cropped, turned and retouched, that the second look may refuse."""
CHECKED = 4000


@dataclass(frozen=True, slots=True)
class LookPlan:
    """How many batches, and the seed of the random numbers."""

    steps: int
    seed: int


def draw_wrong(
    pictures: Pictures, count: int, generator: np.random.Generator, *, new_style: bool
) -> dict[str, list[Bytes]]:
    """Draw so many pictures of each style of each kind, of the styles that are learnt or of the one that is not.

    Parameters
    ----------
    pictures : Pictures
        Whose films and lateral films stand in the pictures.
    count : int
        Of a style.
    generator : numpy.random.Generator
        Source of the random numbers.
    new_style : bool
        The last style of each kind in place of the others.
    """

    def pick(generator: np.random.Generator) -> Bytes:
        pool = pictures.laterals if generator.random() < LATERAL_SHARE else pictures.films
        return np.asarray(pool[generator.integers(len(pool))])

    drawn: dict[str, list[Bytes]] = {}
    for kind, styles in MONTAGES.items():
        chosen = styles[-1:] if new_style else styles[:-1]
        drawn[kind] = [draw(pick, PICTURE_SIZE, generator) for draw in chosen for _ in range(count)]
    for kind, scans in SCANS.items():
        drawn[kind] = [draw(PICTURE_SIZE, generator) for draw in _choose(scans, new_style) for _ in range(count)]
    return drawn


def _choose(styles: Sequence[Any], new_style: bool) -> Sequence[Any]:
    return styles[-1:] if new_style else styles[:-1]


def fit_second_look(
    first: Any, pictures: Pictures, plan: LookPlan, progress: RunProgress, weights: Sequence[Constants] = ()
) -> Any:
    """Add the second look to a finder and fit it; return the network, which refuses few enough good films.

    Parameters
    ----------
    first : keras.Model
        From `build_finder`, trained; frozen from now on.
    pictures : Pictures
        The side that is learnt from.
    plan : LookPlan
        How long.
    progress : RunProgress
        Where steps are counted.
    weights : sequence of list of numpy.ndarray
        Of a second look to go on from, more slowly.
    """
    import keras

    network, peak = add_second_look(first, weights), LEARNING_RATE / (4 if weights else 1)
    trained = keras.Model(network.inputs, network.output[LOOK_OUTPUT])
    schedule = keras.optimizers.schedules.CosineDecay(
        peak / 50, plan.steps, warmup_target=peak, warmup_steps=max(plan.steps // 10, 1)
    )
    loss = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=LABEL_SMOOTHING)
    # XLA makes small convolutions slower on CPUs, and Keras turns it on by itself.
    trained.compile(keras.optimizers.AdamW(schedule, weight_decay=1e-3, clipnorm=1.0), loss, jit_compile=False)
    good = [*pictures.films, *draw_phantoms(np.random.default_rng(plan.seed))]
    losses = [
        float(trained.train_on_batch(*batch))
        for batch in progress.track(_draw_batches(pictures, good, plan), plan.steps, "second look")
    ]
    progress.say(f"second look: loss {np.mean(losses[-max(plan.steps // 10, 1) :]):.4f}")
    _spare_good_films(trained, network, good, np.random.default_rng(plan.seed))
    return network


def _draw_batches(
    pictures: Pictures, good: Sequence[Bytes], plan: LookPlan
) -> Iterator[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]:
    drawn = draw_wrong(pictures, DRAWN_OF_A_STYLE, np.random.default_rng([plan.seed, plan.steps]), new_style=False)
    truth = (np.arange(BATCH_SIZE) % 2).astype(np.float32)[:, np.newaxis]

    def draw(step: int) -> npt.NDArray[np.float32]:
        generator = np.random.default_rng([plan.seed, step])
        views = [_draw_wrong_view(pictures, drawn, generator) if is_wrong else _draw_good_view(good, generator)
                 for is_wrong in truth[:, 0]]  # fmt: skip
        return np.stack(views)[..., np.newaxis].astype(np.float32) / 255.0

    with ThreadPoolExecutor(1, "second look") as pool:
        waiting = deque(pool.submit(draw, step) for step in range(min(AHEAD, plan.steps)))
        for step in range(AHEAD, plan.steps + AHEAD):
            batch = waiting.popleft().result()
            if step < plan.steps:
                waiting.append(pool.submit(draw, step))
            yield batch, truth


def _draw_good_view(good: Sequence[Bytes], generator: np.random.Generator) -> Bytes:
    film = good[int(generator.integers(len(good)))]
    if generator.random() < 0.3:
        return retouch(shrink(film, SIZE), generator)
    return retouch(place(film, film, SIZE, generator)[0], generator)


def _draw_wrong_view(pictures: Pictures, drawn: Mapping[str, Sequence[Bytes]], generator: np.random.Generator) -> Bytes:
    sort = generator.random()
    if sort < 0.25:
        picture = pictures.others[generator.integers(len(pictures.others))]
        return retouch(_move(shrink(crop_picture(picture, generator), SIZE), generator), generator)
    if sort < 0.3:
        return retouch(draw_other(SIZE, generator), generator)
    often = np.array([DRAWN_OFTENER.get(kind, 1.0) for kind in drawn])
    members = drawn[str(generator.choice(list(drawn), p=often / often.sum()))]
    return retouch(_move(shrink(members[int(generator.integers(len(members)))], SIZE), generator), generator)


def _move(picture: Bytes, generator: np.random.Generator) -> Bytes:
    """Squeeze, turn, shrink and mirror a little, and cut little off: what is round the films has to stay."""
    size = picture.shape[0]
    scale = np.exp(generator.uniform(-0.25, 0.08, 2))
    angle = np.deg2rad(generator.uniform(-6, 6))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = rotation @ np.diag(scale * (generator.choice([1, 1, -1]), 1))
    middle = np.full(2, (size - 1) / 2)
    matrix = np.column_stack([linear, middle - linear @ middle + generator.uniform(-4, 4, 2)])
    return np.asarray(cv2.warpAffine(picture, matrix, (size, size), flags=cv2.INTER_LINEAR))


def _spare_good_films(trained: Any, network: Any, good: Sequence[Bytes], generator: np.random.Generator) -> None:
    """Lower the bias where more good films than allowed would be refused."""
    views = np.stack([_draw_good_view(good, generator) for _ in range(CHECKED)])[..., np.newaxis]
    batches = (views[start : start + 64].astype(np.float32) / 255.0 for start in range(0, CHECKED, 64))
    logits = np.concatenate([np.asarray(trained.predict_on_batch(batch)) for batch in batches])
    kernel, bias = network.get_layer(LOOK_OUTPUT).get_weights()
    excess = max(float(np.quantile(logits, 1.0 - MAX_REFUSED)), 0.0)
    network.get_layer(LOOK_OUTPUT).set_weights([kernel, bias - excess])
