"""How a worker meets a broker that is away, or answers and refuses: its disk or memory is full, say.

Celery says so in several lines at each try, asks ever more seldom, and takes a refusal for a fault beyond repair, with
a traceback and the end of the worker. All of it passes, and what it costs is sent again from the ledger.
"""

import logging
import time

from celery.worker.consumer import Consumer
from celery.worker.state import maybe_shutdown
from kombu import Connection
from redis.exceptions import ResponseError

from worker.queue.broker import describe_refusal

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0  # Celery begins anew at once, and warns with a traceback after five times in a second
LONGEST_PAUSE_SECONDS = 5.0
QUIET_SECONDS = 60.0  # a fault after so long is another one


class PatientConsumer(Consumer):  # type: ignore[misc]
    """Celery's consumer, which says once what is wrong with the broker, and asks it again every few seconds."""

    _fault_at = -QUIET_SECONDS

    def ensure_connected(self, conn: Connection) -> Connection:
        """Connect, however long that takes."""
        conn = conn.ensure_connection(
            self._note,
            interval_start=PAUSE_SECONDS,
            interval_step=PAUSE_SECONDS,
            interval_max=LONGEST_PAUSE_SECONDS,
            callback=maybe_shutdown,
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
        told = "the broker does not answer (%s); nothing is lost"
        logger.warning(told, type(error).__name__, extra={"action": "broker_away"})
