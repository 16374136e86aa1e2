"""A run that nothing disturbs: what each file's answer is, and how fast it comes."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from statistics import median, quantiles

from selftest.ledger import Answer, Ledger
from selftest.run import Run
from selftest.stand import Plan, Stand

STEPS = 4
TRICKLE_SECONDS = 60.0


def run_calm(stand: Stand) -> Mapping[str, Answer]:
    """Start, drop films one by one and then all at once, and stop; gives the answers."""
    with stand.open_run("calm") as run:
        stand.tell("starting the service")
        began = time.monotonic()
        run.site.start()
        stand.book.speed["seconds from start to watching"] = time.monotonic() - began
        run.drop_next(1)
        run.finish()
        stand.book.speed["seconds from start to the first result"] = time.monotonic() - began
        stand.tell("films one by one")
        trickled = _trickle(run, stand.plan)
        stand.tell(f"{stand.plan.films} films at once")
        flooded_at = datetime.now(tz=UTC)
        before = len(run.dropped)
        run.drop_next(stand.plan.films)
        run.finish(stand.plan.films + 120.0)
        stand.tell("holding the ledger against the folders")
        code = run.site.stop()
        stand.book.check("P1", code == 0, f"the service stopped with exit code {code}")
        _note_speed(stand, run.read(), trickled, flooded_at, len(run.dropped) - before)
        return stand.prove(run)


def _trickle(run: Run, plan: Plan) -> dict[str, datetime]:
    """Drop one film after the other's end; gives when each was dropped."""
    dropped_at = {}
    for _ in range(plan.trickle):
        before = datetime.now(tz=UTC)
        run.drop_next(1)
        dropped_at[run.dropped[-1][0]] = before
        run.finish(TRICKLE_SECONDS)
    return dropped_at


def _note_speed(
    stand: Stand, ledger: Ledger, trickled: Mapping[str, datetime], flooded_at: datetime, flooded: int
) -> None:
    ends = {row.path.name: row.finished_at for row in ledger.arrivals}
    waits = [(ends[name] - dropped_at).total_seconds() for name, dropped_at in trickled.items()]
    speed = stand.book.speed
    speed["seconds from drop to row, median"] = median(waits)
    speed["seconds from drop to row, 95th percentile"] = quantiles(waits, n=20, method="inclusive")[-1]
    speed["files a second"] = flooded / (max(ends.values()) - flooded_at).total_seconds()
