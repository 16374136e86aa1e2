"""The Celery application: one task that takes a row id, and what the parent does when a child dies over it.

The broker is only a wake-up; the ledger decides. So a message is acknowledged when it is taken, never
delivered again by Celery (which would run a crashing file for ever, or a long one twice), and what is lost
is sent again by the sweeper.
"""

import logging
import os
import shutil
import signal
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import current_process
from pathlib import Path
from typing import Any

from celery import Celery, Task, bootsteps, signals
from celery.exceptions import SecurityWarning
from sqlalchemy.exc import DBAPIError

from inference.bundle import BundleError
from installation.faults import fault_point
from installation.home import PRIVATE, Home
from installation.installation import Installation
from installation.logs import configure_logging
from installation.settings import WorkerSettings
from worker.engines.keeper import TICK_SECONDS, EngineKeeper
from worker.processes import die_with_parent, has_ended, keep_freed_memory, limit_memory, name_lease, name_locally
from worker.queue.consumer import PatientConsumer
from worker.queue.queues import TASK, build_celery
from worker.screening.children import build_screener
from worker.screening.deaths import DeathWatch
from worker.screening.screener import Screener, log_bug
from worker.screening.stages import StageSender

logger = logging.getLogger(__name__)

SCRATCH = "worker-"


def count_processes(settings: WorkerSettings) -> int:
    """Return how many screening processes a worker has here."""
    return settings.workers or len(os.sched_getaffinity(0))


def run_worker(installation: Installation, stages_socket: Path, engines: EngineKeeper | None) -> None:
    """Run Celery's prefork worker in this process until it is told to stop.

    Parameters
    ----------
    stages_socket : Path
        Where the screening processes say how long each step took.
    engines : EngineKeeper or None
        The engine processes that are looked after here, and answer the screening processes.
    """
    # Celery warns about root in words for its own options; 'xray-cli doctor' says it in ours
    warnings.filterwarnings("ignore", category=SecurityWarning)
    import_module("imaging.dicom.decoding")  # before the fork: children share it and start at once
    import_module("imaging.raster")
    app = build_celery(installation.broker_url)
    app.conf.task_time_limit = installation.settings.read_seconds
    _register_task(app, installation, StageSender(stages_socket), engines.sockets if engines else ())
    if engines is not None:
        _look_after(app, engines)
    worker = app.Worker(
        hostname=f"xray-{os.getpid()}@%h",
        consumer_cls=PatientConsumer,
        pool="prefork",
        concurrency=count_processes(installation.settings),
        loglevel="WARNING",
        quiet=True,
        without_mingle=True,
        without_gossip=True,
        without_heartbeat=True,
    )
    with own_scratch(installation.home) as scratch:
        # the pool's shared memory begins as a file there; by default in a folder that a killed worker leaves in /tmp
        current_process()._config["tempdir"] = str(scratch)  # type: ignore[attr-defined]
        worker.start()


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


def _register_task(app: Celery, installation: Installation, sender: StageSender, sockets: Sequence[Path]) -> None:
    child: dict[str, Screener] = {}

    def get_ready() -> Screener:
        if "screener" not in child:
            child["screener"] = build_screener(installation, sender, sockets)
        return child["screener"]

    def prepare_child(**_: Any) -> None:
        die_with_parent()
        keep_freed_memory()
        fault_point("after_fork")
        try:
            get_ready()
        except BundleError as error:
            # without its model the whole worker must end, so that the service sees and says why
            logger.critical("%s", error, extra={"action": "model_refused"})
            os.kill(os.getppid(), signal.SIGTERM)
            os._exit(1)
        except OSError as error:
            _log_not_ready(error)
        limit_memory(installation.settings.max_memory_bytes)

    def screen(task: Task, arrival_id: int) -> None:
        try:
            get_ready().screen(arrival_id, name_lease(os.getppid(), task.request.id))
        except OSError as error:  # its id was taken for nothing, and is sent again
            _log_not_ready(error)
        except DBAPIError as error:
            facts = {"action": "database_away", "arrival_id": arrival_id}
            logger.warning(
                "the database does not answer (%s); it is screened again", type(error.orig).__name__, extra=facts
            )
        except Exception as error:  # noqa: BLE001  (Celery would log the message, which may quote a file)
            log_bug(arrival_id, error)

    app.task(screen, name=TASK, bind=True)

    signals.setup_logging.connect(lambda **_: configure_logging(installation.settings.log_format), weak=False)
    signals.worker_process_init.connect(prepare_child, weak=False)
    signals.worker_ready.connect(_outlive_killed_children, weak=False)
    signals.task_failure.connect(DeathWatch(installation, sender).note, weak=False)


def _log_not_ready(error: OSError) -> None:
    told = "a reader cannot get ready (%s); it tries again with its next file"
    logger.warning(told, error.strerror or type(error).__name__, extra={"action": "reader_not_ready"})


def _outlive_killed_children(sender: Any, **_: Any) -> None:
    """Start others for children that were killed while they started: Celery would end the whole worker for them."""
    pool = sender.pool._pool

    def did_start_ok() -> bool:
        if any(child.exitcode not in (None, -signal.SIGKILL) for child in pool._pool):
            return False
        pool.maintain_pool()
        return True

    sender.pool.did_start_ok = did_start_ok
