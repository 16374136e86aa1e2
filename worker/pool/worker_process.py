"""The worker process: what ``watch`` and ``xray-cli worker`` start and keep, and Celery's prefork pool runs in.

The broker is only a wake-up; the ledger decides. So a message is acknowledged when it is taken, never delivered again
by Celery, which would run a crashing file for ever, or a long one twice. What is lost is sent again by the sweeper.
"""

import logging
import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import current_process
from pathlib import Path
from typing import Any

from billiard.exceptions import TimeLimitExceeded, WorkerLostError
from celery import Celery, Task, bootsteps, signals
from celery.concurrency.prefork import TaskPool
from celery.exceptions import SecurityWarning
from sqlalchemy.exc import DBAPIError

from installation.faults import fault_point
from installation.home import PRIVATE, Home
from installation.identifiers import make_identifier_key
from installation.installation import Installation
from installation.logs import configure_logging
from store.database import reading
from store.errors import LeaseLostError
from store.ledger.arrivals import find_arrival
from store.ledger.fates import READER_CRASHED, READER_TIMEOUT, FateKind, decide_spoilt, decide_waited
from worker.engines.keeper import TICK_SECONDS, EngineKeeper, keep_engines
from worker.pool.screening_process import ScreeningProcess
from worker.processes import count_processes, has_ended, name_lease, name_locally
from worker.queue.consumer import LastingConsumer, guard_against_deafness
from worker.queue.queues import TASK, build_celery
from worker.screening.finishing import Claim, Finisher
from worker.screening.shelf import Shelf
from worker.screening.stages import AttemptReport, FilmsInReading, StageSender, find_stages_socket
from worker.start import start

logger = logging.getLogger(__name__)

SCRATCH = "worker-"


def run_worker_process(installation: Installation, *, leave_when_deaf: bool) -> None:
    """Be a worker process: check everything first, then run Celery until it is stopped.

    Parameters
    ----------
    leave_when_deaf : bool
        End when messages wait and none is taken; ``watch`` sees that of its own worker itself.

    Raises
    ------
    WorkerError, InstallationError, StoreError, BundleError
        What keeps it from starting, in one line.
    """
    configure_logging(installation.settings.log_format)
    devices = start(installation)
    make_identifier_key(installation.settings, installation.home)
    installation.close()  # connections must not cross the fork
    if leave_when_deaf:
        guard_against_deafness()
    sender = StageSender(find_stages_socket(installation, os.getppid()))
    with keep_engines(devices, installation) as engines, own_scratch(installation.home) as scratch:
        share_memory_in(scratch)
        _run_celery(installation, sender, engines)


def _run_celery(installation: Installation, sender: StageSender, engines: EngineKeeper | None) -> None:
    # Celery warns about root in words for its own options; 'xray-cli doctor' says it in ours
    warnings.filterwarnings("ignore", category=SecurityWarning)
    import_module("imaging.dicom.decoding")  # before the fork: children share it and start at once
    import_module("imaging.raster")
    app = build_celery(installation.broker_url)
    app.conf.task_time_limit = installation.settings.read_seconds
    if engines is not None:
        _look_after(app, engines)
    in_reading = FilmsInReading()
    children = ScreeningProcess(installation, sender, in_reading, engines.sockets if engines else ())

    def screen(task: Task, arrival_id: int) -> None:
        children.screen(arrival_id, task.request.id)

    app.task(screen, name=TASK, bind=True)
    signals.setup_logging.connect(lambda **_: configure_logging(installation.settings.log_format), weak=False)
    signals.worker_process_init.connect(children.prepare, weak=False)
    signals.task_failure.connect(DeathWatch(installation, sender, in_reading).note, weak=False)
    app.Worker(
        hostname=f"xray-{os.getpid()}@%h",
        consumer_cls=LastingConsumer,
        pool=RefillingPool,
        concurrency=count_processes(installation.settings),
        loglevel="WARNING",
        quiet=True,
        without_mingle=True,
        without_gossip=True,
        without_heartbeat=True,
    ).start()


@contextmanager
def own_scratch(home: Home) -> Iterator[Path]:
    """Give this process a folder for temporary files, and remove those of processes that were killed."""
    for left in home.runtime.glob(f"{SCRATCH}*"):
        if has_ended(left.name.removeprefix(SCRATCH)):
            shutil.rmtree(left, ignore_errors=True)
    folder = home.runtime / f"{SCRATCH}{name_locally(os.getpid())}"
    folder.mkdir(mode=PRIVATE, exist_ok=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def share_memory_in(folder: Path) -> None:
    """Have the pool's shared memory begin as a file in this folder, not in one that ``multiprocessing`` makes in /tmp.

    There is no public way: that folder is removed by a finalizer alone (https://bugs.python.org/issue37421), which no
    killed process comes to, and what ``multiprocessing`` asks first is this entry.
    """
    current_process()._config["tempdir"] = str(folder)  # type: ignore[attr-defined]


class RefillingPool(TaskPool):  # type: ignore[misc]
    """Celery's prefork pool, which starts other children for those that were killed while they started."""

    def did_start_ok(self) -> bool:
        """Answer Celery's question after the start, where it would end the whole worker for one such child."""
        self.maintain_pool()
        return True


def _look_after(app: Celery, engines: EngineKeeper) -> None:
    """Let Celery's event loop look after the engines."""

    class LookAfterEngines(bootsteps.StartStopStep):  # type: ignore[misc]
        def start(self, consumer: Any) -> None:
            """Begin, or begin again: what is due ends with each connection to the broker."""
            self.entry = consumer.timer.call_repeatedly(TICK_SECONDS, engines.tick)

        def stop(self, consumer: Any) -> None:
            """End with the connection, however it ended."""
            consumer.timer.cancel(self.entry)

    app.steps["consumer"].add(LookAfterEngines)


class DeathWatch:
    """Decides what becomes of a file over which a screening process has died or run out of time.

    Its time may also have run out while it waited for the ledger: for a server that went away without a word, or for
    what the transaction of a host that was cut off still holds. That is charged to no file.
    """

    def __init__(self, installation: Installation, sender: StageSender, in_reading: FilmsInReading) -> None:
        self._installation = installation
        self._sender = sender
        self._in_reading = in_reading

    def note(self, *, task_id: str, exception: BaseException, args: tuple[int, ...], **_: Any) -> None:
        """Give the file back, with the attempt counted where it is to blame, or quarantine it."""
        owner, was_read = name_lease(os.getpid(), task_id), self._in_reading.take(args[0])
        if isinstance(exception, TimeLimitExceeded):
            self._end_attempt(args[0], owner, READER_TIMEOUT if was_read else None)
        elif isinstance(exception, WorkerLostError):
            self._end_attempt(args[0], owner, READER_CRASHED)

    def _end_attempt(self, arrival_id: int, owner: str, reason_code: str | None) -> None:
        if reason_code is not None:
            self._sender.send(AttemptReport(death=reason_code))
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

    def _decide(self, arrival_id: int, owner: str, reason_code: str | None) -> None:
        ledger, max_attempts = self._installation.ledger, self._installation.settings.max_attempts
        with reading(ledger) as connection:
            arrival = find_arrival(connection, arrival_id)
        if arrival is None:
            return
        finisher, claim = Finisher(ledger, Shelf(self._installation.home)), Claim(arrival, owner)
        if reason_code is None:
            fate = decide_waited(arrival.transient_faults)
        else:
            fate = decide_spoilt(reason_code, attempts=arrival.attempts, max_attempts=max_attempts)
        if fate.kind is FateKind.QUARANTINE:
            finisher.settle(finisher.finish_quarantined(claim, fate))
        else:
            finisher.retry_later(claim, fate)
            self._sender.send(AttemptReport(retry=(fate.kind.value, fate.reason_code)))
