"""When something in the home was written, and how long ago that is: on this machine by a clock that nobody can set.

That clock begins anew with each start of a machine. The age of what another machine has written, or this one before it
started again, comes from the time of day.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

CLOCKS_DIFFER_SECONDS = 60.0  # clocks of hosts differ by less


def stamp() -> dict[str, str | float]:
    """Return what is to be written."""
    return {
        "boot_id": _find_boot_id(),
        "written_at": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "uptime_seconds": time.monotonic(),  # not rounded: nothing must ever seem to come from the future
    }


def measure_age(found: Mapping[str, Any]) -> float:
    """Return how many seconds ago a stamp was made; less than 0 where the clocks contradict each other.

    Raises
    ------
    KeyError, TypeError, ValueError
        It is no stamp.
    """
    by_uptime = time.monotonic() - float(found["uptime_seconds"])
    if found["boot_id"] == _find_boot_id():
        return by_uptime
    by_time_of_day = (datetime.now(tz=UTC) - datetime.fromisoformat(found["written_at"])).total_seconds()
    return 0.0 if -CLOCKS_DIFFER_SECONDS <= by_time_of_day < 0 else by_time_of_day


@cache
def _find_boot_id() -> str:
    """Return what is another at each start of a machine, and the same in all of its containers; random(4)."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
