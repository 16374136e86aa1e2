"""The LiteRT engine: a bundle's `model.tflite` on the CPU, for serving."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np
import numpy.typing as npt

from inference.bundle import BundleCorruptError
from inference.engines.protocol import INPUT_NAME, LOGITS_NAME, MAPS_NAME, EngineUnavailableError

log = logging.getLogger(__name__)


class LiteRTEngine:
    """Runs `model.tflite`, one radiograph at a time: LiteRT gains nothing from batching on a CPU."""

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        self._runner = load_litert(path, threads)
        try:
            self.input_size = int(self._runner.get_input_details()[INPUT_NAME]["shape"][1])
            self.output_count = int(self._runner.get_output_details()[LOGITS_NAME]["shape"][-1])
            self._warm_up()
        except (KeyError, RuntimeError, ValueError) as error:
            raise BundleCorruptError(f"{path.name} is not a LiteRT graph with the expected signature") from error

    def _warm_up(self) -> None:
        """Run once, so that a graph that cannot run fails here and the first radiograph waits for nothing."""
        with native_messages_to_log():
            self.run(np.zeros((1, self.input_size, self.input_size, 1), np.float32))

    def run(self, batch: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Return logits and activation maps, see `inference.engines.protocol.Engine.run`."""
        answers = [self._runner(**{INPUT_NAME: radiograph[np.newaxis]}) for radiograph in batch]
        logits = np.concatenate([answer[LOGITS_NAME] for answer in answers])
        return logits, np.concatenate([answer[MAPS_NAME] for answer in answers])


def load_litert(path: Path, threads: int) -> Any:
    """Load a LiteRT graph and return the runner of its only signature.

    Raises
    ------
    EngineUnavailableError
        LiteRT is not installed.
    BundleCorruptError
        The file is no such graph.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise EngineUnavailableError("the engine litert needs the package ai-edge-litert") from error
    try:
        # The runner keeps its interpreter alive.
        return Interpreter(model_path=str(path), num_threads=threads).get_signature_runner()
    except (KeyError, RuntimeError, ValueError) as error:
        raise BundleCorruptError(f"{path.name} is not a LiteRT graph with a signature") from error


@contextmanager
def native_messages_to_log() -> Iterator[None]:
    """Log what native code writes to file descriptor 2: LiteRT and TensorFlow greet there, amid lines for people."""
    with TemporaryFile() as written:
        stderr = os.dup(2)
        os.dup2(written.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
        written.seek(0)
        for line in written:
            log.debug("litert: %s", line.decode(errors="replace").rstrip(), extra={"action": "litert"})
