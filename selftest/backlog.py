"""A watcher that sleeps while more files come than the kernel keeps events for."""

import time
from collections import Counter

from selftest.havoc import FIND_SECONDS
from selftest.run import Run
from selftest.site import wait_until
from selftest.stand import Stand

STEPS = 1
FILES = 20_000
MOST_SECONDS = 180.0


def run_backlog(stand: Stand) -> None:
    """Bring in 20,000 files meanwhile, and see that each has its row; reading them all would take long."""
    stand.tell(f"{FILES:,} files while the watcher sleeps")
    with stand.open_run("backlog") as run:
        run.site.start()
        with run.site.suspended():
            for number in range(FILES):
                run.drop_content(f"{number}.txt", f"letter {number}".encode())
        awake_at = time.monotonic()
        wait_until(lambda: run.site.count_arrived() >= FILES, what="what came meanwhile", seconds=MOST_SECONDS)
        stand.book.keep_longest("P7", "s until all were found", time.monotonic() - awake_at, FIND_SECONDS)
        run.site.kill()
        _check_names(stand, run)


def _check_names(stand: Stand, run: Run) -> None:
    rows = Counter(row.path.name for row in run.read().arrivals)
    missing = sum(name not in rows for name, _ in run.dropped)
    stand.book.check("P7", not missing, f"{missing} of {FILES:,} files have no row")
    stand.book.check("P2", max(rows.values()) == 1, "a file has several rows")
    stand.book.add("P7", "files", FILES)
