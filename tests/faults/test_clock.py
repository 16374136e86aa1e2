"""The clock is set forward and back by hours under a service at work: leases, pauses and scans do not wait for it.

The time namespaces of Linux leave the wall's clock alone, so a library of ours sets it for all of the service's
processes, and so for its database; the monotonic clock, which nobody can set, stays as it is.
"""

import subprocess
import time
from pathlib import Path

import pytest

from tests.faults.conftest import FaultRun, wait_for
from tests.needs import find_program

pytestmark = pytest.mark.faults

HOURS = (6, -6, 0)


@pytest.fixture
def clock(run: FaultRun) -> Path:
    """Return a file that says by how many seconds the service's clock is wrong."""
    compiler = find_program("cc", "gcc and libc6-dev")
    library, offset = run.site.root / "wall_clock.so", run.site.root / "offset"
    source = Path(__file__).with_name("wall_clock.c")
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
    run.site.settings |= {"LD_PRELOAD": str(library), "WALL_CLOCK_OFFSET": str(offset)}
    set_clock(offset, 0)
    return offset


def set_clock(offset: Path, hours: int) -> None:
    part = offset.with_suffix(".part")
    part.write_text(str(hours * 3600))
    part.replace(offset)


def test_a_clock_that_is_set_forward_and_back_holds_nothing_up(run: FaultRun, clock: Path) -> None:
    run.site.settings["XRAY_WORKERS"] = "1"
    run.site.start()
    for hours in HOURS:
        before = run.site.count_finished()
        run.drop_next(10)
        wait_for(lambda before=before: run.site.count_finished() > before, "some results")
        set_clock(clock, hours)
        for process in run.site.find_processes("worker"):  # what was in work must be taken up again
            process.kill()
        run.drop_next(4)
        began = time.monotonic()
        run.finish()
        print(f"clock set to {hours:+d} h: all done {time.monotonic() - began:.1f} s later")  # noqa: T201
    run.prove()
    assert run.site.count_starts() == 1
    told = {row.finished_at.hour for row in run.read().arrivals}
    assert len(told) > 1, "the clock was not set"
    assert run.site.stop() == 0
