"""How a worker meets a broker that is away, or refuses (its disk or memory is full), or no longer gives it anything.

Celery reports the first two in several lines at each try, asks ever more seldom, and takes a refusal for a fault beyond
repair, with a traceback and the end of the worker. All of it passes, and what it costs is sent again from the ledger.
"""

import logging
import os
import signal
import time
from threading import Thread
from typing import Any

from celery import Celery, signals
from celery.worker import state
from celery.worker.consumer import Consumer
from kombu import Connection
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import ResponseError

from worker.queue.broker import describe_refusal
from worker.queue.queues import StallWatch, count_messages

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0  # Celery begins anew at once, and warns with a traceback after five times in a second
LONGEST_PAUSE_SECONDS = 5.0
QUIET_SECONDS = 60.0  # a fault after so long is another one
LOOK_SECONDS = 2.0
PATIENCE_SECONDS = 10.0


class LastingConsumer(Consumer):  # type: ignore[misc]
    """Celery's consumer, which logs once what is wrong with the broker, and asks it again every few seconds."""

    _fault_at = -QUIET_SECONDS

    def ensure_connected(self, conn: Connection) -> Connection:
        """Connect, however long that takes."""
        conn = conn.ensure_connection(
            self._note,
            interval_start=PAUSE_SECONDS,
            interval_step=PAUSE_SECONDS,
            interval_max=LONGEST_PAUSE_SECONDS,
            callback=state.maybe_shutdown,
        )
        self.first_connection_attempt = False
        return conn

    def on_connection_error_before_connected(self, exc: Exception) -> None:
        """Wait before Celery begins anew."""
        self._note(exc)
        time.sleep(PAUSE_SECONDS)

    on_connection_error_after_connected = on_connection_error_before_connected

    def _note(self, error: Exception, _interval: float = 0.0) -> None:
        if time.monotonic() - self._fault_at >= QUIET_SECONDS:
            _say(error)
        self._fault_at = time.monotonic()


def _say(error: Exception) -> None:
    if isinstance(error, ResponseError):
        logger.warning("%s; nothing is lost", describe_refusal(error), extra={"action": "broker_refuses"})
    else:
        facts = {"action": "broker_away"}
        logger.warning("the broker does not answer (%s); nothing is lost", type(error).__name__, extra=facts)


def guard_against_deafness() -> None:
    """End the worker that is about to start in this process when messages wait and it takes none.

    It is started anew then. What a deaf worker is, `StallWatch` says; the service's dispatcher sees it of the whole
    site alone, so where other hosts go on working each has to see it for itself.
    """
    signals.worker_ready.connect(_begin, weak=False)


def _begin(sender: Any, **_: Any) -> None:
    Thread(target=_look_for_ever, args=(sender.app,), name="deafness", daemon=True).start()


def _look_for_ever(app: Celery) -> None:
    watch = StallWatch(PATIENCE_SECONDS, PATIENCE_SECONDS)
    while True:
        time.sleep(LOOK_SECONDS)
        waiting, progress = _is_idle_beside_work(app), state.all_total_count[0]
        if watch.observe(time.monotonic(), waiting=waiting, progress=progress, worker=os.getpid()):
            logger.critical("messages wait and none is taken: the worker is started anew", extra={"action": "deaf"})
            # not an exit: its files are none (nothing is in work), and Celery's own way out may wait for the broker
            os.kill(os.getpid(), signal.SIGKILL)


def _is_idle_beside_work(app: Celery) -> bool:
    if state.active_requests:
        return False
    try:
        return sum(count_messages(app).values()) > 0
    except (BrokerError, OSError):
        return False  # the broker is away: nobody can hear anything
