"""The whole product as its users run it: ``xray-cli watch`` with its own broker, worker and ledger."""

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy import Connection, func, select

from store.database import open_database, reading
from store.tables import arrivals
from worker.selftest.site import PROGRAM, Site, SiteError, wait_until

STABLE_SECONDS = 0.5
TRICKLE_SECONDS = 1.0
IDLE_SECONDS = 20.0
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


def measure_start(paths: Sequence[Path], root: Path, model: Path) -> float:
    """Return the seconds from the start of the program, an empty home, to the first row of a file that lies there."""
    with installed(root, model) as site:
        _bring(paths, site.inbox)
        os.sync()
        time.sleep(STABLE_SECONDS)
        began = time.time()
        site.start()
        _wait_for(site, 1)
        return _find_finished(site)[0] - began


@dataclass(frozen=True, slots=True)
class Flood:
    """What a flood of files has shown.

    Attributes
    ----------
    rate : float
        Files a second, from the drop to the last row.
    memory : dict
        Unique set size in bytes of each kind of process, half-way; of the readers the largest.
    beside_seconds : float
        CPU seconds a file of all processes but the readers: watcher, worker's parent, broker.
    """

    rate: float
    memory: dict[str, int]
    beside_seconds: float


def measure_flood(paths: Sequence[Path], root: Path, model: Path) -> Flood:
    """Drop files all at once, quiet ones, by renaming their folder into the inbox of a service that is warm."""
    staged = paths[0].parent
    os.sync()  # films on their way to the disk would slow every commit, which the single steps did not meet
    time.sleep(STABLE_SECONDS)
    with _running(root, model) as site:
        began, before = time.time(), _count_cpu_seconds(site, without="reader")
        staged.rename(site.inbox / "staged")
        _wait_for(site, len(paths) // 2)
        memory = _measure_memory(site)
        _wait_for(site, len(paths))
        beside = _count_cpu_seconds(site, without="reader") - before
        return Flood(len(paths) / (_find_finished(site)[-1] - began), memory, beside / len(paths))


def measure_trickle(paths: Sequence[Path], root: Path, model: Path) -> tuple[float, float]:
    """Drop one file a second; return median and 95th percentile of the seconds to its row, less the stability wait."""
    with _running(root, model) as site:
        dropped = {}
        for path in paths:
            path.rename(site.inbox / path.name)
            os.utime(site.inbox / path.name)
            dropped[path.name] = time.time()
            time.sleep(TRICKLE_SECONDS)
        _wait_for(site, len(paths))
        with _reading(site) as connection:
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
        _start_warm(site)
        before, began = _count_cpu_seconds(site), time.monotonic()
        time.sleep(IDLE_SECONDS)
        return (_count_cpu_seconds(site) - before) / (time.monotonic() - began)


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
    with _running(root / "site", model) as site:
        began, most = time.monotonic(), 0
        staged.rename(site.inbox / "staged")
        while _count(site) < count:
            most = max(most, _watcher(site).memory_full_info().uss)
            time.sleep(0.2)
        return most, time.monotonic() - began


@contextmanager
def _running(root: Path, model: Path) -> Iterator[Site]:
    with installed(root, model) as site:
        _start_warm(site)
        yield site


def _start_warm(site: Site) -> None:
    """Start the service, and wait until its worker is: the start is measured alone."""
    site.start()
    time.sleep(3.0)


def _bring(paths: Sequence[Path], inbox: Path) -> None:
    for path in paths:
        path.rename(inbox / path.name)


def _wait_for(site: Site, count: int) -> None:
    wait_until(lambda: site.count_finished() >= count, what=f"{count} rows", seconds=LONG_SECONDS)


@contextmanager
def _reading(site: Site) -> Iterator[Connection]:
    engine = open_database(site.database_url)
    with reading(engine) as connection:
        yield connection
    engine.dispose()


def _find_finished(site: Site) -> list[float]:
    with _reading(site) as connection:
        return sorted(at.timestamp() for at in connection.scalars(select(arrivals.c.finished_at)) if at is not None)


def _count(site: Site) -> int:
    with _reading(site) as connection:
        return connection.scalar(select(func.count()).select_from(arrivals)) or 0


def _watcher(site: Site) -> psutil.Process:
    if site.service is None:
        raise SiteError("the service does not run")
    return psutil.Process(site.service.pid)


def _list_processes(site: Site) -> Iterator[tuple[str, psutil.Process]]:
    main = _watcher(site)
    yield "watch", main
    for child in main.children(recursive=True):
        yield "broker" if "valkey" in child.name() else "worker" if child.ppid() == main.pid else "reader", child


def _measure_memory(site: Site) -> dict[str, int]:
    memory: dict[str, int] = {}
    for kind, process in _list_processes(site):
        memory[kind] = max(memory.get(kind, 0), process.memory_full_info().uss)
    return memory


def _count_cpu_seconds(site: Site, without: str = "") -> float:
    return sum(sum(process.cpu_times()[:2]) for kind, process in _list_processes(site) if kind != without)
