"""The whole product as its users run it: ``xray-cli watch`` with its own broker, worker and ledger."""

import os
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from bench.running import (
    LONG_SECONDS,
    STABLE_SECONDS,
    count_arrivals,
    count_cpu_seconds,
    find_watcher,
    installed,
    list_ends,
    measure_memory,
    open_ledger,
    running,
    start_warm,
    wait_for_rows,
)
from selftest.site import PROGRAM
from store.tables import arrivals

TRICKLE_SECONDS = 1.0
IDLE_SECONDS = 20.0


def measure_start(paths: Sequence[Path], root: Path, model: Path) -> float:
    """Return the seconds from the start of the program, an empty home, to the first row of a file that lies there."""
    with installed(root, model) as site:
        _bring(paths, site.inbox)
        os.sync()
        time.sleep(STABLE_SECONDS)
        began = time.time()
        site.start()
        wait_for_rows(site, 1)
        return list_ends(site)[0] - began


@dataclass(frozen=True, slots=True)
class Flood:
    """What a flood of files has shown.

    Attributes
    ----------
    rate : float
        Files a second, from the drop to the last row.
    first_seconds : float
        From the drop to the first row.
    memory : dict
        Unique set size in bytes of each kind of process, half-way; of the readers the largest.
    beside_seconds : float
        CPU seconds a file of all processes but the readers: watcher, worker's parent, broker.
    """

    rate: float
    first_seconds: float
    memory: dict[str, int]
    beside_seconds: float


def measure_flood(paths: Sequence[Path], root: Path, model: Path) -> Flood:
    """Drop files all at once, quiet ones, by renaming their folder into the inbox of a service that is warm."""
    staged = paths[0].parent
    os.sync()  # films on their way to the disk would slow every commit, which the single steps did not meet
    time.sleep(STABLE_SECONDS)
    with running(root, model) as site:
        began, before = time.time(), count_cpu_seconds(site, without="reader")
        staged.rename(site.inbox / "staged")
        wait_for_rows(site, len(paths) // 2)
        memory = measure_memory(site)
        wait_for_rows(site, len(paths))
        beside = count_cpu_seconds(site, without="reader") - before
        ends = list_ends(site)
        return Flood(len(paths) / (ends[-1] - began), ends[0] - began, memory, beside / len(paths))


def measure_trickle(paths: Sequence[Path], root: Path, model: Path) -> tuple[float, float]:
    """Drop one file a second; return median and 95th percentile of the seconds to its row, less the stability wait."""
    with running(root, model) as site:
        dropped = {}
        for path in paths:
            path.rename(site.inbox / path.name)
            os.utime(site.inbox / path.name)
            dropped[path.name] = time.time()
            time.sleep(TRICKLE_SECONDS)
        wait_for_rows(site, len(paths))
        with open_ledger(site) as connection:
            rows = connection.execute(select(arrivals.c.path, arrivals.c.finished_at)).all()
    waits = [finished.timestamp() - dropped[path.name] - STABLE_SECONDS for path, finished in rows]
    return statistics.median(waits), statistics.quantiles(waits, n=20)[-1]


def measure_scan(paths: Sequence[Path], root: Path, model: Path) -> float:
    """Return the files a second of ``xray-cli scan`` over a folder, from its start to its end."""
    environment = os.environ | {"XRAY_HOME": str(root / "home"), "XRAY_MODEL": str(model)}
    began = time.monotonic()
    command = [*PROGRAM, "scan", str(paths[0].parent)]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=LONG_SECONDS)
    return len(paths) / (time.monotonic() - began)


def measure_idle(processed: int, root: Path, model: Path) -> float:
    """Return the share of one core that a service takes with nothing to do and so many files in ``processed``."""
    with installed(root, model) as site:
        for number in range(processed):
            folder = site.home / "processed" / "2026" / "01" / f"{number // 5000:02}"
            if number % 5000 == 0:
                folder.mkdir(parents=True)
            (folder / f"{number:08}.dcm").touch()
        start_warm(site)
        before, began = count_cpu_seconds(site), time.monotonic()
        time.sleep(IDLE_SECONDS)
        return (count_cpu_seconds(site) - before) / (time.monotonic() - began)


def measure_crowd(count: int, root: Path, model: Path) -> tuple[int, float]:
    """Drop so many small files that are no radiographs at once.

    Returns
    -------
    memory : int
        The most bytes that the watcher's process held until all were in the ledger, its unique set size.
    seconds : float
        Until all were in the ledger.
    """
    staged = root / "staged"
    staged.mkdir(parents=True)
    for number in range(count):
        (staged / f"{number:06}.txt").write_text(f"letter {number}")
    time.sleep(STABLE_SECONDS)
    with running(root / "site", model) as site:
        began, most = time.monotonic(), 0
        staged.rename(site.inbox / "staged")
        while count_arrivals(site) < count:
            most = max(most, find_watcher(site).memory_full_info().uss)
            time.sleep(0.2)
        return most, time.monotonic() - began


def _bring(paths: Sequence[Path], inbox: Path) -> None:
    for path in paths:
        path.rename(inbox / path.name)
