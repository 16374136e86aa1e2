"""The heartbeat: a file in the home by which others see how the service is, without asking the database.

It is written in place, always in the same length, so that it beats on a full disk too. It holds no patient data.
"""

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from installation.home import Home, is_locked
from worker.health.supervision import notify_manager
from worker.moments import measure_age, stamp

BEAT_SECONDS = 2.0
# the longest that one look at a broker or a database which has gone silent can hold up the loop, and some more
STALE_SECONDS = 60.0
LENGTH = 4096  # room for three reasons of 200 characters, each escaped
LONGEST_REASON = 200
MOST_REASONS = 3


class ServiceState(StrEnum):
    """How the service is."""

    STARTING = "starting"  # its parts are being started
    READY = "ready"  # files are taken and screened
    PAUSED = "paused"  # something around it is away (disk, database, broker, inbox); it goes on by itself
    STALLED = "stalled"  # work waits and nothing finishes, though the worker was restarted
    STOPPING = "stopping"  # files in work are finished first
    STOPPED = "stopped"  # it ended in order


Health = Callable[[], tuple[ServiceState, Sequence[str]]]
"""Says how a service or a worker is, and why."""

# what a service manager is to know of states in which the main loop does not go round
_MANAGER_FACTS = {
    ServiceState.STARTING: (),
    ServiceState.STOPPING: ("STOPPING=1",),
    ServiceState.STOPPED: ("STOPPING=1",),
}


@dataclass(frozen=True, slots=True)
class Beat:
    """One heartbeat.

    Attributes
    ----------
    reasons : sequence of str
        Why it is not ready, and what somebody should put right though it is, a sentence each.
    age_seconds : float
        How long ago it was written; setting the time does not matter (`worker.moments`).
    beside : mapping
        Whether each companion of the service runs, in words, by its name.
    model_version, model_sha256 : str or None
        The model that the service began with; None while it starts.
    """

    state: ServiceState
    reasons: Sequence[str]
    pid: int
    age_seconds: float
    beside: Mapping[str, str] = field(default_factory=dict)
    model_version: str | None = None
    model_sha256: str | None = None


class Heartbeat:
    """Writes the heartbeat of a home."""

    def __init__(self, home: Home) -> None:
        self._path = home.heartbeat
        self._model: Mapping[str, str] = {}
        self._next = 0.0
        self._last: tuple[ServiceState, tuple[str, ...], Mapping[str, str]] | None = None

    def name_model(self, version: str, sha256: str) -> None:
        """Say from now on which model serves."""
        self._model = {"model_version": version, "model_sha256": sha256}

    def beat(self, state: ServiceState, reasons: Sequence[str] = (), beside: Mapping[str, str] | None = None) -> None:
        """Write the state when it has changed, and each two seconds; a disk that refuses is no reason to stop.

        A service manager that watches us is told too.
        """
        told = state, tuple(reasons), beside or {}
        if told == self._last and time.monotonic() < self._next:
            return
        with suppress(OSError):
            _write(self._path, _as_json(*told, self._model))
        notify_manager(
            *_MANAGER_FACTS.get(state, ("READY=1", "WATCHDOG=1")), f"STATUS={describe_health(state, reasons)}"
        )
        self._last, self._next = told, time.monotonic() + BEAT_SECONDS


def read_heartbeat(home: Home) -> Beat | None:
    """Read the last beat; None where there is none that can be read."""
    try:
        found = json.loads(home.heartbeat.read_text())
        state, reasons = ServiceState(found["state"]), tuple(map(str, found["reasons"]))
        model = found.get("model_version"), found.get("model_sha256")
        return Beat(state, reasons, int(found["pid"]), measure_age(found), dict(found.get("beside", {})), *model)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def judge_health(home: Home) -> tuple[ServiceState, Sequence[str]]:
    """Tell from the lock and the heartbeat alone how the service is; ready only if it says so itself."""
    beat = read_heartbeat(home)
    if not is_locked(home):
        return ServiceState.STOPPED, ("no service runs on this home",)
    if beat is None:
        return ServiceState.STALLED, ("the service holds its home and has not said yet how it is",)
    hangs = not 0 <= beat.age_seconds <= STALE_SECONDS
    if hangs and beat.state is not ServiceState.STOPPING:  # which may take as long as one file may
        return ServiceState.STALLED, (f"no heartbeat for {beat.age_seconds:.0f} s: the service hangs",)
    return beat.state, beat.reasons


def describe_health(state: ServiceState, reasons: Sequence[str]) -> str:
    """Say in one line how the service is, and why."""
    return "; ".join([f"{state}: {reasons[0]}" if reasons else state, *reasons[1:]])


def _as_json(state: ServiceState, reasons: Sequence[str], beside: Mapping[str, str], model: Mapping[str, str]) -> bytes:
    beat = {
        "schema": 1,
        "state": state,
        "reasons": [reason[:LONGEST_REASON] for reason in reasons[:MOST_REASONS]],
        "beside": beside,
        "pid": os.getpid(),
        **model,
        **stamp(),
    }
    return json.dumps(beat).encode().ljust(LENGTH - 1) + b"\n"


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
    try:
        os.pwrite(descriptor, content, 0)
    finally:
        os.close(descriptor)
