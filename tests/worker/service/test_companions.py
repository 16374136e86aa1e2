import os
import sys
import time

import pytest

from worker.service import companions
from worker.service.companions import AWAY, RUNS, Companion, CompanionPlan

PATIENCE_SECONDS = 30.0


@pytest.fixture(autouse=True)
def _be_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(companions, "RETRY_SECONDS", 0.2)


def start(program: str) -> Companion:
    companion = Companion(CompanionPlan("web", (sys.executable, "-c", program), dict(os.environ)))
    companion.start()
    return companion


def keep_until(companion: Companion, state: str, *, alive: bool) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while companion.state != state:
        assert time.monotonic() < until
        if alive:
            companion.keep_alive()
        time.sleep(0.02)


def test_a_companion_that_is_killed_is_started_again_and_ends_with_the_service() -> None:
    companion = start("import time; time.sleep(60)")
    first = companion.process.pid
    assert first is not None
    assert companion.state == RUNS
    os.kill(first, 9)
    keep_until(companion, AWAY, alive=False)
    assert "web" in companion.fault
    keep_until(companion, RUNS, alive=True)
    assert companion.process.pid != first
    assert companion.fault == ""
    companion.stop()
    assert companion.process.pid is None


@pytest.mark.parametrize("code", [os.EX_CONFIG, 1])
def test_a_companion_that_cannot_start_is_tried_again_and_raises_nothing(code: int) -> None:
    companion = start(f"raise SystemExit({code})")
    until, starts = time.monotonic() + PATIENCE_SECONDS, {companion.process.pid}
    while time.monotonic() < until and len(starts - {None}) < 3:
        companion.keep_alive()
        starts.add(companion.process.pid)
        time.sleep(0.01)
    companion.stop()
    assert len(starts - {None}) == 3
