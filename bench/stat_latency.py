"""From drop to row for STAT films, with nothing else to do and beside a backlog of routine ones.

    python -m bench.stat_latency --backlog 10000 --films 20

A real service in a temporary folder. The films are small, so that a backlog of many fits: what is measured is how
they wait for one another, not how fast they are read.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from selftest.run import draw_base, drop_content, vary
from selftest.site import Site, wait_until
from store.ledger.counts import count_pending
from store.tables import arrivals

ROWS, COLUMNS = 250, 200
PAUSE_SECONDS = 2.0


def draw_films(folder: Path, first: int, count: int) -> Iterator[bytes]:
    """Give films of unlike bytes, from one phantom."""
    path = folder / "phantom"
    base = draw_base(path, 1, ROWS, COLUMNS)
    path.unlink()
    for number in range(first, first + count):
        yield vary(base, number)


def measure_stat(site: Site, first: int, count: int) -> list[float]:
    """Drop STAT films one after another; return the seconds from drop to row of each, the shortest first."""
    dropped = {}
    for number, content in enumerate(draw_films(site.root, first, count), first):
        path = site.inbox / "stat" / f"{number}.dcm"
        dropped[path.name] = drop_content(path, content)
        time.sleep(PAUSE_SECONDS)
    wait_until(lambda: len(_read_finished(site, set(dropped))) == count, what="all STAT films", seconds=600)
    finished = _read_finished(site, set(dropped))
    return sorted((finished[name] - at).total_seconds() for name, at in dropped.items())


def _read_finished(site: Site, names: set[str]) -> dict[str, datetime]:
    a = arrivals.c
    with site.open_ledger() as connection:
        rows = connection.execute(select(a.path, a.finished_at).where(a.priority == "stat", a.finished_at.is_not(None)))
        return {row.path.name: row.finished_at for row in rows if row.path.name in names}


def _count_waiting(site: Site) -> int:
    with site.open_ledger() as connection:
        return count_pending(connection)


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--backlog", type=int, default=10_000)
    parser.add_argument("--films", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="xray-stat-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        site = Site(Path(folder), Path(folder) / "run", {"XRAY_STABLE_SECONDS": "2", "XRAY_METRICS_ADDRESS": "off"})
        for made in (site.runtime, site.inbox / "stat"):
            made.mkdir(parents=True)
        site.start()
        measure_stat(site, 0, 2)  # the worker starts
        _print("idle", measure_stat(site, 2, given.films))
        first = 2 + given.films
        for number, content in enumerate(draw_films(site.root, first, given.backlog)):
            drop_content(site.inbox / f"{number}.dcm", content)
        began = time.monotonic()
        wait_until(lambda: _count_waiting(site) > given.backlog // 2, what="the backlog in the ledger", seconds=300)
        print(
            f"{_count_waiting(site)} films wait {time.monotonic() - began:.0f} s after the last was dropped", flush=True
        )
        _print("beside the backlog", measure_stat(site, first + given.backlog, given.films))
        print(f"{_count_waiting(site)} films still wait", flush=True)
        site.kill()


def _print(name: str, seconds: list[float]) -> None:
    p95 = seconds[min(len(seconds) - 1, int(0.95 * len(seconds)))]
    print(
        f"{name:20} median {seconds[len(seconds) // 2]:6.2f} s, p95 {p95:6.2f} s, longest {seconds[-1]:6.2f} s",
        flush=True,
    )


if __name__ == "__main__":
    main()
