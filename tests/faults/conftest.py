"""Fault runs: real processes, real kills, and the final database held against that of an undisturbed run."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from selftest.ledger_check import LedgerAnswer, find_faults
from selftest.run import DrawnFilms, Run, write_films
from tests.acceptance.conftest import Site, site
from tests.databases import empty_postgresql_url, postgresql_server

__all__ = ["empty_postgresql_url", "postgresql_server", "site"]

SOAK_MINUTES = float(os.environ.get("SOAK_MINUTES", "0"))
"""0: the short form, as CI runs it; else for how long the random kills go on, 200 of them at most."""
FILMS = 3000 if SOAK_MINUTES else 48
SECONDS = 1200 if SOAK_MINUTES else 300  # they share the machine with all other tests


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("faults") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SECONDS))


@dataclass(frozen=True)
class Films(DrawnFilms):
    """Files to drop, and the site of an undisturbed run with what it says about each."""

    site: Path
    answers: dict[str, LedgerAnswer] = field(default_factory=dict)


@dataclass
class FaultRun(Run):
    """A site, what was dropped into it, and the proof at the end."""

    site: Site
    films: Films

    def prove(self) -> None:
        """The promises hold, and each file has the answer of an undisturbed run."""
        ledger = self.read()
        assert find_faults(ledger, self.site.inbox.resolve(), self.site.home, self.dropped) == []
        answers = ledger.answers(self.site.inbox.resolve())
        unlike = {name: answer for name, answer in answers.items() if answer != self.films.answers[name]}
        assert unlike == {}
        assert list(self.site.inbox.iterdir()) == []


@contextmanager
def make_site(root: Path) -> Iterator[Site]:
    (root / "inbox").mkdir(parents=True)
    with TemporaryDirectory(prefix="xray-", ignore_cleanup_errors=True) as runtime:
        made = Site(root, Path(runtime))
        yield made
        if not made.service_ended():
            made.kill()


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Films:
    """Write the files, and see what a run says about them that nothing disturbs."""
    root = tmp_path_factory.mktemp("undisturbed")
    folder = root / "films"
    folder.mkdir()
    films = Films(folder, write_films(folder, FILMS), root / "site")
    with make_site(films.site) as calm:
        run = FaultRun(calm, films)
        run.drop_next(FILMS)
        calm.start()
        run.finish(60.0 + FILMS / 5)
        assert calm.stop() == 0
        ledger = run.read()
        assert find_faults(ledger, calm.inbox.resolve(), calm.home, run.dropped) == []
        films.answers.update(ledger.answers(calm.inbox.resolve()))
    return films


@pytest.fixture
def run(site: Site, films: Films) -> FaultRun:
    return FaultRun(site, films)


def wait_for(holds: Callable[[], object], what: str, seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.05)
