"""What a worker writes in the home about its engines, and how ``status`` reads it; no patient data.

Like the heartbeat it is written in place and always in the same length, so that it is written on a full disk too.
"""

import json
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from inference.serving.report import EngineState
from installation.home import Home
from worker.moments import measure_age, stamp
from worker.processes import has_ended, name_process

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
    host : str
        The machine or container whose worker keeps it; empty until it is written.
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
    host: str = ""

    def describe(self) -> str:
        """Say it in one line."""
        if self.state is not EngineState.READY:
            return " ".join(filter(None, (self.state, self.note and f"({self.note})")))
        batches = f"{self.mean_batch:.1f} films a batch, at most {self.batch_size}"
        return f"ready, {self.precision}, {batches}, {self.films_per_second:.1f} films/s"


@dataclass(frozen=True, slots=True)
class WorkerEngines:
    """What one worker says of its engines.

    Attributes
    ----------
    worker : str
        The name of its process.
    has_page : bool
        Its keeper serves a page of figures; otherwise they stand on the service's.
    age_seconds : float
        How long ago it was written.
    """

    worker: str
    has_page: bool
    age_seconds: float
    engines: Sequence[EngineFacts]

    @property
    def is_stale(self) -> bool:
        """True where its worker was killed, hangs, or its host has gone."""
        return has_ended(self.worker) or not 0 <= self.age_seconds <= STALE_SECONDS


class EngineBoard:
    """Where one worker writes about its engines."""

    def __init__(self, home: Home, *, has_page: bool = False) -> None:
        self._path = home.engines / f"{name_process(os.getpid())}.json"
        self._has_page = has_page

    def write(self, engines: Sequence[EngineFacts]) -> None:
        """Write what is the case now; a disk that refuses is no reason to stop."""
        facts = [asdict(engine) | {"host": socket.gethostname()} for engine in engines]
        with suppress(OSError):
            content = {"schema": 1, "has_page": self._has_page, **stamp(), "engines": facts}
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
            try:
                os.pwrite(descriptor, json.dumps(content).encode().ljust(LENGTH - 1) + b"\n", 0)
            finally:
                os.close(descriptor)

    def remove(self) -> None:
        """Take it away: the engines have ended."""
        self._path.unlink(missing_ok=True)


def read_engines(home: Home) -> list[EngineFacts]:
    """Return what the workers of a home say of their engines; empty where there are none."""
    return [facts for board in read_boards(home) for facts in board.engines]


def read_boards(home: Home) -> Iterator[WorkerEngines]:
    """Give what each worker of a home says, on whatever host it runs, but for what is stale."""
    for path in sorted(home.engines.glob("*.json")):
        board = _read(path)
        if board is not None and not board.is_stale:
            yield board


def sweep_boards(home: Home) -> None:
    """Remove what was left by workers that were killed here, and by those of hosts that are gone."""
    for path in home.engines.glob("*.json"):
        board = _read(path)
        if has_ended(path.stem) or (board is not None and board.is_stale):
            path.unlink(missing_ok=True)  # a worker that hung writes it anew


def _read(path: Path) -> WorkerEngines | None:
    try:
        found = json.loads(path.read_bytes())
        engines = [EngineFacts(**engine | {"state": EngineState(engine["state"])}) for engine in found["engines"]]
        return WorkerEngines(path.stem, bool(found["has_page"]), measure_age(found), engines)
    except (OSError, ValueError, KeyError, TypeError):
        return None
