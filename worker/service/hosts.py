"""The worker process of a host: ``watch`` starts its own, and ``xray-cli worker`` keeps one on any host."""

import logging
import os
from collections.abc import Mapping, Sequence
from threading import Event

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from store.database import open_database
from store.ledger.sweeps import release_held
from store.schema import check_schema
from worker.engines.devices import choose_devices
from worker.errors import BrokerUnavailableError
from worker.faults import pass_on_faults
from worker.home import prepare_home
from worker.leases import name_lease
from worker.logs import configure_logging
from worker.model import ServingModel, choose_model
from worker.monitoring.monitoring import monitor_worker
from worker.processes.kept_process import WORKER, KeptProcess, pass_on_environment
from worker.queue.broker import check_broker, find_broker_url
from worker.settings import WatchSettings

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
STOP_MARGIN_SECONDS = 5.0  # beyond the file in work, which is finished first


def build_worker(
    settings: WatchSettings,
    model: ServingModel,
    engine: Engine,
    command: Sequence[str],
    messages: int | None = None,
) -> KeptProcess:
    """Describe a worker process that begins with this model; its leases are free at once when it dies."""
    return KeptProcess(
        WORKER,
        (*command, "--expect-model", model.model_sha256),
        environment=_build_environment(settings, model),
        messages=messages,
        on_end=lambda pid: _release_leases(engine, pid),
    )


def keep_worker(settings: WatchSettings, command: Sequence[str], stop: Event) -> None:
    """Be a host's share of a site: check everything, then keep one worker process until told to stop.

    Parameters
    ----------
    command : sequence of str
        What starts the worker process.
    stop : Event
        Set when it is time to stop; the files in work are finished first.

    Raises
    ------
    DeviceError, BrokerUnavailableError, WorkerFailedError, StoreError, BundleError
        What keeps it from starting or going on, in one line.
    """
    configure_logging(settings.log_format)
    choose_devices(settings.devices)  # the worker process does the same, but should end before anything is started
    home = prepare_home(settings.home)
    if settings.broker_url is None and not home.broker_socket.exists():
        message = f"no service runs on the home {home.root}: start 'xray-cli watch', or set XRAY_BROKER_URL"
        raise BrokerUnavailableError(message)
    check_broker(find_broker_url(settings, home))
    engine = open_database(settings.sqlalchemy_url)
    check_schema(engine)
    model = choose_model(engine, settings.model)
    worker = build_worker(settings, model, engine, (*command, "--leave-when-deaf"))
    worker.start()
    logger.info("one more worker; Ctrl-C stops", extra={"action": "worker_started"})
    try:
        with monitor_worker(settings, home, model, worker):
            while not stop.wait(LOOK_SECONDS):
                worker.keep_alive()
    finally:
        worker.stop(settings.read_seconds + STOP_MARGIN_SECONDS)
        engine.dispose()


def _release_leases(engine: Engine, worker_pid: int) -> None:
    try:
        with engine.begin() as connection:
            release_held(connection, name_lease(worker_pid))
    except DBAPIError:
        logger.warning("the leases of a dead worker run out by themselves", extra={"action": "leases_left"})


def _build_environment(settings: WatchSettings, model: ServingModel) -> Mapping[str, str]:
    """Pass on what a worker uses of the settings in force, whatever its own folder and environment say."""
    its_own = settings.as_environment() | pass_on_faults(os.environ)
    return pass_on_environment() | its_own | {"XRAY_MODEL": str(model.folder)}
