"""From folder to ledger: events make it quick, the scan makes it certain."""

import logging
import os
import time
from collections import Counter
from pathlib import Path
from threading import Event

from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError, StatementError

from installation.faults import fault_point
from installation.senders import find_sender
from store.database import reading
from store.errors import describe_database_error
from store.ledger.arrivals import NewArrival, find_known_fingerprints, record_arrivals
from store.states import AfterScreening, Priority
from worker.intake.inbox import as_look, fingerprint_file, has_open_writer, look_at
from worker.intake.inboxes import Inboxes
from worker.intake.listener import Listener
from worker.intake.priority import StatRule
from worker.intake.stability import Look, StabilityTracker

logger = logging.getLogger(__name__)

BATCH = 500  # arrivals a transaction: a hundred times faster than one at a time, and short enough not to block
LONGEST_FAULT_SECONDS = 10.0  # an inbox that is back is found this soon, however rare the scans
SCAN_SHARE = 5  # scanning may take one part in this many of the time, however large the folder


class Intake:
    """Watches inboxes and commits an arrival for each complete file.

    Parameters
    ----------
    inboxes : Inboxes
        Folders to watch.
    after : AfterScreening
        What becomes of these files once they are screened.
    stat : StatRule
        Which files go before the others.
    wake : Event
        Set when there is something to do before the next tick.
    """

    def __init__(
        self,
        engine: Engine,
        inboxes: Inboxes,
        *,
        after: AfterScreening,
        stable_seconds: float,
        rescan_seconds: float,
        stat: StatRule,
        wake: Event,
    ) -> None:
        self._engine = engine
        self.inboxes = inboxes
        self._after = after
        self._rescan_seconds = rescan_seconds
        self._stat = stat
        self._tracker = StabilityTracker(stable_seconds, lambda path: self._judge(path) is Priority.STAT)
        self._known: dict[str, Look] = {}
        self._refused: dict[str, str] = {}
        self._listener = Listener(wake)
        self._rescan_at = 0.0

    @property
    def warnings(self) -> list[str]:
        """What somebody should put right though the work goes on, a sentence each."""
        counts = Counter(self._refused.values())
        return [
            *self.inboxes.warnings,
            *(f"films that cannot be recorded: {count} ({why})" for why, count in counts.items()),
        ]

    @property
    def is_idle(self) -> bool:
        """True once a full scan has been made and every file that it found is in the ledger, or refused by it."""
        return self._rescan_at > 0.0 and len(self._tracker) <= len(self._refused) and self._listener.is_silent

    def start(self) -> None:
        """Begin to listen."""
        self._listener.start(self.inboxes.folders)

    def stop(self) -> None:
        """Stop listening; what was heard and not recorded is found again by the next scan."""
        self._listener.stop()

    def tick(self) -> int:
        """Do what is due now; returns how many arrivals were committed.

        Raises
        ------
        OperationalError
            The database is away or locked: nothing is lost, try again later.
        """
        self._hear()
        recorded = self._record_complete()
        if time.monotonic() >= self._rescan_at:
            self._rescan()
        return recorded

    def seconds_to_next(self, at_most: float) -> float:
        """Return how long the next tick may wait."""
        due = self._tracker.next_due_at()
        now = time.monotonic()
        return max(0.0, min(at_most, self._rescan_at - now, at_most if due is None else due - now))

    def _hear(self) -> None:
        for path in self._listener.take_heard():
            if os.path.isdir(path):  # noqa: PTH112  (a folder that is closed to us is no error here)
                self._rescan_at = 0.0  # a folder came in whole: its files made no events of their own
            elif not self.inboxes.is_out_of_bounds(path):
                self._notice(path, _look(path))

    def _notice(self, path: str, look: Look | None, quiet_seconds: float = 0.0) -> None:
        if look is None:
            self._tracker.forget(path)
        elif self._known.get(path) != look:
            self._tracker.see(path, look, time.monotonic(), quiet_seconds)

    def _rescan(self) -> None:
        began = time.monotonic()
        found = self.inboxes.scan()
        self._known = {path: look for path, look in self._known.items() if path in found}
        self._refused = {path: why for path, why in self._refused.items() if path in found}
        new = {path: status for path, status in found.items() if self._known.get(path) != as_look(status)}
        self._drop_recorded(new)
        wall = time.time()
        for path, status in new.items():
            quiet = 0.0 if self.inboxes.is_on_share(path) else wall - max(status.st_mtime, status.st_ctime)
            # a sender's clock may be ahead of ours, or ours was set back
            self._notice(path, as_look(status), max(0.0, quiet))
        now = time.monotonic()
        pause = min(self._rescan_seconds, LONGEST_FAULT_SECONDS) if self.inboxes.fault else self._rescan_seconds
        self._rescan_at = now + max(pause, SCAN_SHARE * (now - began))

    def _drop_recorded(self, found: dict[str, os.stat_result]) -> None:
        """Drop files that already have a row: those whose turn has not come, and those that stay."""
        by_fingerprint = {fingerprint_file(path, as_look(status)): path for path, status in found.items()}
        with reading(self._engine) as connection:
            recorded = find_known_fingerprints(connection, list(by_fingerprint))
        for fingerprint in recorded:
            path = by_fingerprint[fingerprint]
            self._remember(path, as_look(found.pop(path)))
            self._tracker.forget(path)

    def _remember(self, path: str, look: Look) -> None:
        # a file that moves may come back as it was, and is then another arrival: ask the ledger each time
        if self._after is AfterScreening.KEEP:
            self._known[path] = look

    def _record_complete(self) -> int:
        now = time.monotonic()
        complete = [
            (path, look)
            for path in self._tracker.take_due(now, BATCH)
            if (look := self._look_again(path, now)) is not None
        ]
        if not complete:
            return 0
        try:
            complete = self._record(complete, now)
        except Exception:
            for path, _look in complete:
                self._tracker.postpone(path, now)
            raise
        fault_point("after_arrive")
        for path, look in complete:
            self._tracker.forget(path)
            self._remember(path, look)
        return len(complete)

    def _record(self, complete: list[tuple[str, Look]], now: float) -> list[tuple[str, Look]]:
        """Commit arrivals, and return those that have a row: one which the database refuses holds up no other."""
        try:
            with self._engine.begin() as connection:
                record_arrivals(connection, [self._as_arrival(path, look) for path, look in complete])
        except (OperationalError, InterfaceError):  # it is away: all of them come again
            raise
        except (StatementError, UnicodeError) as error:
            if len(complete) > 1:
                return [one for file in complete for one in self._record([file], now)]
            self._refuse(complete[0][0], describe_database_error(error), now)
            return []
        for path, _look in complete:
            self._refused.pop(path, None)
        return complete

    def _refuse(self, path: str, why: str, now: float) -> None:
        if path not in self._refused:  # its name may name a patient
            what = "a film cannot be recorded and stays in the inbox: %s"
            logger.warning(what, why, extra={"action": "arrival_refused"})
        self._refused[path] = why
        self._tracker.postpone(path, now)

    def _look_again(self, path: str, now: float) -> Look | None:
        """Return the look at a file that is complete; otherwise see to it that it is looked at again."""
        look = _look(path)
        if look is None:
            self._tracker.forget(path)
            return None
        if not self._tracker.is_unchanged(path, look):
            self._tracker.see(path, look, now)
            return None
        writer = None if self.inboxes.is_on_share(path) else has_open_writer(path)
        if writer is False or (writer is None and self._tracker.was_watched(path, now)):
            return look
        self._tracker.postpone(path, now)
        return None

    def _as_arrival(self, path: str, look: Look) -> NewArrival:
        return NewArrival(
            fingerprint=fingerprint_file(path, look),
            inbox=Path(self.inboxes.find(path)),
            path=Path(path),
            size_bytes=look.size_bytes,
            after=self._after,
            priority=self._judge(path),
            sender=find_sender(self._find_below(path)),
        )

    def _judge(self, path: str) -> Priority:
        return self._stat.judge(self._find_below(path))

    def _find_below(self, path: str) -> Path:
        return Path(path).relative_to(self.inboxes.find(path))


def _look(path: str) -> Look | None:
    """Look at a file; None also where its folder was closed to us meanwhile: the scan says so, and finds it again."""
    try:
        return look_at(path)
    except OSError:
        return None
