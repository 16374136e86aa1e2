"""An installation that the benchmark measures, and what can be asked of it while it runs."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from sqlalchemy import Connection, func, select

from selftest.site import Site, SiteError, wait_until
from store.database import open_database, reading
from store.tables import arrivals

STABLE_SECONDS = 0.5
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
    """Wait until so many files have come to an end."""
    wait_until(lambda: site.count_finished() >= count, what=f"{count} rows", seconds=LONG_SECONDS)


@contextmanager
def open_ledger(site: Site) -> Iterator[Connection]:
    """Read the ledger."""
    engine = open_database(site.database_url)
    with reading(engine) as connection:
        yield connection
    engine.dispose()


def list_ends(site: Site) -> list[float]:
    """Return when each file came to its end, seconds since 1970, in order."""
    with open_ledger(site) as connection:
        return sorted(at.timestamp() for at in connection.scalars(select(arrivals.c.finished_at)) if at is not None)


def count_arrivals(site: Site) -> int:
    """Count the files in the ledger, finished or not."""
    with open_ledger(site) as connection:
        return connection.scalar(select(func.count()).select_from(arrivals)) or 0


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


def count_cpu_seconds(site: Site, without: str = "") -> float:
    """Return the CPU seconds of all processes but those of one kind."""
    return sum(sum(process.cpu_times()[:2]) for kind, process in list_processes(site) if kind != without)
