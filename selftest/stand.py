"""What every trial of a self-test holds in its hands: folders, plan, notebook, and the proof at its end."""

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from selftest.ledger_check import FaultKind, Ledger, LedgerAnswer, find_faults
from selftest.promises import Notebook
from selftest.run import DrawnFilms, Run
from selftest.site import Site

SETTINGS = {
    "XRAY_MIN_FREE_BYTES": str(16 << 20),  # the temporary folder's disk may be small
    "XRAY_METRICS_ADDRESS": "off",  # your own service may have it
    "XRAY_DEVICES": "cpu",  # answers are compared to the last bit, and a batch on a GPU may differ in it
}


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is done.

    Attributes
    ----------
    name : str
        ``quick`` or ``full``.
    films : int
        DrawnFilms of the undisturbed run and of the run of kills.
    trickle : int
        DrawnFilms that are dropped one by one, to see how long each takes.
    rounds : int
        Kills of each kind of process.
    films_a_kill : int
        DrawnFilms that are brought in before each of them.
    away_seconds : float
        For how long the database is locked.
    thorough : bool
        Also what takes minutes or a disk of its own.
    """

    name: str
    films: int
    trickle: int
    rounds: int
    films_a_kill: int
    away_seconds: float
    thorough: bool


QUICK = Plan("quick", films=48, trickle=8, rounds=1, films_a_kill=3, away_seconds=4.0, thorough=False)
FULL = Plan("full", films=600, trickle=30, rounds=15, films_a_kill=9, away_seconds=30.0, thorough=True)


@dataclass
class Stand:
    """The self-test's own part of the disk, and what it has seen.

    Attributes
    ----------
    model : Path
        The bundle that serves.
    model_sha256 : str
        Its hash, which each result has to name.
    announce : Callable
        Called with what begins now, so many times as the trials say in advance.
    """

    root: Path
    plan: Plan
    book: Notebook
    model: Path
    model_sha256: str
    films: DrawnFilms
    chance: random.Random
    announce: Callable[[str], None]

    @contextmanager
    def open_run(self, name: str, **settings: str) -> Iterator[Run]:
        """Give a site of its own; its service ends with the trial, whatever becomes of that."""
        root, runtime = self.root / name, self.root / "run"
        runtime.mkdir(exist_ok=True)
        for folder in ("inbox", "tmp"):
            (root / folder).mkdir(parents=True)
        own = {"XRAY_MODEL": str(self.model), "TMPDIR": str(root / "tmp")}
        site = Site(root, runtime, SETTINGS | own | settings)
        try:
            yield Run(site, self.films)
        finally:
            if not site.service_ended():
                site.kill()

    def prove(self, run: Run) -> Mapping[str, LedgerAnswer]:
        """Hold the ledger of a run, its inbox and its folders against what was dropped; gives the answers."""
        ledger, site, book = run.read(), run.site, self.book
        faults = find_faults(ledger, site.inbox.resolve(), site.home, run.dropped)
        for fault in faults:
            book.check("P2" if fault.kind is FaultKind.DOUBLED else "P1", False, f"{site.root.name}: {fault}")
        book.add("P1", "files", len(run.dropped))
        book.add("P1", "lost", sum(fault.kind is FaultKind.LOST for fault in faults))
        book.add("P2", "results", len(ledger.screenings))
        book.add("P2", "doubled", sum(fault.kind is FaultKind.DOUBLED for fault in faults))
        for promise in ("P1", "P2"):
            book.check(promise, True, "")
        self._check_model(ledger, site)
        self._check_folders(run)
        return ledger.answers(site.inbox.resolve())

    def _check_model(self, ledger: Ledger, site: Site) -> None:
        others = sum(found.model_sha256 != self.model_sha256 for found in ledger.screenings.values())
        self.book.check("P16", not others, f"{site.root.name}: {others} results name another model")
        self.book.add("P16", "results name it", len(ledger.screenings) - others)

    def _check_folders(self, run: Run) -> None:
        """See that nothing lies beside the folders that are the service's."""
        site = run.site
        ours = {"inbox", "home", "tmp", site.log.name}
        strays = sorted({path.name for path in site.root.iterdir()} - ours)
        strays += [f"tmp/{path.name}" for path in (site.root / "tmp").iterdir()]
        self.book.check("P13", not strays, f"{site.root.name}: written beside the folders: {', '.join(strays)}")
        self.book.add("P13", "homes without a stray", int(not strays))
