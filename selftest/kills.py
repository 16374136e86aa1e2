"""The run of kills, and the undisturbed one with which its answers are compared.

Processes end at any moment, the broker forgets, the database is locked, the watcher sleeps.
"""

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from statistics import median, quantiles

import psutil
from redis import Redis

from selftest.canaries import Broker
from selftest.ledger_check import Ledger, LedgerAnswer
from selftest.run import Run
from selftest.site import VICTIMS, Victim, find_workers, kill, wait_until
from selftest.stand import Plan, Stand

TRICKLE_SECONDS = 60.0


def run_calm(stand: Stand) -> Mapping[str, LedgerAnswer]:
    """Start, drop films one by one and then all at once, and stop; gives the answers."""
    with stand.open_run("calm") as run:
        stand.announce("starting the service")
        began = time.monotonic()
        run.site.start()
        stand.book.speed["seconds from start to watching"] = time.monotonic() - began
        run.drop_next(1)
        run.finish()
        stand.book.speed["seconds from start to the first result"] = time.monotonic() - began
        stand.announce("films one by one")
        trickled = _trickle(run, stand.plan)
        stand.announce(f"{stand.plan.films} films at once")
        flooded_at = datetime.now(tz=UTC)
        before = len(run.dropped)
        run.drop_next(stand.plan.films)
        run.finish(stand.plan.films + 120.0)
        stand.announce("comparing the ledger with the folders")
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


BEFORE_START, WHILE_AWAY, SLEEPERS = 6, 6, 40
MOST_SECONDS = 90.0  # then it is broken; the promises' own limits are below
GO_ON_SECONDS, FIND_SECONDS = 30.0, 60.0
SETTINGS = {
    # a reader that is killed from outside looks like one that its file has killed: by chance one file meets several
    "XRAY_MAX_ATTEMPTS": "20",
    # what is claimed when the database goes away comes back when its lease ends
    "XRAY_LEASE_SECONDS": "20",
    "XRAY_READ_SECONDS": "10",
}


def run_kills(stand: Stand, expected: Mapping[str, LedgerAnswer]) -> None:
    """Break what can be broken while films come in, and compare the end with the undisturbed run's."""
    with stand.open_run("kills", **SETTINGS) as run:
        stand.announce(f"{BEFORE_START} films before the start")
        _find_what_lay_there(stand, run)
        for number in range(stand.plan.rounds):
            for victim in stand.chance.sample(VICTIMS, len(VICTIMS)):
                stand.announce(f"killing the {victim}")
                _kill(stand, run, victim, wait=number == 0)
        stand.announce("emptying the broker")
        _empty_broker(stand, run)
        stand.announce("locking the database")
        _lock_database(stand, run)
        stand.announce(f"{SLEEPERS} files while the watcher sleeps")
        _sleep_through(stand, run)
        stand.announce("comparing the ledger with the undisturbed run")
        run.finish(MOST_SECONDS + len(run.dropped))
        run.site.stop()
        compare(stand, stand.prove(run), expected)


def _find_what_lay_there(stand: Stand, run: Run) -> None:
    run.drop_next(BEFORE_START)
    run.site.start()
    watching_at = time.monotonic()
    wait_until(lambda: run.site.count_arrived() >= BEFORE_START, what="the films that lay there", seconds=MOST_SECONDS)
    stand.book.check("P8", True, "")
    stand.book.add("P8", "files", BEFORE_START)
    stand.book.add("P8", "s after the start", time.monotonic() - watching_at)


def _kill(stand: Stand, run: Run, victim: Victim, *, wait: bool) -> None:
    run.drop_next(stand.plan.films_a_kill)
    time.sleep(stand.chance.uniform(0.1, 1.0))
    if run.site.service_ended():  # it gives up after many ends in a row; then its manager starts it again
        run.site.start()
    wait_until(lambda: kill(run.site, victim, stand.chance), what=f"a {victim} to kill", seconds=MOST_SECONDS)
    stand.book.add("P5", "killed", 1)
    if victim == "broker":
        stand.book.add("P9", "killed", 1)
    if wait:
        _wait_for_work(stand, run, "P6", "s until the next result")


def _wait_for_work(stand: Stand, run: Run, promise: str, words: str) -> None:
    """Measure how long it takes until one more file has come to its end."""
    since, before = time.monotonic(), run.site.count_finished()
    if before == len(run.dropped):
        run.drop_next(1)
    wait_until(lambda: run.site.count_finished() > before, what="work that goes on", seconds=MOST_SECONDS)
    stand.book.keep_longest(promise, words, time.monotonic() - since, GO_ON_SECONDS)


def _empty_broker(stand: Stand, run: Run) -> None:
    """Let ids wait at the broker, by stopping who takes them, and throw them away."""
    run.finish(MOST_SECONDS + len(run.dropped))  # a reader that is stopped in its transaction would lock the database
    wait_until(lambda: find_workers(run.site), what="the worker", seconds=MOST_SECONDS)
    with _suspended(find_workers(run.site)):
        run.drop_next(WHILE_AWAY)
        broker = Broker(run.site)
        wait_until(broker.count_messages, what="messages at the broker", seconds=MOST_SECONDS)
        stand.book.add("P9", "messages thrown away", broker.count_messages())
        with Redis(unix_socket_path=str(run.site.find_broker_socket())) as client:
            client.flushall()
        broker.stop()
    run.finish(MOST_SECONDS + len(run.dropped))
    stand.book.check("P9", True, "")


@contextmanager
def _suspended(processes: list[psutil.Process]) -> Iterator[None]:
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            with suppress(psutil.NoSuchProcess):  # it took too long, and was started again
                process.resume()


def _lock_database(stand: Stand, run: Run) -> None:
    with closing(sqlite3.connect(run.site.home / "xray.db", timeout=30.0, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        run.drop_next(WHILE_AWAY)
        time.sleep(stand.plan.away_seconds)
        other.execute("ROLLBACK")
    stand.book.add("P10", "s without it", stand.plan.away_seconds)
    _wait_for_work(stand, run, "P10", "s until work went on")


def _sleep_through(stand: Stand, run: Run) -> None:
    """Stop the watcher, bring files in, and let it go on."""
    with run.site.suspended():
        for number in range(SLEEPERS):
            run.drop_content(f"letter-{number}.txt", f"letter {number}".encode())
    awake_at = time.monotonic()
    wait_until(lambda: run.site.count_arrived() >= len(run.dropped), what="what came meanwhile", seconds=MOST_SECONDS)
    stand.book.add("P7", "files", SLEEPERS)
    stand.book.keep_longest("P7", "s until all were found", time.monotonic() - awake_at, FIND_SECONDS)


def compare(stand: Stand, answers: Mapping[str, LedgerAnswer], expected: Mapping[str, LedgerAnswer]) -> None:
    """Hold each film's answer against that of the undisturbed run."""
    common = [name for name in answers if name in expected]
    unlike = [name for name in common if answers[name] != expected[name]]
    stand.book.add("P5", "files compared", len(common))
    if not common:
        stand.book.leave_out("P5", "there is no undisturbed run to compare with")
        return
    stand.book.check("P5", not unlike, f"{len(unlike)} files have another answer, such as {unlike[:1]}")
