"""What a worker writes in the home about its engines, and how ``status`` reads it; no patient data.

Like the heartbeat it is written in place and always in the same length, so that it is written on a full disk too.
"""

import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from inference.serving.report import EngineState
from worker.home import Home

LENGTH = 32768
STALE_SECONDS = 60.0  # as long as a broker that has gone silent may hold up the worker's loop


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """What is known of one engine.

    Attributes
    ----------
    device : str
        ``gpu:0`` or ``cpu:0``.
    precision : str
        ``mixed_float16`` or ``float32``; empty until it is known.
    batch_size : int
        The largest batch now: less than was set after the device ran out of memory.
    mean_batch : float
        Films a batch since the engine started.
    films : int
        Answered since then.
    films_per_second : float
        In the last ten seconds.
    restarts : int
        How often it was started again since the worker started.
    note : str
        Why it is unusable.
    """

    device: str
    state: EngineState
    precision: str
    batch_size: int
    mean_batch: float
    films: int
    films_per_second: float
    restarts: int
    note: str

    def describe(self) -> str:
        """Say it in one line."""
        if self.state is not EngineState.READY:
            return " ".join(filter(None, (self.state, self.note and f"({self.note})")))
        batches = f"{self.mean_batch:.1f} films a batch, at most {self.batch_size}"
        return f"ready, {self.precision}, {batches}, {self.films_per_second:.1f} films/s"


class EngineBoard:
    """Where one worker writes about its engines."""

    def __init__(self, home: Home) -> None:
        self._path = home.engines / f"{os.getpid()}.json"

    def write(self, engines: Sequence[EngineFacts]) -> None:
        """Write what is the case now; a disk that refuses is no reason to stop."""
        told = {"schema": 1, "uptime_seconds": time.monotonic(), "engines": [asdict(engine) for engine in engines]}
        with suppress(OSError):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
            try:
                os.pwrite(descriptor, json.dumps(told).encode().ljust(LENGTH - 1) + b"\n", 0)
            finally:
                os.close(descriptor)

    def remove(self) -> None:
        """Take it away: the engines have ended."""
        self._path.unlink(missing_ok=True)


def read_engines(home: Home) -> list[EngineFacts]:
    """Return what the workers of a home say of their engines; empty where there are none."""
    return [facts for path in sorted(home.engines.glob("*.json")) for facts in _read(path)]


def _read(path: Path) -> Iterator[EngineFacts]:
    try:
        found = json.loads(path.read_bytes())
        if 0 <= time.monotonic() - found["uptime_seconds"] <= STALE_SECONDS:
            for engine in found["engines"]:
                yield EngineFacts(**engine | {"state": EngineState(engine["state"])})
    except (OSError, ValueError, KeyError, TypeError):
        return
