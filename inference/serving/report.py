"""What an engine reports to its keeper: one page of memory that both have open, written in place.

The keeper makes the page (a memfd) and hands it down, so what was last said can be read even while the engine computes,
hangs or is dead, and nothing of it is left behind.
"""

import json
import os
from dataclasses import asdict, dataclass
from enum import StrEnum

LENGTH = 1024
LONGEST_NOTE = 200


class EngineState(StrEnum):
    """How far an engine process is."""

    STARTING = "starting"  # loads, compares itself with LiteRT and runs each batch size once
    READY = "ready"
    UNUSABLE = "unusable"  # it cannot run here, and would not by being started again
    RESTARTING = "restarting"  # it has ended: said by its keeper


@dataclass(frozen=True, slots=True)
class EngineReport:
    """What an engine says of itself.

    Attributes
    ----------
    pid : int
        Of the engine process.
    precision : str
        `mixed_float16` or `float32`; empty while it is not known.
    batch_size : int
        The largest batch now.
    batches, films : int
        How many it has answered since it started.
    busy_since : float or None
        Monotonic seconds at which the batch under way began.
    note : str
        Why it is unusable.
    """

    pid: int
    state: EngineState
    precision: str = ""
    batch_size: int = 0
    batches: int = 0
    films: int = 0
    busy_since: float | None = None
    note: str = ""


def create_page() -> int:
    """Make an empty page; returns its descriptor, which a child has only where it is handed down."""
    descriptor = os.memfd_create("xray-engine", os.MFD_CLOEXEC)
    os.ftruncate(descriptor, LENGTH)
    return descriptor


def write_report(page: int, report: EngineReport) -> None:
    """Write what is the case now."""
    facts = asdict(report) | {"note": report.note.encode("ascii", "replace").decode()[:LONGEST_NOTE]}
    os.pwrite(page, json.dumps(facts).encode().ljust(LENGTH), 0)


def read_report(page: int) -> EngineReport | None:
    """Read what was said last; None where nothing was, or it is being written at this moment."""
    try:
        found = json.loads(os.pread(page, LENGTH, 0))
        return EngineReport(**found | {"state": EngineState(found["state"])})
    except (ValueError, KeyError, TypeError):
        return None
