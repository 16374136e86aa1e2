"""The worker process: what ``watch`` and ``xray-cli worker`` start and keep, and Celery runs in."""

import os

from installation.identifiers import make_identifier_key
from installation.installation import Installation
from installation.logs import configure_logging
from worker.engines.keeper import keep_engines
from worker.pool.prefork import run_worker
from worker.queue.consumer import guard_against_deafness
from worker.screening.stages import find_stages_socket
from worker.start import start


def run_worker_process(installation: Installation, *, leave_when_deaf: bool) -> None:
    """Be a worker process: check everything first, then run Celery until told to stop.

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
    devices = start(installation, lambda: make_identifier_key(installation.settings, installation.home))
    installation.close()  # connections must not cross the fork
    if leave_when_deaf:
        guard_against_deafness()
    stages_socket = find_stages_socket(installation, os.getppid())
    with keep_engines(devices, installation) as engines:
        run_worker(installation, stages_socket, engines)
