"""The service: broker, worker and dispatcher of one home, kept alive as one thing."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from installation.addresses import OFF
from installation.home import SERVICE, lock_home, prepare_home
from installation.installation import Installation
from store.audit import record_event
from store.ledger.sweeps import release_all
from worker.errors import HomeLostError
from worker.health.disk import DiskWatch
from worker.health.heartbeat import Heartbeat, ServiceState
from worker.health.presence import Presence
from worker.health.supervision import notify_manager
from worker.processes import KeptProcess
from worker.queue.broker import build_broker, check_broker, wait_for_broker
from worker.service.companions import Companion, CompanionPlan
from worker.service.hosts import STOP_MARGIN_SECONDS, build_worker
from worker.start import start

if TYPE_CHECKING:
    from celery import Celery

    from worker.queue.dispatch import Dispatcher

logger = logging.getLogger(__name__)

BROKER_STOP_SECONDS = 5.0
LONGEST_UPGRADE_SECONDS = 3600


@dataclass(slots=True)
class Service:
    """A running service; ``worker.service.watch`` drives it until it is time to stop."""

    installation: Installation
    app: "Celery"
    dispatcher: "Dispatcher"
    processes: Sequence[KeptProcess]
    presence: Presence
    disk: DiskWatch
    heartbeat: Heartbeat
    companions: Sequence[Companion] = ()

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
            for process in (*self.processes, *(companion.process for companion in self.companions)):
                process.restart()
            raise
        for process in self.processes:
            process.keep_alive()
        for companion in self.companions:
            companion.keep_alive()

    def beat(self, faults: Sequence[str], warnings: Sequence[str] = ()) -> None:
        """Say in the heartbeat how the service is.

        Parameters
        ----------
        faults : sequence of str
            What the loop waits for.
        warnings : sequence of str
            What somebody should put right though the work goes on.
        """
        ended = [f"the {process.name} has ended and is started again" for process in self.processes if not process.pid]
        beside = {companion.name: companion.state for companion in self.companions}
        if self.dispatcher.is_stalled:
            self.heartbeat.beat(ServiceState.STALLED, [self.dispatcher.describe_stall(), *faults, *ended], beside)
            return
        reasons = [*faults, *ended]
        away = [companion.fault for companion in self.companions if companion.fault]
        state = ServiceState.PAUSED if reasons else ServiceState.READY
        self.heartbeat.beat(state, [*reasons, *warnings, *away], beside)


@contextmanager
def run_service(
    installation: Installation,
    worker_command: Sequence[str] | None,
    messages: int | None = None,
    companions: Sequence[CompanionPlan] = (),
    what: str = SERVICE,
) -> Iterator[Service]:
    """Start everything in order, and stop it in the opposite order.

    Parameters
    ----------
    worker_command : sequence of str or None
        What starts one more worker on the same settings; None where workers run on other hosts alone.
    messages : int or None
        A descriptor to which the worker's log goes instead of standard error.
    companions : sequence of CompanionPlan
        What runs beside it and ends with it.
    what : str
        What holds the home: said to whoever comes second.

    Raises
    ------
    WorkerError, InstallationError, StoreError, BundleError
        What keeps it from starting, in one line.
    """
    home, heartbeat = installation.home, Heartbeat(installation.home)
    with ExitStack() as stack:
        start(installation, lambda: _take_home(stack, installation, heartbeat, what))
        heartbeat.name_model(installation.model.model_version, installation.model.model_sha256)
        broker = _open_broker(stack, installation)
        worker = _start_worker(stack, installation, worker_command, messages) if worker_command else None
        with installation.ledger.begin() as connection:
            record_event(connection, "service_started", model_sha256=installation.model.model_sha256)
        app, dispatcher = _build_dispatcher(stack, installation, worker)
        if broker is not None:
            wait_for_broker(home.broker_socket)
        yield Service(
            installation,
            app,
            dispatcher,
            [process for process in (broker, worker) if process is not None],
            Presence(filter(None, (home.lock, installation.settings.ledger_file))),
            DiskWatch(home.root, installation.settings.min_free_bytes),
            heartbeat,
            [_start_companion(stack, plan, messages) for plan in companions],
        )
        heartbeat.beat(ServiceState.STOPPING)
        logger.info("stopping: files in work are finished first", extra={"action": "stopping"})


def _take_home(stack: ExitStack, installation: Installation, heartbeat: Heartbeat, what: str) -> None:
    """Hold the home; only who holds it brings the ledger in it up to date. A site's own database is only checked."""
    prepare_home(installation.home)
    stack.enter_context(lock_home(installation.home, what))
    heartbeat.beat(ServiceState.STARTING)
    stack.callback(heartbeat.beat, ServiceState.STOPPED)
    if installation.settings.keeps_own_ledger:
        _upgrade(installation)


def _upgrade(installation: Installation) -> None:
    """Bring the ledger up to this version, with a backup first, for which a service manager gives us time."""

    def say(what: str) -> None:
        notify_manager(f"EXTEND_TIMEOUT_USEC={LONGEST_UPGRADE_SECONDS * 1_000_000}", f"STATUS={what}")
        logger.info(what, extra={"action": "upgrade"})

    installation.upgrade_ledger(say)


def _open_broker(stack: ExitStack, installation: Installation) -> KeptProcess | None:
    """Start the embedded broker, without waiting for it; one that is configured is asked whether it answers."""
    if installation.settings.broker_url is not None:
        check_broker(installation.broker_url)
        return None
    broker = build_broker(installation.home)
    stack.callback(broker.stop, BROKER_STOP_SECONDS)
    broker.start()
    _recover(installation.ledger)
    return broker


def _start_worker(
    stack: ExitStack, installation: Installation, command: Sequence[str], messages: int | None
) -> KeptProcess:
    its_own = {"XRAY_METRICS_WORKER_ADDRESS": OFF}  # its figures are served with ours
    worker = build_worker(installation, command, messages, its_own)
    stack.callback(worker.stop, installation.settings.read_seconds + STOP_MARGIN_SECONDS)
    worker.start()
    return worker


def _build_dispatcher(
    stack: ExitStack, installation: Installation, worker: KeptProcess | None
) -> "tuple[Celery, Dispatcher]":
    """Build what sends ids; imported only now, while broker and worker start on the other cores."""
    from worker.queue.dispatch import Dispatcher
    from worker.queue.queues import build_celery
    from worker.screening.finishing import Finisher
    from worker.screening.shelf import Shelf

    app, ledger = build_celery(installation.broker_url), installation.ledger
    stack.callback(app.close)
    finisher = Finisher(ledger, Shelf(installation.home))
    return app, Dispatcher(ledger, app, finisher, worker, installation.settings.longest_wait_minutes)


def _start_companion(stack: ExitStack, plan: CompanionPlan, messages: int | None) -> Companion:
    companion = Companion(plan, messages)
    stack.callback(companion.stop)
    companion.start()
    return companion


def _recover(ledger: Engine) -> None:
    """All workers of an embedded home end with its service: what they held is free at once."""
    with ledger.begin() as connection:
        released = release_all(connection)
    if released:
        logger.info("%d arrivals of the last run go on", released, extra={"action": "recover"})
