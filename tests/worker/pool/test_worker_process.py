"""What the worker process keeps beside its pool, and what it decides when a child of the pool has ended."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from billiard.exceptions import TimeLimitExceeded, WorkerLostError
from pydantic import SecretStr
from sqlalchemy import Engine

from installation.home import Home
from installation.installation import open_installation
from installation.settings import Settings
from store.database import reading
from store.ledger.arrivals import Arrival, find_arrival
from store.states import ArrivalState
from tests.worker.conftest import claim, enroll
from worker.pool.worker_process import DeathWatch, own_scratch
from worker.processes import name_lease, name_locally
from worker.screening.stages import FilmsInReading, StageSender


def test_temporary_files_go_with_their_process_or_after_one_that_was_killed(home: Home) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    left = home.runtime / f"worker-{name_locally(ended.pid)}"
    of_another = home.runtime / f"worker-{name_locally(os.getppid())}"
    of_a_container = home.runtime / f"worker-1-{ended.pid}"
    for folder in (left, of_another, of_a_container):
        (folder / "pymp-1").mkdir(parents=True)
    with own_scratch(home) as scratch:
        (scratch / "pymp-2").mkdir()
        assert stat.S_IMODE(scratch.stat().st_mode) == 0o700
    assert [folder.exists() for folder in (left, of_another, of_a_container, scratch)] == [False, True, True, False]


def test_shared_memory_begins_in_the_folder(tmp_path: Path) -> None:
    program = f"""
from pathlib import Path
from billiard.util import get_temp_dir
from worker.pool.worker_process import share_memory_in
share_memory_in(Path({str(tmp_path)!r}))
print(get_temp_dir())
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == str(tmp_path)


def read_until_killed(in_reading: FilmsInReading, arrival_id: int) -> None:
    """Let a child of ours be killed while it reads a film."""
    child = os.fork()
    if child == 0:
        with in_reading.note(arrival_id):
            time.sleep(60.0)
    deadline = time.monotonic() + 30.0
    while not in_reading._memory[arrival_id]:
        assert time.monotonic() < deadline
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


@pytest.fixture
def film(inbox: Path) -> Path:
    film = inbox / "film.dcm"
    film.write_bytes(b"film")
    return film


@pytest.mark.parametrize(
    ("is_read", "ended_by", "charged"),
    [
        (True, TimeLimitExceeded(2), True),
        (False, TimeLimitExceeded(2), False),  # it waited for the ledger
        (True, WorkerLostError("signal 11"), True),
        (False, WorkerLostError("signal 11"), True),  # what a decoder has broken may show later
    ],
)
def test_a_film_is_charged_with_the_time_in_which_it_was_read(
    is_read: bool, ended_by: Exception, charged: bool, engine: Engine, sqlite_url: str, home: Home, film: Path
) -> None:
    arrival_id = enroll(engine, film)
    claim(engine, arrival_id, name_lease(os.getpid(), "task"))
    in_reading = FilmsInReading()
    if is_read:
        read_until_killed(in_reading, arrival_id)
    with open_installation(Settings(home=home.root, database_url=SecretStr(sqlite_url))) as installation:
        watch = DeathWatch(installation, StageSender(), in_reading)
        watch.note(task_id="task", exception=ended_by, args=(arrival_id,))
    arrival = look_up(engine, arrival_id)
    assert (arrival.attempts, arrival.transient_faults) == ((1, 0) if charged else (0, 1))
    assert arrival.state is (ArrivalState.WAITING if charged else ArrivalState.FAILED)


def test_what_a_killed_child_was_reading_is_not_held_against_the_next_attempt(
    engine: Engine, sqlite_url: str, home: Home, film: Path
) -> None:
    arrival_id, in_reading = enroll(engine, film), FilmsInReading()
    with open_installation(Settings(home=home.root, database_url=SecretStr(sqlite_url))) as installation:
        watch = DeathWatch(installation, StageSender(), in_reading)
        for number in range(2):
            task_id = f"task-{number}"
            claim(engine, arrival_id, name_lease(os.getpid(), task_id))
            if number == 0:
                read_until_killed(in_reading, arrival_id)
            watch.note(task_id=task_id, exception=TimeLimitExceeded(2), args=(arrival_id,))
    arrival = look_up(engine, arrival_id)
    assert (arrival.attempts, arrival.transient_faults) == (1, 1)


def look_up(engine: Engine, arrival_id: int) -> Arrival:
    with reading(engine) as connection:
        arrival = find_arrival(connection, arrival_id)
    assert arrival is not None
    return arrival
