"""The worker process of a host: ``watch`` starts its own, and ``xray-cli worker`` keeps one on any host."""

import logging
import os
from collections.abc import Mapping, Sequence
from threading import Event

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from installation.faults import pass_on_faults
from installation.fence import pass_on_environment
from installation.installation import Installation
from installation.logs import configure_logging
from store.ledger.sweeps import release_held
from worker.errors import BrokerUnavailableError
from worker.processes import WORKER, KeptProcess, name_lease
from worker.start import start

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
STOP_MARGIN_SECONDS = 5.0  # beyond the file in work, which is finished first


def build_worker(
    installation: Installation,
    command: Sequence[str],
    messages: int | None = None,
    differently: Mapping[str, str] | None = None,
) -> KeptProcess:
    """Describe a worker process that begins with the same model; its leases are free at once when it dies.

    Parameters
    ----------
    command : sequence of str
        What starts it.
    messages : int or None
        A descriptor to which its log goes instead of standard error.
    differently : mapping or None
        Variables that are set otherwise for it than for us.
    """
    return KeptProcess(
        WORKER,
        (*command, "--expect-model", installation.model.model_sha256),
        environment={**_build_environment(installation), **(differently or {})},
        messages=messages,
        on_end=lambda pid: _release_leases(installation.ledger, pid),
    )


def keep_worker(installation: Installation, command: Sequence[str], stop: Event) -> None:
    """Be a host's share of a site: check everything, then keep one worker process until it is time to stop.

    Parameters
    ----------
    command : sequence of str
        What starts the worker process.
    stop : Event
        Set when it is time to stop; the files in work are finished first.

    Raises
    ------
    WorkerError, InstallationError, StoreError, BundleError
        What keeps it from starting or going on, in one line.
    """
    from worker.monitoring.monitoring import monitor_worker

    settings = installation.settings
    configure_logging(settings.log_format)
    start(installation, lambda: _check_broker(installation))
    worker = build_worker(installation, (*command, "--leave-when-deaf"))
    worker.start()
    logger.info("one more worker; Ctrl-C stops", extra={"action": "worker_started"})
    try:
        with monitor_worker(installation, worker):
            while not stop.wait(LOOK_SECONDS):
                worker.keep_alive()
    finally:
        worker.stop(settings.read_seconds + STOP_MARGIN_SECONDS)


def _check_broker(installation: Installation) -> None:
    home = installation.home
    if installation.settings.broker_url is None and not home.broker_socket.exists():
        message = f"no service runs on the home {home.root}: start 'xray-cli watch', or set XRAY_BROKER_URL"
        raise BrokerUnavailableError(message)
    from worker.queue.broker import check_broker

    check_broker(installation.broker_url)


def _release_leases(engine: Engine, worker_pid: int) -> None:
    try:
        with engine.begin() as connection:
            release_held(connection, name_lease(worker_pid))
    except DBAPIError:
        logger.warning("the leases of a dead worker run out by themselves", extra={"action": "leases_left"})


def _build_environment(installation: Installation) -> Mapping[str, str]:
    """Pass on what a worker uses of the settings in force, whatever its own folder and environment say."""
    its_own = installation.settings.for_worker() | pass_on_faults(os.environ)
    return pass_on_environment() | its_own | {"XRAY_MODEL": str(installation.model.folder)}
