"""One undisturbed run of the self-test, which the tests here then doctor."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from inference.bundle import SHIPPED_BUNDLE, read_bundle
from selftest.kills import run_calm
from selftest.ledger_check import LedgerAnswer
from selftest.promises import Notebook
from selftest.run import DrawnFilms, Run, write_films
from selftest.site import Site
from selftest.stand import Plan, Stand

TINY = Plan("tiny", films=14, trickle=2, rounds=1, films_a_kill=1, away_seconds=1.0, thorough=False)


@dataclass
class Calm:
    """What an undisturbed run has left on the disk, and in the notebook."""

    stand: Stand
    answers: Mapping[str, LedgerAnswer]

    @property
    def site(self) -> Site:
        return Site(self.stand.root / "calm", self.stand.root / "run")

    @property
    def ledger(self) -> Path:
        return self.site.home / "xray.db"

    def prove(self) -> Notebook:
        """Hold the run to account again, as it lies there now."""
        self.stand.book = Notebook()
        self.stand.prove(Run(self.site, self.stand.films, list(self.stand.films.hashes.items())))
        return self.stand.book


@contextmanager
def made_stand(plan: Plan) -> Iterator[Stand]:
    with TemporaryDirectory(prefix="xray-", ignore_cleanup_errors=True) as folder:
        root = Path(folder).resolve()
        (root / "films").mkdir()
        films = DrawnFilms(root / "films", write_films(root / "films", plan.films))
        model_sha256 = read_bundle(SHIPPED_BUNDLE).model_sha256
        yield Stand(root, plan, Notebook(), SHIPPED_BUNDLE, model_sha256, films, random.Random(1), lambda _: None)


@pytest.fixture(scope="session")
def calm() -> Iterator[Calm]:
    with made_stand(TINY) as stand:
        yield Calm(stand, run_calm(stand))
