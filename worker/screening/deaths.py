"""In the worker's parent process: what becomes of a file over which a reader has died or run out of time."""

import logging
import os
from typing import Any

from billiard.exceptions import TimeLimitExceeded, WorkerLostError
from sqlalchemy.exc import DBAPIError

from installation.faults import fault_point
from installation.installation import Installation
from store.database import reading
from store.errors import LeaseLostError
from store.ledger.arrivals import find_arrival
from store.ledger.fates import READER_CRASHED, READER_TIMEOUT, FateKind, decide_spoilt
from worker.processes import name_lease
from worker.screening.finishing import Claim, Finisher
from worker.screening.shelf import Shelf
from worker.screening.stages import Note, StageSender

logger = logging.getLogger(__name__)


class DeathWatch:
    """Decides on such a file, when Celery tells of it."""

    def __init__(self, installation: Installation, sender: StageSender) -> None:
        self._installation = installation
        self._sender = sender

    def note(self, *, task_id: str, exception: BaseException, args: tuple[int, ...], **_: Any) -> None:
        """Count the attempt and give the file back, or quarantine it."""
        if isinstance(exception, TimeLimitExceeded):
            self._end_attempt(args[0], name_lease(os.getpid(), task_id), READER_TIMEOUT)
        elif isinstance(exception, WorkerLostError):
            self._end_attempt(args[0], name_lease(os.getpid(), task_id), READER_CRASHED)

    def _end_attempt(self, arrival_id: int, owner: str, reason_code: str) -> None:
        self._sender.tell(Note(death=reason_code))
        fault_point("after_death", arrival_id)
        try:
            self._decide(arrival_id, owner, reason_code)
        except LeaseLostError:
            pass  # its result was recorded before the child died
        except DBAPIError:
            facts = {"action": "attempt_left", "arrival_id": arrival_id}
            logger.warning("the database does not answer; the lease of a dead reader runs out by itself", extra=facts)
        finally:
            self._installation.close()  # connections must not cross the fork of the next reader

    def _decide(self, arrival_id: int, owner: str, reason_code: str) -> None:
        ledger, max_attempts = self._installation.ledger, self._installation.settings.max_attempts
        with reading(ledger) as connection:
            arrival = find_arrival(connection, arrival_id)
        if arrival is None:
            return
        finisher, claim = Finisher(ledger, Shelf(self._installation.home)), Claim(arrival, owner)
        fate = decide_spoilt(reason_code, attempts=arrival.attempts, max_attempts=max_attempts)
        if fate.kind is FateKind.QUARANTINE:
            finisher.settle(finisher.finish_quarantined(claim, fate))
        else:
            finisher.retry_later(claim, fate)
            self._sender.tell(Note(retry=(fate.kind.value, fate.reason_code)))
