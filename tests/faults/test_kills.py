"""SIGKILL at every named step and at random: the final database equals that of an undisturbed run, file by file."""

import random
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

import psutil
import pytest

from installation.faults import STEPS
from selftest.site import VICTIMS, kill
from tests.acceptance.conftest import Site
from tests.faults.conftest import SOAK_MINUTES, FaultRun

pytestmark = pytest.mark.faults

FILMS_A_START = 1000 if SOAK_MINUTES else 12
KILLS, FILES_A_KILL = (200, 10) if SOAK_MINUTES else (4, 10)
COPYING = ("after_copy", "after_aside")
# a reader that is killed from outside looks like one that its file has killed: by chance one file meets several kills
OFTEN = {"XRAY_MAX_ATTEMPTS": "20"}


@pytest.fixture
def other_disk(site: Site) -> Iterator[Path]:
    """Let the inbox lie on another file system than the home: each move is a copy."""
    shm = Path("/dev/shm")
    if not shm.is_dir() or shm.stat().st_dev == site.root.stat().st_dev:
        pytest.skip("/dev/shm is no file system of its own here")
    folder = Path(mkdtemp(prefix="xray-inbox-", dir=shm))
    site.inbox.rmdir()
    site.inbox.symlink_to(folder)
    yield folder
    shutil.rmtree(folder)


def arm(run: FaultRun, *steps: str) -> Path:
    marks = run.site.root / "marks"
    marks.mkdir()
    run.site.settings |= {"XRAY_TESTING": "1", "XRAY_FAULT_AT": ",".join(steps), "XRAY_FAULT_MARKS": str(marks)}
    return marks


def test_a_kill_at_every_named_step_changes_nothing_in_the_end(run: FaultRun, other_disk: Path) -> None:
    run.site.settings |= OFTEN
    marks = arm(run, *STEPS)
    run.site.start()
    run.drop_next(24)
    run.finish()
    assert sorted(mark.name for mark in marks.iterdir()) == sorted(f"{step}.1" for step in STEPS)
    run.prove()


def test_readers_that_are_killed_while_they_start_are_replaced(run: FaultRun) -> None:
    """Celery gives a worker up whose child has died before it was ready: so would we, after a few."""
    marks = arm(run, "after_fork")
    run.site.settings |= {"XRAY_FAULT_TIMES": "6"}
    run.site.start()
    run.drop_next(4)
    run.finish()
    assert len(list(marks.iterdir())) == 6
    assert '"restart"' not in run.site.log.read_text()
    run.prove()


# one file system has no copies; the short form meets all steps in one run
@pytest.mark.parametrize("step", [step for step in STEPS if step not in COPYING] if SOAK_MINUTES else [])
def test_a_kill_at_one_step_alone_changes_nothing_in_the_end(run: FaultRun, step: str) -> None:
    steps = [step, "after_claim"] if step == "after_death" else [step]
    marks = arm(run, *steps)
    run.site.start()
    run.drop_next(24)
    run.finish()
    assert Counter(mark.name for mark in marks.iterdir()) == Counter(f"{step}.1" for step in steps)
    run.prove()


@pytest.mark.timeout(300 + SOAK_MINUTES * 120)
def test_kills_at_random_lose_nothing_double_nothing_and_change_nothing(run: FaultRun) -> None:
    chance = random.Random(seed := time.time_ns())
    print(f"seed {seed}")  # noqa: T201  (shown where the test fails)
    run.site.settings |= OFTEN
    run.site.start()
    until = time.monotonic() + SOAK_MINUTES * 60
    killed: Counter[str] = Counter()
    while sum(killed[victim] for victim in VICTIMS) < KILLS and (not SOAK_MINUTES or time.monotonic() < until):
        run.drop_next(FILES_A_KILL)
        time.sleep(chance.uniform(0.1, 1.0))
        if run.site.service_ended():  # it gives up after many ends of its worker in a row; then its manager starts it
            killed["gave up"] += 1
            run.site.start()
        victim = min(VICTIMS, key=lambda name: (killed[name], chance.random()))
        killed[victim] += kill(run.site, victim, chance)
    print(dict(killed))  # noqa: T201
    run.finish(90.0 + SOAK_MINUTES * 30)
    run.prove()
    assert all(killed[victim] for victim in VICTIMS) or not SOAK_MINUTES


@pytest.mark.timeout(300 + 1200 * bool(SOAK_MINUTES))
def test_all_of_us_killed_and_started_again_three_times_accounts_for_every_file(run: FaultRun) -> None:
    chance = random.Random(seed := time.time_ns())
    print(f"seed {seed}")  # noqa: T201
    run.site.settings |= OFTEN
    run.site.start()
    for _ in range(3):
        run.drop_next(FILMS_A_START)
        time.sleep(chance.uniform(0.5, 3.0 + SOAK_MINUTES))
        assert run.site.service is not None
        ours = [psutil.Process(run.site.service.pid), *psutil.Process(run.site.service.pid).children(recursive=True)]
        chance.shuffle(ours)
        for process in ours:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        run.site.service.wait(10)
        run.site.start()
    run.finish(90.0 + FILMS_A_START)
    run.prove()
    states = Counter(row.state for row in run.read().arrivals)
    print(f"arrived {len(run.dropped)}, accounted {sum(states.values())}: {dict(states)}")  # noqa: T201
    assert sum(states.values()) == len(run.dropped) == 3 * FILMS_A_START
