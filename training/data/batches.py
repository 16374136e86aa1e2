"""Training batches, drawn ahead of the step that learns from them."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from training.data.films import Films
from training.data.sampling import balance_sources

AHEAD = 3

NO_OUTPUT = -1
"""In place of an output's index: a view that says nothing, of which the network is to say nothing."""

Batch = tuple[npt.NDArray[np.float32], npt.NDArray[np.intp]]


def draw_batches(
    films: Films,
    reference: npt.NDArray[np.intp],
    *,
    size: int,
    batch_size: int,
    count: int,
    key: Sequence[int],
    source_power: float = 0.0,
    empty_share: float = 0.0,
) -> Iterator[Batch]:
    """Yield augmented radiographs and their outputs' indices, balanced by class and source.

    The random numbers of a batch follow from `key` and its place alone, so that it does not matter how far ahead
    it is drawn, and a resumed run draws what an undisturbed one would.

    Parameters
    ----------
    films : Films
        What to draw from.
    reference : numpy.ndarray
        int (radiographs,): the true output of each.
    size : int
        Rows and columns of the model's input in pixels.
    batch_size, count : int
        Radiographs a batch, and batches.
    key : sequence of int
        Seed, stage and epoch.
    source_power : float
        How the number of a source's films counts, see `balance_sources`.
    empty_share : float
        In [0, 1): the share of views whose lungs are empty, see `training.data.augmentation.empty`.

    Yields
    ------
    tuple
        float32 (batch, size, size, 1) in [0, 1], and int (batch,), `NO_OUTPUT` for an empty view.
    """
    chances = balance_sources(films.cases, source_power)

    def draw(step: int) -> Batch:
        generator = np.random.default_rng([*key, step])
        chosen = generator.choice(len(reference), batch_size, p=chances)
        # without empty views no random number is spent on them, so that earlier runs can be made again
        is_empty = generator.random(batch_size) < empty_share if empty_share else np.zeros(batch_size, dtype=np.bool_)
        drawn = zip(chosen, is_empty, strict=True)
        views = [films.draw_view(int(index), size, generator, is_empty=bool(each)) for index, each in drawn]
        return np.stack(views)[..., np.newaxis], np.where(is_empty, NO_OUTPUT, reference[chosen])

    yield from _run_ahead(draw, count)


def _run_ahead(draw: Callable[[int], Batch], count: int) -> Iterator[Batch]:
    """Draw a few batches ahead in a thread: OpenCV frees the interpreter's lock while it works."""
    with ThreadPoolExecutor(1, "augmentation") as pool:
        waiting = deque(pool.submit(draw, step) for step in range(min(AHEAD, count)))
        for step in range(AHEAD, count + AHEAD):
            batch = waiting.popleft().result()
            if step < count:
                waiting.append(pool.submit(draw, step))
            yield batch
