"""The service: broker, worker and dispatcher of one home, kept alive as one thing."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from celery import Celery
from sqlalchemy import Engine

from store.audit import record_event
from store.database import open_database
from store.ledger.sweeps import release_all
from store.schema import check_schema, upgrade_schema
from worker.engines.devices import choose_devices
from worker.errors import HomeLostError
from worker.health.disk import DiskWatch
from worker.health.heartbeat import Heartbeat, ServiceState
from worker.health.presence import Presence
from worker.home import Home, lock_home, prepare_home
from worker.model import ServingModel, choose_model
from worker.processes.kept_process import KeptProcess
from worker.queue.broker import build_broker, check_broker, find_broker_url, wait_for_broker
from worker.queue.celery_app import build_celery
from worker.queue.dispatch import Dispatcher
from worker.screening.finishing import Finisher
from worker.screening.shelf import Shelf
from worker.service.hosts import STOP_MARGIN_SECONDS, build_worker
from worker.settings import OFF, WatchSettings

logger = logging.getLogger(__name__)

BROKER_STOP_SECONDS = 5.0


@dataclass(slots=True)
class Service:
    """A running service; ``worker.service.watch`` drives it until it is time to stop."""

    settings: WatchSettings
    home: Home
    engine: Engine
    app: Celery
    model: ServingModel
    dispatcher: Dispatcher
    processes: Sequence[KeptProcess]
    presence: Presence
    disk: DiskWatch
    heartbeat: Heartbeat

    def keep_alive(self) -> None:
        """Start again what has ended.

        Raises
        ------
        WorkerFailedError, WorkerRefusedError
            A process ends again and again, or says that no other start would help.
        HomeLostError
            The home has gone; the processes are ended at once, since what they record would be lost.
        """
        try:
            self.presence.check()
        except HomeLostError:
            for process in self.processes:
                process.restart()
            raise
        for process in self.processes:
            process.keep_alive()

    def beat(self, faults: Sequence[str]) -> None:
        """Say in the heartbeat how the service is; ``faults`` say what the loop waits for."""
        ended = [f"the {process.name} has ended and is started again" for process in self.processes if not process.pid]
        if self.dispatcher.is_stalled:
            self.heartbeat.beat(ServiceState.STALLED, [self.dispatcher.describe_stall(), *faults, *ended])
        else:
            reasons = [*faults, *ended]
            self.heartbeat.beat(ServiceState.PAUSED if reasons else ServiceState.READY, reasons)


@contextmanager
def run_service(
    settings: WatchSettings, worker_command: Sequence[str] | None, messages: int | None = None
) -> Iterator[Service]:
    """Start everything in order, and stop it in the opposite order.

    Parameters
    ----------
    worker_command : sequence of str or None
        What starts one more worker on the same settings; None where workers run on other hosts alone.
    messages : int or None
        A descriptor to which the worker's log goes instead of standard error.

    Raises
    ------
    WorkerError, StoreError, BundleError
        What keeps it from starting, in one line.
    """
    choose_devices(settings.devices)  # the worker does the same, but should end before anything is started
    home = prepare_home(settings.home)
    with ExitStack() as stack:
        stack.enter_context(lock_home(home))
        heartbeat = Heartbeat(home)
        heartbeat.beat(ServiceState.STARTING)
        stack.callback(heartbeat.beat, ServiceState.STOPPED)
        engine = open_ledger(settings)
        stack.callback(engine.dispose)
        model = choose_model(engine, settings.model)
        broker = _open_broker(stack, settings, home, engine)
        worker = _start_worker(stack, settings, model, engine, worker_command, messages) if worker_command else None
        app = build_celery(find_broker_url(settings, home))
        stack.callback(app.close)
        with engine.begin() as connection:
            record_event(connection, "service_started", model_sha256=model.model_sha256)
        yield Service(
            settings,
            home,
            engine,
            app,
            model,
            Dispatcher(engine, app, Finisher(engine, Shelf(home)), worker),
            [process for process in (broker, worker) if process is not None],
            Presence([home.lock, *_find_ledger_file(engine)]),
            DiskWatch(home.root, settings.min_free_bytes),
            heartbeat,
        )
        heartbeat.beat(ServiceState.STOPPING)
        logger.info("stopping: files in work are finished first", extra={"action": "stopping"})


def open_ledger(settings: WatchSettings) -> Engine:
    """Open the database; the embedded one is brought up to date, a shared one only checked."""
    engine = open_database(settings.sqlalchemy_url)
    if settings.database_url is None:
        upgrade_schema(engine)
    else:
        check_schema(engine)
    return engine


def _find_ledger_file(engine: Engine) -> Sequence[Path]:
    return [Path(engine.url.database or "")] if engine.dialect.name == "sqlite" else []


def _open_broker(stack: ExitStack, settings: WatchSettings, home: Home, engine: Engine) -> KeptProcess | None:
    """Start the embedded broker; one that is configured is only asked whether it answers."""
    if settings.broker_url is not None:
        check_broker(find_broker_url(settings, home))
        return None
    broker = build_broker(home)
    stack.callback(broker.stop, BROKER_STOP_SECONDS)
    broker.start()
    wait_for_broker(home.broker_socket)
    _recover(engine)
    return broker


def _start_worker(
    stack: ExitStack,
    settings: WatchSettings,
    model: ServingModel,
    engine: Engine,
    command: Sequence[str],
    messages: int | None,
) -> KeptProcess:
    its_settings = settings.model_copy(update={"metrics_worker_address": OFF})  # its figures are served with ours
    worker = build_worker(its_settings, model, engine, command, messages)
    stack.callback(worker.stop, settings.read_seconds + STOP_MARGIN_SECONDS)
    worker.start()
    return worker


def _recover(engine: Engine) -> None:
    """All workers of an embedded home end with its service: what they held is free at once."""
    with engine.begin() as connection:
        released = release_all(connection)
    if released:
        logger.info("%d arrivals of the last run go on", released, extra={"action": "recover"})
