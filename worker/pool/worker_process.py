"""The worker process: what ``watch`` and ``xray-cli worker`` start and keep, and Celery runs in."""

import os

from store.database import open_database
from store.schema import check_schema
from worker.engines.devices import choose_devices
from worker.engines.keeper import keep_engines
from worker.home import prepare_home
from worker.logs import configure_logging
from worker.model import ServingModel, choose_model
from worker.pool.prefork import run_worker
from worker.queue.broker import find_broker_url
from worker.queue.deafness import guard_against_deafness
from worker.screening.stages import find_stages_socket
from worker.settings import WorkerSettings


def run_worker_process(settings: WorkerSettings, expect_model: str, *, leave_when_deaf: bool) -> None:
    """Be a worker process: check everything first, then run Celery until told to stop.

    Parameters
    ----------
    expect_model : str
        SHA-256 of the bundle with which the service or the host's keeper began.
    leave_when_deaf : bool
        End when messages wait and none is taken; ``watch`` sees that of its own worker itself.

    Raises
    ------
    DeviceError, StoreError, BundleError
        What keeps it from starting, in one line.
    """
    configure_logging(settings.log_format)
    devices = choose_devices(settings.devices)
    home = prepare_home(settings.home)
    engine = open_database(settings.sqlalchemy_url)
    check_schema(engine)
    model = ServingModel(choose_model(engine, settings.model).folder, expect_model)
    engine.dispose()  # connections must not cross the fork
    model.verify()
    if leave_when_deaf:
        guard_against_deafness()
    stages_socket = find_stages_socket(settings, home, os.getppid())
    with keep_engines(devices, settings, home, model) as engines:
        run_worker(settings, home, find_broker_url(settings, home), model, stages_socket, engines)
