"""A screening process's side: an `Engine` that asks engine processes, and answers by itself where none does.

A film never waits for an engine that is gone: its socket closes with it, and LiteRT, which is loaded beside it,
answers. So an engine may die, hang or be started anew, and no file fails or is tried again for it.
"""

import logging
import os
import socket
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from inference.bundle import LUNGS_NAME, Bundle, read_bundle
from inference.classifier import Classifier
from inference.engines.loading import load_engine
from inference.engines.protocol import Engine
from inference.lungs import LungFinder
from inference.serving.wire import Floats, Slot, WireError, receive_answer, receive_welcome, send_hello, send_request

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 5.0
RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 30.0


def load_served_classifier(
    folder: Path, sockets: Sequence[Path], patience_seconds: float = PATIENCE_SECONDS
) -> Classifier:
    """Load a classifier whose network runs in engine processes, and on LiteRT here while none of them answers.

    Parameters
    ----------
    folder : Path
        The bundle's folder; an engine that has loaded another bundle does not answer.
    sockets : sequence of Path
        Where the engines listen, sooner or later.
    patience_seconds : float
        A film waits for an answer for this long, then it is given here.

    Raises
    ------
    BundleError, EngineUnavailableError
        As for `Classifier.load`.
    """
    bundle = read_bundle(folder)
    engine = ServedEngine(bundle, load_engine(bundle, "litert"), sockets, patience_seconds)
    return Classifier(bundle, engine, LungFinder(folder / LUNGS_NAME))


class ServedEngine:
    """Asks the engines in turn. It is not for several threads."""

    def __init__(self, bundle: Bundle, fallback: Engine, sockets: Sequence[Path], patience_seconds: float) -> None:
        self.input_size, self.output_count = fallback.input_size, fallback.output_count
        self._fallback = fallback
        self._lines = [_Line(path, bundle, patience_seconds) for path in sockets]
        self._turn = os.getpid()  # processes begin with different engines

    def run(self, batch: Floats) -> tuple[Floats, Floats]:
        """Return logits and activation maps, see `inference.engines.protocol.Engine.run`."""
        answers = [self._ask(radiograph) for radiograph in batch]
        return np.stack([logits for logits, _ in answers]), np.stack([maps for _, maps in answers])

    def _ask(self, radiograph: Floats) -> tuple[Floats, Floats]:
        now = time.monotonic()
        lines = [line for line in self._lines if now >= line.not_before]
        if lines:
            self._turn += 1
            answer = lines[self._turn % len(lines)].ask(radiograph)
            if answer is not None:
                return answer
        logits, maps = self._fallback.run(radiograph[np.newaxis])
        return logits[0], maps[0]


class _Line:
    """The way to one engine.

    Attributes
    ----------
    not_before : float
        Monotonic seconds before which it is not worth trying.
    """

    def __init__(self, path: Path, bundle: Bundle, patience_seconds: float) -> None:
        self.not_before = 0.0
        self._path = path
        self._bundle = bundle
        self._patience_seconds = patience_seconds
        self._open: tuple[socket.socket, Slot] | None = None
        self._number = 0
        self._late = 0

    def __del__(self) -> None:
        if self._open is not None:
            self._open[0].close()

    def ask(self, radiograph: Floats) -> tuple[Floats, Floats] | None:
        """Ask for one radiograph, float32 (rows, columns, 1); None where the engine does not answer."""
        try:
            connection, slot = self._open = self._open or self._connect()
            self._number = (self._number + 1) & 0xFFFFFFFF
            slot.radiograph[:] = radiograph
            send_request(connection, self._number, slot.shapes)
            receive_answer(connection, self._number)
        except (WireError, OSError) as error:
            self._give_up(error)
            return None
        self._late = 0
        return slot.logits.copy(), slot.maps.copy()

    def _connect(self) -> tuple[socket.socket, Slot]:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            connection.settimeout(self._patience_seconds)
            connection.connect(str(self._path))
            send_hello(connection, self._bundle.model_sha256)
            slot = receive_welcome(connection, self._bundle.input_size, len(self._bundle.outputs))
        except (WireError, OSError):
            connection.close()
            raise
        log.debug("the engine answers", extra={"action": "engine_found", "engine": self._path.stem})
        return connection, slot

    def _give_up(self, error: Exception) -> None:
        self._late = self._late + 1 if isinstance(error, TimeoutError) else 0
        pause = min(LONGEST_RETRY_SECONDS, RETRY_SECONDS * 2**self._late)
        self.not_before = time.monotonic() + pause
        not_there = self._open is None and isinstance(error, (FileNotFoundError, ConnectionRefusedError))
        if self._open is not None:
            self._open[0].close()
            self._open = None
        if not not_there:  # which its keeper says, once for all
            facts = {"action": "engine_away", "engine": self._path.stem}
            log.warning("the engine does not answer (%s); LiteRT does meanwhile", type(error).__name__, extra=facts)
