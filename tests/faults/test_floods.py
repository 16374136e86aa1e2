"""More files at once than events can tell of: the scan finds all of them. They are taken in, and not waited for."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from store.database import open_database, reading
from store.ledger.counts import count_by_state
from tests.acceptance.conftest import Site
from tests.faults.conftest import SOAK_MINUTES, wait_for

pytestmark = pytest.mark.faults

WHILE_STOPPED = 20_000  # more than the system keeps events for (16,384)
AT_ONCE = 100_000 if SOAK_MINUTES else 5_000
FOUND_WITHIN_SECONDS = 60.0
WATCHER_BYTES = 300 << 20


def write_files(folder: Path, count: int) -> None:
    for number in range(count):
        (folder / f"{number:06}.dcm").write_bytes(b"%d" % number)


def count_arrivals(site: Site) -> int:
    engine = open_database(site.database_url)
    with reading(engine) as connection:
        count = sum(count_by_state(connection).values())
    engine.dispose()
    return count


@pytest.mark.timeout(600)
def test_files_that_come_while_the_watcher_is_stopped_or_all_at_once_are_all_found(
    site: Site, record_property: Callable[[str, object], None]
) -> None:
    site.settings |= {"XRAY_WORKERS": "1", "XRAY_AFTER": "keep", "XRAY_RESCAN_SECONDS": "10"}
    site.start()
    assert site.service is not None
    site.service.send_signal(signal.SIGSTOP)
    write_files(site.inbox, WHILE_STOPPED)
    site.service.send_signal(signal.SIGCONT)
    woken = time.monotonic()
    wait_for(lambda: count_arrivals(site) >= WHILE_STOPPED, "what came meanwhile", 300.0)
    record_property("found_after_stop_seconds", found := round(time.monotonic() - woken, 1))
    print(f"{WHILE_STOPPED:,} files found {found} s after the watcher woke")  # noqa: T201
    folder = site.root / "study"
    folder.mkdir()
    write_files(folder, AT_ONCE)
    folder.rename(site.inbox / "study")
    moved = time.monotonic()
    wait_for(lambda: count_arrivals(site) >= WHILE_STOPPED + AT_ONCE, "the folder's files", 300.0)
    used = psutil.Process(site.service.pid).memory_info().rss
    record_property("found_at_once_seconds", at_once := round(time.monotonic() - moved, 1))
    record_property("watcher_mebibytes", used >> 20)
    print(f"{AT_ONCE:,} more in {at_once} s; the watcher takes {used >> 20} MiB")  # noqa: T201
    assert count_arrivals(site) == WHILE_STOPPED + AT_ONCE
    assert used < WATCHER_BYTES
    assert found <= FOUND_WITHIN_SECONDS
    site.kill()
