"""From ledger to broker: sends ids, and sends again what was lost on the way."""

import logging
import time

from celery import Celery
from kombu.exceptions import OperationalError as BrokerError
from sqlalchemy import Engine

from installation.faults import fault_point
from store.audit import record_event
from store.database import reading, undurable
from store.ledger.arrivals import (
    SEND_AT_ONCE,
    Arrival,
    hurry_arrivals,
    is_any_overdue,
    is_any_ready,
    queue_arrivals,
    unqueue_arrivals,
)
from store.ledger.counts import count_screening, find_last_finished, is_any_pending
from store.ledger.sweeps import list_unsettled, release_expired, release_lost
from store.states import Priority
from worker.processes import KeptProcess
from worker.queue.queues import StallWatch, count_messages, send_arrival, send_arrivals
from worker.screening.finishing import Finisher

logger = logging.getLogger(__name__)

WINDOW = 200  # ids in a queue at most: a few seconds of work, so that the order stays the ledger's
OVERDUE_AT_ONCE = 16  # so many of the oldest wait in the first queue at most
SWEEP_SECONDS = 5.0
LOST_SECONDS = 10.0  # an id sent this long ago that waits neither at the broker nor at a worker was lost
STALL_SECONDS = 10.0  # messages wait for this long and nobody takes one: the worker is deaf
STARTING_SECONDS = 60.0  # or, where it has finished nothing yet, it still starts
ELSEWHERE = 0  # stands for the process of workers on other hosts
SETTLE_SECONDS = 10.0  # a worker has moved its file by then
SETTLE_AGAIN_SECONDS = 30.0


class Dispatcher:
    """Keeps the broker's short queue filled from the ledger, and puts right what was interrupted.

    Attributes
    ----------
    is_resting : bool
        True when the last look found that every arrival has come to its end.
    """

    def __init__(
        self,
        engine: Engine,
        app: Celery,
        finisher: Finisher,
        worker: KeptProcess | None,
        longest_wait_minutes: float | None = None,
    ) -> None:
        self._engine = engine
        self._app = app
        self._finisher = finisher
        self._worker = worker
        self._stall = StallWatch(STALL_SECONDS, STARTING_SECONDS)
        self._sweep_at = 0.0
        self._unsettled_skip = 0  # files that stay do not hide those that came after them
        self._settle_again: dict[int, float] = {}
        self._longest_wait = 60 * (longest_wait_minutes or 0.0)  # seconds; 0 promises nothing
        self._hurried: dict[int, float] = {}  # what stands in the queue of the overdue, and since when
        self.is_resting = False

    @property
    def is_stalled(self) -> bool:
        """True while messages wait and nothing finishes, although our worker, where we have one, was restarted."""
        return self._stall.is_stalled

    def describe_stall(self) -> str:
        """Say what has been tried against a stall."""
        if self._worker is None:
            return "messages wait and nothing finishes: does a worker run?"
        left = ", and it is left alone now" if self._stall.is_given_up else ""
        tried = f"the worker was restarted {self._stall.restarts} times{left}"
        return f"messages wait and nothing finishes, although {tried}"

    def tick(self) -> int:
        """Send what is ready; returns how many ids were sent.

        Raises
        ------
        kombu.exceptions.OperationalError
            The broker is away: what could not be sent is ready again.
        sqlalchemy.exc.OperationalError
            The database is away or locked.
        """
        if time.monotonic() >= self._sweep_at:
            self._sweep()
            self._sweep_at = time.monotonic() + SWEEP_SECONDS
        with reading(self._engine) as connection:
            self.is_resting = not is_any_pending(connection)
            if self.is_resting:
                return 0
            is_late = self._longest_wait > 0 and is_any_overdue(connection, self._longest_wait)
            is_ready = is_any_ready(connection)
        if is_late:
            self._hurry()
        return self._fill() if is_ready else 0

    def _fill(self) -> int:
        """Send what is ready, as far as the window reaches."""
        with undurable(self._engine) as connection:  # an id that the ledger forgot to have sent is sent again
            ready = [
                (arrival_id, priority)
                for priority in Priority
                for arrival_id in queue_arrivals(connection, WINDOW, priority)
            ]
        if ready:
            fault_point("after_queue")
            self._send(ready)
        return len(ready)

    def _hurry(self) -> None:
        """Let routine films that have waited for as long as the site promises overtake STAT ones, a few at a time."""
        with undurable(self._engine) as connection:
            late = hurry_arrivals(connection, self._longest_wait, OVERDUE_AT_ONCE)
        now = time.monotonic()
        self._hurried = {id_: at for id_, at in self._hurried.items() if id_ in late and now - at < LOST_SECONDS}
        for arrival_id in late:
            if arrival_id not in self._hurried:
                send_arrival(self._app, arrival_id, overdue=True)
                self._hurried[arrival_id] = now

    def _send(self, ready: list[tuple[int, Priority]]) -> None:
        try:
            send_arrivals(self._app, ready)
        except BrokerError:
            with self._engine.begin() as connection:
                unqueue_arrivals(connection, [arrival_id for arrival_id, _ in ready])
            raise
        for arrival_id, _ in ready:
            fault_point("after_send", arrival_id)

    def _sweep(self) -> None:
        with self._engine.begin() as connection:
            expired = release_expired(connection)
        messages = count_messages(self._app)
        for priority, count in messages.items():
            with self._engine.begin() as connection:
                expired += release_lost(connection, LOST_SECONDS, priority, count)
        self._watch_for_a_stall(sum(messages.values()))
        if expired:
            logger.warning("%d interrupted arrivals are sent again", expired, extra={"action": "sweep"})
        self._settle()

    def _settle(self) -> None:
        """Move what no worker could; a file that stays is said once, and counted by ``status``."""
        with reading(self._engine) as connection:
            unsettled = list_unsettled(connection, SETTLE_SECONDS, self._unsettled_skip)
        stuck = sum(not self._is_settled(arrival) for arrival in unsettled)
        self._unsettled_skip = self._unsettled_skip + stuck if len(unsettled) == SEND_AT_ONCE else 0

    def _is_settled(self, arrival: Arrival) -> bool:
        again = self._settle_again.get(arrival.id)
        if again is not None and time.monotonic() < again:
            return False
        error = self._finisher.settle(arrival)
        if error is None:
            self._settle_again.pop(arrival.id, None)
            return True
        if again is None:
            facts = {"action": "settle_later", "arrival_id": arrival.id}
            logger.warning("recorded, but its file cannot leave the inbox (%s)", error.strerror, extra=facts)
        # from one disk to another each try copies the film anew
        self._settle_again[arrival.id] = time.monotonic() + SETTLE_AGAIN_SECONDS
        return False

    def _watch_for_a_stall(self, messages: int) -> None:
        with reading(self._engine) as connection:
            screening = count_screening(connection)
            last_finished_at = find_last_finished(connection)
        waiting = messages > 0 and screening == 0
        progress, worker = last_finished_at, self._worker.pid if self._worker else ELSEWHERE
        if self._stall.observe(time.monotonic(), waiting=waiting, progress=progress, worker=worker):
            facts = {"action": "stalled", "restarts": self._stall.restarts}
            level = logging.CRITICAL if self._stall.is_given_up else logging.ERROR
            last = " for the last time" if self._stall.is_given_up else ""
            done = f"the worker is restarted{last}" if self._worker else "does a worker run?"
            logger.log(level, "%d messages wait and nothing finishes: %s", messages, done, extra=facts)
            if self._worker:
                self._worker.restart()
            with self._engine.begin() as connection:
                record_event(connection, "stalled", messages=messages, restarts=self._stall.restarts)
