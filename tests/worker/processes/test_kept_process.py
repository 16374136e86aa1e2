import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cli.errors import find_exit_code
from worker.errors import WorkerFailedError, WorkerRefusedError
from worker.processes.kept_process import KeptProcess

SLEEPER = (sys.executable, "-c", "import time; time.sleep(60)")


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
def test_an_end_that_no_other_start_would_mend_is_told_with_its_exit_code(exit_code: int) -> None:
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
from worker.processes.kept_process import KeptProcess
child = KeptProcess("child", {SLEEPER!r})
child.start()
Path({str(note)!r}).write_text(str(child.pid))
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", program], check=False, timeout=30)
    child = int(note.read_text())
    wait_until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)
