"""Processes have names of their own, are kept alive, and keep what memory they have freed."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cli.errors import find_exit_code
from worker.errors import WorkerFailedError, WorkerRefusedError
from worker.processes import KeptProcess, has_ended, name_lease, name_locally, name_process

SLEEPER = (sys.executable, "-c", "import time; time.sleep(60)")
DEAD = 4194305  # larger than any process id
PRINT_NAME = "from worker.processes import *; print(name_process(7), name_locally(7))"
COUNT_FAULTS = """
import resource, sys
import numpy as np
from installation.fence import keep_freed_memory

if sys.argv[1] == "keep":
    keep_freed_memory()

def count_faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

for _ in range(3):  # glibc learns from the first arrays that are freed
    [np.ones(20 << 20, np.uint8) for _ in range(4)]
before = count_faults()
for _ in range(10):
    [np.ones(20 << 20, np.uint8) for _ in range(4)]
print(count_faults() - before)
"""


@pytest.fixture
def sleeper() -> Iterator[KeptProcess]:
    process = KeptProcess("sleeper", SLEEPER)
    process.start()
    yield process
    process.stop(5.0)


def wait_until(holds: object, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_process_that_was_killed_is_started_again(sleeper: KeptProcess) -> None:
    first = sleeper.pid
    assert first is not None
    psutil.Process(first).kill()
    wait_until(lambda: sleeper.pid is None)

    def runs() -> bool:
        sleeper.keep_alive()
        return sleeper.pid is not None

    wait_until(runs)
    assert sleeper.pid != first


def test_a_process_that_cannot_stay_up_is_given_up() -> None:
    broken = KeptProcess("broken", (sys.executable, "-c", "raise SystemExit(7)"), give_up_after=2)
    broken.start()

    def try_for_ever() -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            broken.keep_alive()
            time.sleep(0.02)

    with pytest.raises(WorkerFailedError, match="exit code 7"):
        try_for_ever()


@pytest.mark.parametrize("exit_code", [65, 66, 78])
def test_an_end_that_no_other_start_would_mend_ends_with_its_exit_code(exit_code: int) -> None:
    broken = KeptProcess("broken", (sys.executable, "-c", f"raise SystemExit({exit_code})"))
    broken.start()
    wait_until(lambda: broken.pid is None, 60.0)
    with pytest.raises(WorkerRefusedError, match=f"exit code {exit_code}") as refused:
        broken.keep_alive()
    assert find_exit_code(refused.value) == exit_code


def test_stopping_asks_first_and_kills_what_does_not_listen() -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    process = KeptProcess("deaf", (sys.executable, "-c", deaf))
    process.start()
    time.sleep(0.5)
    began = time.monotonic()
    process.stop(0.5)
    assert process.pid is None
    assert time.monotonic() - began < 5


def test_a_child_does_not_outlive_a_parent_that_was_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    program = f"""
import os, signal
from pathlib import Path
from worker.processes import KeptProcess
child = KeptProcess("child", {SLEEPER!r})
child.start()
Path({str(note)!r}).write_text(str(child.pid))
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", program], check=False, timeout=30)
    child = int(note.read_text())
    wait_until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)


def test_what_has_ended_is_known_of_our_own_processes_only() -> None:
    assert [has_ended(name(DEAD)) for name in (name_locally, name_process)] == [True, True]
    assert [has_ended(name(os.getpid())) for name in (name_locally, name_process)] == [False, False]
    assert not any(
        has_ended(name) for name in ("", "worker", f"1-{DEAD}", f"{DEAD}", f"elsewhere-{name_locally(DEAD)}")
    )


def test_a_process_of_another_container_with_the_same_number_and_host_name_has_another_name() -> None:
    """Containers on the host's network have its name; here a namespace of process ids stands for the container."""
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-rpf", "true"], check=False, capture_output=True).returncode:
        pytest.skip("no namespaces of process ids here")
    command = [unshare, "-rpf", "--mount-proc", sys.executable, "-c", PRINT_NAME]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert len(names) == 2
    assert not {name_process(7), name_locally(7)} & set(names)
    assert not name_lease(7).startswith(names[0])


def count_page_faults(word: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", COUNT_FAULTS, word], capture_output=True, text=True, check=True, timeout=60
    )
    return int(done.stdout)


def test_what_a_film_has_freed_is_there_for_the_next() -> None:
    assert count_page_faults("keep") < count_page_faults("give back") / 10
