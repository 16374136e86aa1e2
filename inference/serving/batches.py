"""When a batch is due, and how it runs: in few sizes, and in smaller ones when the device's memory runs out.

Gathering is pure bookkeeping, without sockets, threads or a clock.
"""

import logging
from typing import Generic, TypeVar

import numpy as np

from inference.engines.protocol import Engine
from inference.serving.wire import Floats, Shapes

log = logging.getLogger(__name__)

Item = TypeVar("Item")


class Gatherer(Generic[Item]):
    """Collects requests until a batch is full, nobody is left who could add to it, or the first has waited enough.

    Parameters
    ----------
    linger_seconds : float
        So long the first request of a batch waits for others.
    """

    def __init__(self, linger_seconds: float) -> None:
        self._linger_seconds = linger_seconds
        self._waiting: dict[Item, float] = {}

    def __contains__(self, item: Item) -> bool:
        return item in self._waiting

    def add(self, item: Item, now: float) -> None:
        """Note a request."""
        self._waiting[item] = now

    def discard(self, item: Item) -> None:
        """Forget a request whose sender has gone."""
        self._waiting.pop(item, None)

    def seconds_to_batch(self, now: float, *, batch_size: int, senders: int) -> float | None:
        """Return how long the next batch may still wait, 0 when it is due, None where nothing waits.

        Parameters
        ----------
        now : float
            Monotonic seconds.
        batch_size : int
            The largest batch.
        senders : int
            How many there are; each has one request under way at most.
        """
        if not self._waiting:
            return None
        if len(self._waiting) >= min(batch_size, senders):
            return 0.0
        oldest = next(iter(self._waiting.values()))
        return max(0.0, oldest + self._linger_seconds - now)

    def take(self, batch_size: int) -> list[Item]:
        """Take the next batch, the oldest requests first."""
        batch = list(self._waiting)[:batch_size]
        for item in batch:
            del self._waiting[item]
        return batch


class BatchRunner:
    """Runs an engine.

    A new size costs a compilation, seconds on a GPU: so a batch is filled up with black pictures to the next of the
    sizes `batch_size`, its half, its quarter ... 1, and all of these run once before the engine serves.

    Parameters
    ----------
    engine : Engine
        What computes.
    batch_size : int
        The largest batch.

    Attributes
    ----------
    batch_size : int
        The largest batch that the device's memory has held so far.
    """

    def __init__(self, engine: Engine, batch_size: int) -> None:
        self._engine = engine
        self.batch_size = batch_size

    def warm_up(self) -> Shapes:
        """Run each size once, the largest first; returns the shapes of what goes in and comes out."""
        size = self._engine.input_size
        length = self.batch_size
        while length:
            _, maps = self.run(np.zeros((length, size, size, 1), np.float32))
            length = min(length, self.batch_size * 2) // 2
        return Shapes(size, self._engine.output_count, *maps.shape[1:3]).check()

    def run(self, batch: Floats) -> tuple[Floats, Floats]:
        """Return logits (batch, outputs) and activation maps (batch, rows, columns, outputs).

        Out of memory on the device halves `batch_size`, for good, and runs the batch in smaller parts.

        Raises
        ------
        Exception
            Whatever the engine raises; out of memory only when one radiograph alone does not fit.
        """
        logits: list[Floats] = []
        maps: list[Floats] = []
        done = 0
        while done < len(batch):
            part = batch[done : done + self.batch_size]
            size = self._size_for(len(part))
            try:
                answer = self._engine.run(_fill(part, size))
            except Exception as error:
                if not is_out_of_memory(error) or size == 1:
                    raise
                self._halve(size)
            else:
                logits.append(answer[0][: len(part)])
                maps.append(answer[1][: len(part)])
                done += len(part)
        return np.concatenate(logits), np.concatenate(maps)

    def _size_for(self, length: int) -> int:
        size = self.batch_size
        while size // 2 >= length:
            size //= 2
        return size

    def _halve(self, size: int) -> None:
        self.batch_size = size // 2
        facts = {"action": "batch_halved", "batch_size": self.batch_size}
        log.warning("the device's memory is too small: batches of at most %d from now on", self.batch_size, extra=facts)


def _fill(part: Floats, size: int) -> Floats:
    if len(part) == size:
        return part
    filled = np.zeros((size, *part.shape[1:]), np.float32)
    filled[: len(part)] = part
    return filled


def is_out_of_memory(error: Exception) -> bool:
    """Return whether the device's memory is full: TensorFlow says so by the error's class, XLA and JAX by its text."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "ResourceExhaustedError"
        or "RESOURCE_EXHAUSTED" in str(error)
    )
