"""The whole self-test: its trials in turn, each on a site of its own in one temporary folder, and what it has found."""

import os
import random
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import SubprocessError
from typing import Any

import psutil
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from inference.bundle import SHIPPED_BUNDLE, Bundle, read_bundle
from inference.labels import NOTICE
from installation.errors import HomeError
from selftest import hostile, kills, limits
from selftest.ledger_check import LedgerAnswer
from selftest.promises import Notebook, State
from selftest.run import DrawnFilms, write_films
from selftest.site import QUICK, VICTIMS, SiteError, ending_in_order
from selftest.stand import SETTINGS, Plan, Stand
from store.location import find_filesystem_type

CORES = len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True)
class SelftestReport:
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
            "settings": QUICK | SETTINGS | kills.SETTINGS,
            "seed": self.seed,
            "load": round(self.load, 1),
            "cores": CORES,
            "seconds": round(self.seconds, 1),
            "counts": {state.name.lower(): self.book.count(state) for state in State}
            | {"held_in_part": self.book.count_held_in_part()},
            "promises": [found.as_json() for found in self.book.findings.values()],
            "speed": {words: round(value, 3) for words, value in self.book.speed.items()},
        }


PREFIX = "xray-selftest-"
STEPS, FULL_STEPS = 15, 4  # so often it is shown what begins, beside the kills
LONGEST_SOCKET_FOLDER = 33  # of the 107 bytes of a socket's path the rest is ours
NEEDED_BYTES = 1 << 29
WHY_QUICK = "takes longer, see --full"
EARLY = "its trial came to an early end"
# what a service that does not do what it should looks like from outside
TROUBLE = (SiteError, SQLAlchemyError, sqlite3.Error, RedisError, psutil.Error, SubprocessError, OSError)
Show = Callable[[str, int, int], None]


def run_selftest(
    plan: Plan, model: Path | None, show: Show, *, keep: bool = False, seed: int | None = None
) -> SelftestReport:
    """Run all trials; whatever was started and written is gone at the end, also after Ctrl-C.

    Parameters
    ----------
    model : Path or None
        The bundle that serves; None for the one that ships.
    show : Callable
        Called with what begins, how many steps are done, and how many there are.
    keep : bool
        Leave the folder of a test that came to its end, for who wants to look.

    Raises
    ------
    BundleError
        The model cannot be read as it is.
    HomeError
        There is no room, or the temporary folder's name is too long for a socket.
    """
    began, seed = time.monotonic(), time.time_ns() if seed is None else seed
    bundle = read_bundle(model or SHIPPED_BUNDLE)
    with _temporary_folder(keep=keep) as root, ending_in_order():
        steps = _Steps(show, _count_steps(plan))
        steps.announce("drawing synthetic radiographs")
        book, films = Notebook(), _draw_films(root, plan.films)
        chance = random.Random(seed)  # noqa: S311  (no secret)
        stand = Stand(root, plan, book, bundle.folder, bundle.model_sha256, films, chance, steps.announce)
        _run_trials(stand)
        file_system = find_filesystem_type(root)
    return SelftestReport(plan, book, bundle, time.monotonic() - began, root, file_system, seed, os.getloadavg()[1])


class _Steps:
    def __init__(self, show: Show, total: int) -> None:
        self._show, self._done, self._total = show, 0, total

    def announce(self, what: str) -> None:
        self._show(what, self._done, self._total)
        self._done += 1


def _count_steps(plan: Plan) -> int:
    return STEPS + len(VICTIMS) * plan.rounds + (FULL_STEPS if plan.thorough else 0)


def _run_trials(stand: Stand) -> None:
    expected: Mapping[str, LedgerAnswer] = {}
    with _accusing(stand, "P1", "P2"):
        expected = kills.run_calm(stand)
    with _accusing(stand, "P5", "P6", "P7", "P8", "P9", "P10"):
        kills.run_kills(stand, expected)
    with _accusing(stand, "P3", "P4", "P11", "P12", "P13"):
        hostile.run_hostile(stand)
    with _accusing(stand, "P16"):
        limits.run_damaged_model(stand)
    if not stand.plan.thorough:
        for promise, what in limits.LEFT_OUT.items():
            stand.book.leave_out(promise, f"{what}: {WHY_QUICK}")
        return
    for promise, run in (("P11", limits.run_limits), ("P10", limits.run_small_disk), ("P7", limits.run_backlog)):
        with _accusing(stand, promise):
            run(stand)


@contextmanager
def _accusing(stand: Stand, *promises: str) -> Iterator[None]:
    """Let a trial that cannot go on break "every file ends in one row", and leave the rest of it open."""
    try:
        yield
    except TROUBLE as error:
        stand.book.check("P1", False, f"{str(error).splitlines()[0]} ({type(error).__name__})")
        for promise in promises:
            stand.book.leave_out(promise, EARLY)


def _draw_films(root: Path, count: int) -> DrawnFilms:
    folder = root / "films"
    folder.mkdir()
    return DrawnFilms(folder, write_films(folder, count))


@contextmanager
def _temporary_folder(*, keep: bool) -> Iterator[Path]:
    place = Path(tempfile.gettempdir()).resolve()
    if len(os.fsencode(place)) > LONGEST_SOCKET_FOLDER:
        raise HomeError(f"{place} is too long a path for a socket in it: set TMPDIR to a shorter one")
    if shutil.disk_usage(place).free < NEEDED_BYTES:
        raise HomeError(f"the self-test needs {NEEDED_BYTES >> 20} MiB in {place}: make room, or set TMPDIR")
    root = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    kept = False
    try:
        yield root
        kept = keep
    finally:
        if not kept:
            shutil.rmtree(root, ignore_errors=True)
