"""The main loop: intake and dispatch in turn, each with its own patience when the world is away."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import ResponseError
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from installation.home import note_inboxes
from store.database import reading
from store.errors import describe_database_error
from store.ledger.counts import count_pending
from store.states import AfterScreening
from worker.health.disk import DiskLowError
from worker.intake.inbox import check_inboxes, hold_inboxes
from worker.intake.inboxes import Inboxes
from worker.intake.intake import Intake
from worker.intake.priority import StatRule
from worker.queue.broker import describe_refusal
from worker.service.service import Service

logger = logging.getLogger(__name__)

IDLE_SECONDS = 0.25
REST_SECONDS = 1.0  # once every arrival has its end; new files and signals cut it short
LONGEST_PAUSE_SECONDS = 10.0
FAULTS_BEFORE_LEAVING = 3  # a one-off run does not wait for a file that cannot be read so often


@dataclass(slots=True)
class _Step:
    """One part of the loop; a transient fault pauses it and leaves the others running."""

    name: str
    run: Callable[[], object]
    faults: int = 0
    fault: str = ""
    not_before: float = 0.0

    def attempt(self) -> None:
        if time.monotonic() < self.not_before:
            return
        try:
            self.run()
        except (OSError, DBAPIError, BrokerError) as error:
            self._pause(error)
        else:
            if self.faults:
                logger.info("%s goes on", self.name, extra={"action": f"{self.name}_resumed"})
            self.faults, self.fault = 0, ""

    def _pause(self, error: Exception) -> None:
        pause = min(LONGEST_PAUSE_SECONDS, IDLE_SECONDS * 2**self.faults)
        self.not_before = time.monotonic() + pause
        self.fault = f"{self.name} pauses: {_describe(error)}"
        if not self.faults:
            logger.warning("%s; nothing is lost", self.fault, extra={"action": f"{self.name}_paused"})
        self.faults += 1


def watch(service: Service, intake: Intake, stop: Event, wake: Event, show: Callable[[], None]) -> None:
    """Watch until it is time to stop.

    Parameters
    ----------
    stop : Event
        Set when it is time to stop.
    wake : Event
        Set when there is something to do at once.
    show : Callable
        Called after each round, for a status line.
    """
    intake.start()
    try:
        _run(service, intake, stop, wake, show, is_done=lambda: False)
    finally:
        intake.stop()


def screen_once(service: Service, intake: Intake, stop: Event, wake: Event, show: Callable[[], None]) -> None:
    """Screen what lies in the folders now, and return when nothing more can be done for any of it."""
    _run(service, intake, stop, wake, show, is_done=lambda: intake.is_idle and is_finished(service.installation.ledger))


def is_finished(engine: Engine) -> bool:
    """Return whether every arrival has its result, or has met faults around it again and again."""
    with reading(engine) as connection:
        return count_pending(connection, patience=FAULTS_BEFORE_LEAVING) == 0


def _run(
    service: Service,
    intake: Intake,
    stop: Event,
    wake: Event,
    show: Callable[[], None],
    is_done: Callable[[], bool],
) -> None:
    # below the watermark nothing new is taken and nothing more is sent: results and moved files need room too
    room = _Step("work", service.disk.check)
    dispatch = _Step("dispatch", service.dispatcher.tick)
    steps = (_Step("intake", intake.tick), dispatch)
    while not stop.is_set():
        service.keep_alive()
        room.attempt()
        for step in () if room.fault else steps:
            # while the inbox is unmounted its files are not gone: what is not sent does not end as vanished
            if step is not dispatch or not intake.inboxes.is_away:
                step.attempt()
        faults = [step.fault for step in (room, *steps) if step.fault]
        away = [intake.inboxes.fault] if intake.inboxes.fault else []
        service.beat([*faults, *away], intake.warnings)
        show()
        if is_done():
            return
        pause = REST_SECONDS if service.dispatcher.is_resting and not faults else IDLE_SECONDS
        wake.wait(intake.seconds_to_next(pause))
        wake.clear()


@contextmanager
def open_intake(service: Service, inboxes: Iterable[Path], after: AfterScreening, wake: Event) -> Iterator[Intake]:
    """Check the inboxes, hold them, and build what watches them; raises InboxError and InboxInUseError."""
    installation = service.installation
    settings, home = installation.settings, installation.home.root
    folders = check_inboxes(inboxes, home, after)
    # services that share a ledger may share an inbox too: a file has one row there
    alone = after is AfterScreening.MOVE and settings.keeps_own_ledger
    with hold_inboxes(folders, alone=alone):
        note_inboxes(installation.home, folders)
        yield Intake(
            installation.ledger,
            Inboxes(folders, excluded=home),
            after=after,
            stable_seconds=settings.stable_seconds,
            rescan_seconds=settings.rescan_seconds,
            stat=StatRule(settings.stat_folders, settings.stat_names),
            wake=wake,
        )


def _describe(error: Exception) -> str:
    """Say what is away, without the statement or the file that met it."""
    if isinstance(error, DBAPIError):
        return describe_database_error(error)
    if isinstance(error, BrokerError):
        refusal = error.__cause__
        return describe_refusal(refusal) if isinstance(refusal, ResponseError) else "the broker does not answer"
    if isinstance(error, DiskLowError):
        return str(error.strerror)
    return f"the inbox cannot be read ({getattr(error, 'strerror', None) or type(error).__name__})"
