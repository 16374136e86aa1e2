"""The whole product as its users run it: ``xray-cli watch`` with its own broker, worker and ledger."""

import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy import select

from bench.rounds import count_busy_seconds
from selftest.site import Site, SiteError
from store.tables import arrivals

STABLE_SECONDS = 0.5
LOOK_SECONDS = 0.1
LONG_SECONDS = 3600.0


@contextmanager
def installed(root: Path, model: Path) -> Iterator[Site]:
    """Make an installation in a folder; on the way out its service ends and its films are deleted."""
    (root / "inbox").mkdir(parents=True)
    settings = {"XRAY_MODEL": str(model), "XRAY_STABLE_SECONDS": str(STABLE_SECONDS), "XRAY_RESCAN_SECONDS": "10"}
    with tempfile.TemporaryDirectory(prefix="xw-") as runtime:
        site = Site(root, Path(runtime), settings)
        try:
            yield site
        finally:
            if not site.service_ended():
                site.stop()


@contextmanager
def running(root: Path, model: Path) -> Iterator[Site]:
    """Make an installation whose service runs and is warm."""
    with installed(root, model) as site:
        start_warm(site)
        yield site


def start_warm(site: Site) -> None:
    """Start the service, and wait until its worker is: the start is measured alone."""
    site.start()
    time.sleep(3.0)


def wait_for_rows(site: Site, count: int) -> None:
    """Wait until so many files have come to an end; looks seldom, since each look takes of the cores."""
    deadline = time.monotonic() + LONG_SECONDS
    while site.count_finished() < count:
        if time.monotonic() > deadline:
            raise SiteError(f"waited {LONG_SECONDS:.0f} s for {count} rows")
        time.sleep(LOOK_SECONDS)


def list_ends(site: Site) -> list[float]:
    """Return when each file came to its end, seconds since 1970, in order."""
    with site.open_ledger() as connection:
        return sorted(at.timestamp() for at in connection.scalars(select(arrivals.c.finished_at)) if at is not None)


def find_watcher(site: Site) -> psutil.Process:
    """Return the service's main process."""
    if site.service is None:
        raise SiteError("the service does not run")
    return psutil.Process(site.service.pid)


def list_processes(site: Site) -> Iterator[tuple[str, psutil.Process]]:
    """Give the service's processes, each as `watch`, `broker`, `worker` or `reader`."""
    main = find_watcher(site)
    yield "watch", main
    for child in main.children(recursive=True):
        yield "broker" if "valkey" in child.name() else "worker" if child.ppid() == main.pid else "reader", child


def measure_memory(site: Site) -> dict[str, int]:
    """Return the unique set size in bytes of each kind of process, of the readers the largest."""
    memory: dict[str, int] = {}
    for kind, process in list_processes(site):
        memory[kind] = max(memory.get(kind, 0), process.memory_full_info().uss)
    return memory


def count_cpu_seconds(site: Site) -> Counter[str]:
    """Return the CPU seconds of each kind of process."""
    taken: Counter[str] = Counter()  # of floats, which its type does not know
    for kind, process in list_processes(site):
        taken[kind] += sum(process.cpu_times()[:2])  # type: ignore[assignment]
    return taken


TRICKLE_SECONDS = 1.0
IDLE_SECONDS = 20.0


def measure_start(paths: Sequence[Path], root: Path, model: Path) -> float:
    """Return the seconds from the start of the program, an empty home, to the first row of a file that lies there."""
    with installed(root, model) as site:
        for path in paths:
            path.rename(site.inbox / path.name)
        os.sync()
        time.sleep(STABLE_SECONDS)
        began = time.time()
        site.start()
        wait_for_rows(site, 1)
        return list_ends(site)[0] - began


@dataclass(frozen=True, slots=True)
class Flood:
    """What a flood of files has shown, between its first row and its last: until the first one cores wait for work.

    Attributes
    ----------
    first_seconds : float
        From the drop to the first row.
    files, seconds : int, float
        How many rows came after the first, and in what time.
    reader_seconds, beside_seconds, other_seconds : float
        CPU seconds of the screening processes, of the service's other processes, and of all that is not the service.
    """

    first_seconds: float
    files: int
    seconds: float
    reader_seconds: float
    beside_seconds: float
    other_seconds: float


def measure_flood(paths: Sequence[Path], site: Site) -> Flood:
    """Drop files all at once, quiet ones, by renaming their folder into the inbox of a service that is warm."""
    os.sync()  # films on their way to the disk would slow every commit, which the single steps did not meet
    time.sleep(STABLE_SECONDS)
    known, dropped = site.count_finished(), time.time()
    paths[0].parent.rename(site.inbox / f"flood-{known}")
    wait_for_rows(site, known + 1)
    first, before, everybody, began = site.count_finished(), count_cpu_seconds(site), count_busy_seconds(), time.time()
    wait_for_rows(site, known + len(paths))
    seconds, after, everybody = time.time() - began, count_cpu_seconds(site), count_busy_seconds() - everybody
    readers, beside = after["reader"] - before["reader"], sum(after.values()) - sum(before.values())
    beside -= readers
    began_at = list_ends(site)[known] - dropped
    _throw_away(site)
    return Flood(began_at, known + len(paths) - first, seconds, readers, beside, everybody - readers - beside)


def _throw_away(site: Site) -> None:
    """Delete the films that have been screened: the next flood needs the room."""
    site.finish(site.count_arrived(), LONG_SECONDS)
    for film in (site.home / "processed").rglob("*"):
        if film.is_file():
            film.unlink()


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
        with site.open_ledger() as connection:
            rows = connection.execute(select(arrivals.c.path, arrivals.c.finished_at)).all()
    waits = [finished.timestamp() - dropped[path.name] - STABLE_SECONDS for path, finished in rows]
    return statistics.median(waits), statistics.quantiles(waits, n=20)[-1]


def measure_idle(processed: int, root: Path, model: Path) -> float:
    """Return the share of one core that a service takes with nothing to do and so many files in ``processed``."""
    with installed(root, model) as site:
        for number in range(processed):
            folder = site.home / "processed" / "2026" / "01" / f"{number // 5000:02}"
            if number % 5000 == 0:
                folder.mkdir(parents=True)
            (folder / f"{number:08}.dcm").touch()
        start_warm(site)
        before, began = count_cpu_seconds(site).total(), time.monotonic()
        time.sleep(IDLE_SECONDS)
        return (count_cpu_seconds(site).total() - before) / (time.monotonic() - began)


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
        while site.count_arrived() < count:
            most = max(most, find_watcher(site).memory_full_info().uss)
            time.sleep(0.2)
        return most, time.monotonic() - began
