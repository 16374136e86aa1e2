"""What a self-test has found, where and under what circumstances."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.bundle import Bundle
from inference.labels import NOTICE
from selftest import havoc
from selftest.promises import Notebook, State
from selftest.site import QUICK
from selftest.stand import SETTINGS, Plan

CORES = len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True)
class Report:
    """What a self-test has found.

    Attributes
    ----------
    seconds : float
        How long it took.
    folder : Path
        Where it was; gone unless it is kept.
    seed : int
        What chance began with.
    load : float
        Processes that wanted a core in the last five minutes, on average: one that is busy breaks promises of time.
    """

    plan: Plan
    book: Notebook
    bundle: Bundle
    seconds: float
    folder: Path
    file_system: str
    seed: int
    load: float

    @property
    def holds(self) -> bool:
        """True where no promise is broken."""
        return self.book.count(State.BROKEN) == 0

    def as_json(self) -> dict[str, Any]:
        """Return what machines read."""
        return {
            "schema": 1,
            "notice": NOTICE,
            "mode": self.plan.name,
            "model_version": self.bundle.model_version,
            "model_sha256": self.bundle.model_sha256,
            "folder": str(self.folder),
            "file_system": self.file_system,
            "settings": QUICK | SETTINGS | havoc.SETTINGS,
            "seed": self.seed,
            "load": round(self.load, 1),
            "cores": CORES,
            "seconds": round(self.seconds, 1),
            "counts": {state.name.lower(): self.book.count(state) for state in State},
            "promises": [found.as_json() for found in self.book.findings.values()],
            "speed": {words: round(value, 3) for words, value in self.book.speed.items()},
        }
