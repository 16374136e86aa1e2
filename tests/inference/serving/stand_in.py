"""An engine process with a stand-in for the device, so that it starts at once: a program, and how to run it.

It gives every radiograph the logits (10, 0, 0, 0) and maps of the number of its batch's films: nothing that LiteRT
would say, so tests see who answered, and in how large a batch.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from inference.bundle import SHIPPED_BUNDLE, Bundle, read_bundle
from inference.engines.loading import load_engine
from inference.serving.batches import BatchRunner
from inference.serving.client import ServedEngine
from inference.serving.server import EngineServer, open_listener

LOGITS = (10.0, 0.0, 0.0, 0.0)
POISON = 0.5
PATIENCE_SECONDS = 2.0
HANG = 600.0


class StandIn:
    """A device: ``seconds`` a batch; a first pixel of 0.5 breaks it."""

    def __init__(self, bundle: Bundle, seconds: float) -> None:
        self.input_size = bundle.input_size
        self.output_count = len(bundle.outputs)
        self._seconds = seconds

    def run(self, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if batch.any():  # not when warming up
            time.sleep(self._seconds)
        if (batch[:, 0, 0, 0] == POISON).any():
            raise RuntimeError("the device is broken")
        films = np.count_nonzero(batch.any(axis=(1, 2, 3)))
        maps = np.full((len(batch), 2, 2, self.output_count), films, np.float32)
        return np.tile(np.float32(LOGITS)[: self.output_count], (len(batch), 1)), maps


@contextmanager
def engine_running(socket: Path, seconds: float = 0.0, linger: float = 0.0) -> Iterator[subprocess.Popen[bytes]]:
    """Run the stand-in until the end of the block."""
    command = [sys.executable, "-m", "tests.inference.serving.stand_in", str(socket), str(seconds), str(linger)]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[3], stdin=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 60
        while not socket.exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.communicate()


def build_client(*sockets: Path, patience_seconds: float = PATIENCE_SECONDS) -> ServedEngine:
    bundle = read_bundle(SHIPPED_BUNDLE)
    return ServedEngine(bundle, load_engine(bundle, "litert"), sockets, patience_seconds)


def main(socket: str, seconds: str, linger: str) -> None:
    bundle = read_bundle(SHIPPED_BUNDLE)
    runner = BatchRunner(StandIn(bundle, float(seconds)), 8)
    shapes = runner.warm_up()
    EngineServer(
        open_listener(Path(socket)),
        runner,
        shapes,
        model_sha256=bundle.model_sha256,
        linger_seconds=float(linger),
        report=lambda *_: None,
    ).serve()


if __name__ == "__main__":
    os.umask(0)  # the socket must be private all the same
    main(*sys.argv[1:])
