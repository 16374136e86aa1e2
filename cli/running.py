"""A service with its signals and its progress, for the commands that screen through the ledger."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from pydantic import BaseModel

from cli.live import Progress, show_progress
from installation.addresses import OFF
from installation.fence import pass_on_environment
from installation.home import SERVICE
from installation.installation import open_installation
from installation.page import WebSettings
from installation.receiving import ReceivingSettings
from installation.settings import (
    InstallationSettings,
    IntakeSettings,
    ReportSettings,
    Settings,
    WorkerSettings,
)
from installation.targets import TargetSettings
from worker.service.companions import CompanionPlan
from worker.service.service import Service, run_service
from worker.service.signals import stop_on_signals

WORKER_COMMAND = (sys.executable, "-m", "cli", "worker")


def plan_companions(settings: Settings, inbox: Path) -> list[CompanionPlan]:
    """Return what `watch` keeps beside its own work, as the settings say.

    Parameters
    ----------
    inbox : Path
        Where what comes in by a companion is put, unless the settings name another folder.
    """
    plans = []
    if settings.web != OFF:
        its_own = settings.model_copy(update={"web_inbox": settings.web_inbox or inbox.resolve()})
        plans.append(_plan("web", its_own, WorkerSettings, IntakeSettings, ReportSettings, WebSettings))
    if settings.listen != OFF:
        plans.append(_plan_listener(settings, inbox))
    if list(settings.list_work()):
        plans.append(_plan("deliver", settings, WorkerSettings, ReportSettings, ReceivingSettings, TargetSettings))
    return plans


def _plan_listener(settings: Settings, inbox: Path) -> CompanionPlan:
    """Describe what receives films: strangers talk to it, so that it is given no secret and no database."""
    its_own = settings.for_process(IntakeSettings, ReceivingSettings)
    of_a_worker = settings.for_process(WorkerSettings)
    its_own |= {name: of_a_worker[name] for name in ("XRAY_MAX_FILE_BYTES", "XRAY_LOG_FORMAT")}
    command = (sys.executable, "-m", "cli", "listen", str(inbox.resolve()))
    return CompanionPlan("listen", command, pass_on_environment() | its_own)


def _plan(name: str, settings: Settings, *topics: type[BaseModel]) -> CompanionPlan:
    """Describe one of our own commands as a companion; it is given the settings of its topics, and no others."""
    its_own = settings.for_process(InstallationSettings, *topics)
    return CompanionPlan(name, (sys.executable, "-m", "cli", name), pass_on_environment() | its_own)


@dataclass(frozen=True, slots=True)
class Running:
    """What such a command holds in its hands."""

    service: Service
    progress: Progress
    stop: Event
    wake: Event


@contextmanager
def run(
    settings: Settings, *, no_worker: bool = False, inbox: Path | None = None, what: str = SERVICE
) -> Iterator[Running]:
    """Start the service; on the way out it finishes what is in work and stops in order.

    Parameters
    ----------
    inbox : Path or None
        Where what comes in by a companion is put; None: the service keeps no companions.
    what : str
        What holds the home: said to whoever comes second.
    """
    wake = Event()
    with (
        stop_on_signals(wake) as stop,
        show_progress(settings) as progress,
        open_installation(progress.settings) as installation,
    ):
        companions = plan_companions(progress.settings, inbox) if inbox else ()  # they log as we do
        command = None if no_worker else WORKER_COMMAND
        with run_service(installation, command, progress.messages, companions, what) as service:
            yield Running(service, progress, stop, wake)
        if stop.is_set():
            progress.log_end(installation)
