"""A service with its signals and its progress, for the commands that screen through the ledger."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event

from cli.live import Progress, show_progress
from installation.installation import open_installation
from installation.settings import Settings
from worker.service.service import Service, run_service
from worker.service.watch import stop_on_signals

WORKER_COMMAND = (sys.executable, "-m", "cli", "worker")


@dataclass(frozen=True, slots=True)
class Running:
    """What such a command holds in its hands."""

    service: Service
    progress: Progress
    stop: Event
    wake: Event


@contextmanager
def run(settings: Settings, *, no_worker: bool = False) -> Iterator[Running]:
    """Start the service; on the way out it finishes what is in work and stops in order."""
    wake = Event()
    with (
        stop_on_signals(wake) as stop,
        show_progress(settings) as progress,
        open_installation(progress.settings) as installation,
        run_service(installation, None if no_worker else WORKER_COMMAND, progress.messages) as service,
    ):
        yield Running(service, progress, stop, wake)
