"""Running batches of any length in few sizes, and in smaller ones when the device's memory runs out."""

import logging

import numpy as np

from inference.engines.protocol import Engine
from inference.serving.wire import Floats, Shapes

log = logging.getLogger(__name__)


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
    """Tell whether an error says that the device's memory is full: TensorFlow by its class, XLA and JAX by the text."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "ResourceExhaustedError"
        or "RESOURCE_EXHAUSTED" in str(error)
    )
