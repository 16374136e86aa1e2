"""A worker's own guard: it ends a worker that takes nothing although messages wait, so that it is started anew.

An acknowledgement that meets a broker which was just killed never frees its place in Celery's prefetch window (5.7,
Redis): the worker is connected again, and deaf. The service's dispatcher sees that of the whole site alone
(``worker.queue.stall``); where other hosts go on working, each has to see it for itself.
"""

import logging
import os
import signal
import time
from threading import Thread
from typing import Any

from celery import Celery, signals
from celery.worker import state
from kombu.exceptions import OperationalError as BrokerError

from worker.queue.queues import count_messages
from worker.queue.stall import StallWatch

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
PATIENCE_SECONDS = 10.0


def guard_against_deafness() -> None:
    """Have the worker that is about to start in this process looked at every two seconds, once it is ready."""
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
