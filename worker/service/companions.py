"""Companions: processes that the service keeps beside its own work, and whose end costs it nothing.

The page (`web`), and what receives from and sends to other systems, run so. Unlike the worker or the broker, a
companion that cannot start is no reason to end the service: films are screened without it. It is tried again with
growing pauses, `status` says so, and the log says why.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from worker.errors import WorkerFailedError, WorkerRefusedError
from worker.processes import KeptProcess

logger = logging.getLogger(__name__)

RETRY_SECONDS = 30.0
STOP_SECONDS = 10.0
RUNS, AWAY = "runs", "is away"


@dataclass(frozen=True, slots=True)
class CompanionPlan:
    """What a companion is: its command's name, what starts it, and its whole environment."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]


class Companion:
    """One companion, kept alive.

    Parameters
    ----------
    plan : CompanionPlan
        What it is.
    messages : int or None
        A descriptor to which its log goes instead of standard error.
    """

    def __init__(self, plan: CompanionPlan, messages: int | None = None) -> None:
        self.process = KeptProcess(plan.name, plan.command, environment=plan.environment, messages=messages)
        self._not_before = 0.0

    @property
    def name(self) -> str:
        """The name of its command."""
        return self.process.name

    @property
    def state(self) -> str:
        """Whether it runs, in words."""
        return RUNS if self.process.pid else AWAY

    @property
    def fault(self) -> str:
        """What somebody should look at; empty while it runs."""
        return "" if self.process.pid else f"'{self.name}' has ended and is tried again; the log says why"

    def start(self) -> None:
        """Start it."""
        self.process.start()

    def keep_alive(self) -> None:
        """Start it again if it has ended, after a pause; nothing that happens to it is raised."""
        if time.monotonic() < self._not_before:
            return
        try:
            self.process.keep_alive()
        except (WorkerFailedError, WorkerRefusedError) as error:
            self._not_before = time.monotonic() + RETRY_SECONDS
            facts = {"action": "companion_away"}
            logger.warning(
                "%s; it is tried again in %.0f s, and films are screened without it", error, RETRY_SECONDS, extra=facts
            )
        except OSError as error:
            self._not_before = time.monotonic() + RETRY_SECONDS
            logger.warning("'%s' cannot be started (%s)", self.name, error.strerror, extra={"action": "companion_away"})

    def stop(self) -> None:
        """Ask it to end, and end it when it takes too long."""
        self.process.stop(STOP_SECONDS)
