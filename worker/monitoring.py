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

from store.database import open_database
from store.schema import find_revision
from worker.broker import find_broker_url, ping_broker
from worker.celery_app import count_processes
from worker.heartbeat import ServiceState, judge_health
from worker.home import Home
from worker.model import ServingModel
from worker.settings import OFF, WatchSettings

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from worker.service import Service

logger = logging.getLogger(__name__)

LOOK_SECONDS = 5.0  # a worker asks broker and database no more often than this, however many ask it


@contextmanager
def monitor_service(service: "Service") -> Iterator[None]:
    """Serve the figures and the health of a service meanwhile, where its settings say so."""
    if service.settings.metrics_address == OFF:
        yield
        return
    from worker.ledger_metrics import LedgerMetrics
    from worker.metrics import ServiceMetrics
    from worker.metrics_page import serve_page

    home = service.home
    with _collect_work(service.settings, home.stages_socket, service.model) as registry:
        registry.register(LedgerMetrics(service.engine))
        registry.register(ServiceMetrics(home, service.settings.min_free_bytes, service.processes))
        with serve_page(service.settings.metrics_address, registry, lambda: judge_health(home)):
            yield


@contextmanager
def monitor_worker(settings: WatchSettings, home: Home, model: ServingModel) -> Iterator[Path]:
    """Serve the figures and the health of a worker meanwhile; gives the socket to which its processes tell theirs.

    Where it serves none, its processes tell the service of this home, if there is one.
    """
    if settings.metrics_worker_address == OFF:
        yield home.stages_socket
        return
    from worker.metrics_page import serve_page

    own_socket = home.runtime / f"stages-{os.getpid()}.sock"
    health = WorkerHealth(settings, home)
    with (
        _collect_work(settings, own_socket, model) as registry,
        serve_page(settings.metrics_worker_address, registry, health.judge),
    ):
        yield own_socket


@contextmanager
def _collect_work(settings: WatchSettings, stages_socket: Path, model: ServingModel) -> Iterator["CollectorRegistry"]:
    """Give a registry that counts what screening processes tell."""
    from prometheus_client import CollectorRegistry, disable_created_metrics

    from worker.metrics import WorkMetrics, describe_worker
    from worker.stages import listen

    disable_created_metrics()  # type: ignore[no-untyped-call]  # one more series for each counter, which nobody reads
    registry = CollectorRegistry()
    describe_worker(registry, model.verify(), count_processes(settings))
    work = WorkMetrics(registry)
    with ExitStack() as stack:
        try:
            stack.enter_context(listen(stages_socket, work.heed))
        except OSError as error:
            facts = {"action": "stages_off"}
            logger.warning("no stage times: their socket cannot be made (%s)", error.strerror, extra=facts)
        yield registry


class WorkerHealth:
    """Tells whether what a worker needs answers it; a worker writes no heartbeat."""

    def __init__(self, settings: WatchSettings, home: Home) -> None:
        self._settings = settings
        self._home = home
        self._reasons: Sequence[str] = ()
        self._next = 0.0

    def judge(self) -> tuple[ServiceState, Sequence[str]]:
        """Ask broker and database; the answer is at most five seconds old."""
        if time.monotonic() >= self._next:
            looks: tuple[Callable[[], str], ...] = (self._ask_broker, self._ask_database)
            self._reasons = [reason for look in looks if (reason := look())]
            self._next = time.monotonic() + LOOK_SECONDS
        return (ServiceState.PAUSED if self._reasons else ServiceState.READY), self._reasons

    def _ask_broker(self) -> str:
        with suppress(RedisError, OSError, ValueError):
            ping_broker(find_broker_url(self._settings, self._home))
            return ""
        return "the broker does not answer"

    def _ask_database(self) -> str:
        engine = open_database(self._settings.sqlalchemy_url)
        try:
            find_revision(engine)
        except SQLAlchemyError:
            return "the database does not answer"
        finally:
            engine.dispose()
        return ""
