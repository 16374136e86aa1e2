"""What is served about whom: the page of a service, and that of a worker that stands alone."""

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from installation.addresses import OFF
from installation.installation import Installation
from store.schema import find_revision
from worker.health.heartbeat import ServiceState, judge_health
from worker.processes import WORKER, KeptProcess, count_processes, name_process
from worker.queue.broker import ping_broker
from worker.screening.stages import find_stages_socket

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

logger = logging.getLogger(__name__)

LOOK_SECONDS = 5.0  # a worker asks broker and database no more often than this, however many ask it


@contextmanager
def monitor_service(installation: Installation, processes: Sequence[KeptProcess]) -> Iterator[None]:
    """Serve the figures and the health of a service meanwhile, where its settings say so."""
    settings, home = installation.settings, installation.home
    if settings.metrics_address == OFF:
        yield
        return
    from worker.monitoring.metrics import EngineMetrics, LedgerMetrics, ServiceMetrics
    from worker.monitoring.page import serve_page

    collectors = (
        LedgerMetrics(installation.ledger, settings.longest_wait_minutes),
        ServiceMetrics(home, settings.min_free_bytes),
        EngineMetrics(home, lambda board: not board.has_page),
    )
    with _collect(installation, home.stages_socket, processes) as registry:
        for collector in collectors:
            registry.register(collector)
        with serve_page(settings.metrics_address, registry, lambda: judge_health(home)):
            yield


@contextmanager
def monitor_worker(installation: Installation, worker: KeptProcess) -> Iterator[None]:
    """Serve the figures and the health of a worker that stands alone, from the process that keeps it."""
    address, home = installation.settings.metrics_worker_address, installation.home
    if address == OFF:
        yield
        return
    from worker.monitoring.metrics import EngineMetrics
    from worker.monitoring.page import serve_page

    stages_socket = find_stages_socket(installation, os.getpid())
    health = WorkerHealth(installation, worker)
    with _collect(installation, stages_socket, [worker]) as registry:
        registry.register(EngineMetrics(home, lambda board: board.worker == name_process(worker.pid or 0)))
        with serve_page(address, registry, health.judge):
            yield


@contextmanager
def _collect(
    installation: Installation, stages_socket: Path, processes: Sequence[KeptProcess]
) -> Iterator["CollectorRegistry"]:
    """Give a registry that counts what screening processes report, and what becomes of the processes."""
    from prometheus_client import CollectorRegistry, disable_created_metrics

    from worker.monitoring.metrics import ProcessMetrics, WorkMetrics, describe_worker
    from worker.screening.stages import listen

    disable_created_metrics()  # type: ignore[no-untyped-call]  # one more series for each counter, which nobody reads
    registry = CollectorRegistry()
    screens = any(process.name == WORKER for process in processes)
    describe_worker(registry, installation.model, count_processes(installation.settings) if screens else 0)
    registry.register(ProcessMetrics(processes))
    work = WorkMetrics(registry)
    with ExitStack() as stack:
        try:
            stack.enter_context(listen(stages_socket, work.count))
        except OSError as error:
            facts = {"action": "stages_off"}
            logger.warning("no stage times: their socket cannot be made (%s)", error.strerror, extra=facts)
        yield registry


class WorkerHealth:
    """Whether a worker runs, and what it needs answers it; a worker writes no heartbeat.

    Parameters
    ----------
    worker : KeptProcess
        The worker process.
    """

    def __init__(self, installation: Installation, worker: KeptProcess) -> None:
        self._installation = installation
        self._worker = worker
        self._reasons: Sequence[str] = ()
        self._next = 0.0

    def judge(self) -> tuple[ServiceState, Sequence[str]]:
        """Ask broker and database; the answer is at most five seconds old."""
        if time.monotonic() >= self._next:
            looks: tuple[Callable[[], str], ...] = (self._look_at_process, self._ask_broker, self._ask_database)
            self._reasons = [reason for look in looks if (reason := look())]
            self._next = time.monotonic() + LOOK_SECONDS
        return (ServiceState.PAUSED if self._reasons else ServiceState.READY), self._reasons

    def _look_at_process(self) -> str:
        return "" if self._worker.pid else "the worker has ended and is started again"

    def _ask_broker(self) -> str:
        with suppress(RedisError, OSError, ValueError):
            ping_broker(self._installation.broker_url)
            return ""
        return "the broker does not answer"

    def _ask_database(self) -> str:
        with suppress(SQLAlchemyError):
            find_revision(self._installation.ledger)
            return ""
        return "the database does not answer"
