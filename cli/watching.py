"""``watch``, ``scan`` and ``worker``: the commands that screen through the ledger."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import FAILED, exit_codes
from cli.opening import opened_installation
from installation.addresses import DEFAULT_LISTEN, DEFAULT_WEB

if TYPE_CHECKING:
    from installation.installation import Installation
    from installation.settings import Settings

Home = Annotated[Path | None, typer.Option(help="Folder for everything that is written (XRAY_HOME).")]
Workers = Annotated[int | None, typer.Option(help="Screening processes (XRAY_WORKERS); default: one a core.")]


def watch(
    inboxes: Annotated[
        list[Path] | None, typer.Argument(metavar="INBOX", help="Folders to watch; default: XRAY_INBOX.")
    ] = None,
    home: Home = None,
    after: Annotated[str | None, typer.Option(help="`move` screened files to the home, or `keep` them.")] = None,
    workers: Workers = None,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Only watch; workers run on other hosts.")] = False,
    listen: Annotated[
        bool, typer.Option("--listen", help=f"Receive films by DICOM too, at XRAY_LISTEN or {DEFAULT_LISTEN}.")
    ] = False,
    web: Annotated[bool, typer.Option("--web", help=f"Keep the page too, at XRAY_WEB or {DEFAULT_WEB}.")] = False,
) -> None:
    """Watch folders and screen every radiograph that appears; Ctrl-C finishes what is in work and stops.

    Starts all that it needs: the ledger (SQLite), the broker (Valkey) and the workers, unless
    XRAY_DATABASE_URL and XRAY_BROKER_URL name others.

    Example: xray-cli watch /data/inbox
    """
    with exit_codes():
        from installation.addresses import OFF
        from installation.sources import read_settings

        settings = read_settings(inbox=inboxes or None, home=home, after=after, workers=workers)
        if web and settings.web == OFF:
            settings = settings.model_copy(update={"web": DEFAULT_WEB})
        if listen and settings.listen == OFF:
            settings = settings.model_copy(update={"listen": DEFAULT_LISTEN})
        _watch(settings, list(settings.inbox), no_worker=no_worker)


def _watch(settings: "Settings", inboxes: list[Path], *, no_worker: bool) -> None:
    from cli.running import run
    from installation.settings import DEFAULT_INBOX
    from worker.intake.inbox import check_inboxes

    if inboxes == [DEFAULT_INBOX]:
        inboxes[0].mkdir(exist_ok=True)  # the default inbox is ours to make; a named one may be a typing error
    check_inboxes(inboxes, settings.home, settings.after)  # before a home and a ledger are made for it
    with run(settings, no_worker=no_worker, inbox=inboxes[0]) as running:
        # while its processes start
        from worker.alerts.sender import send_alerts
        from worker.monitoring.monitoring import monitor_service
        from worker.service.watch import open_intake, watch

        service = running.service
        with (
            monitor_service(service.installation, service.processes),
            send_alerts(service.installation),
            open_intake(service, inboxes, settings.after, running.wake) as intake,
        ):
            running.progress.announce(f"watching {', '.join(str(inbox.resolve()) for inbox in inboxes)}", service)
            watch(service, intake, running.stop, running.wake, running.progress.update)


def scan(
    folders: Annotated[list[Path], typer.Argument(metavar="FOLDER", help="Folders with radiographs.")],
    home: Home = None,
    workers: Workers = None,
) -> None:
    """Screen what lies in folders now (an archive, a mounted share), leave it there, and stop.

    Files that have a result already are passed over. Not while `watch` or another `scan` runs on the same home: stop
    that first, or name another home with --home. Exit code 1: some files or subfolders could not be read.

    Example: xray-cli scan /archive/2026
    """
    with exit_codes():
        from installation.sources import read_settings

        # an archive's films are no news; those that a service left unfinished in its own inboxes still are
        quiet = ",".join(str(folder.resolve()) for folder in folders)
        failed = _scan(read_settings(home=home, workers=workers, alert_not_from=quiet), folders)
    if failed:
        raise typer.Exit(FAILED)


def _scan(settings: "Settings", folders: list[Path]) -> bool:
    from cli.running import run
    from installation.home import SCAN
    from store.states import AfterScreening
    from worker.intake.inbox import check_inboxes

    check_inboxes(folders, settings.home, AfterScreening.KEEP)  # before a home and a ledger are made for them
    with run(settings, what=SCAN) as running:
        from worker.service.watch import open_intake, screen_once  # while its processes start

        with open_intake(running.service, folders, AfterScreening.KEEP, running.wake) as intake:
            running.progress.announce(f"screening {', '.join(str(folder) for folder in folders)}", running.service)
            screen_once(running.service, intake, running.stop, running.wake, running.progress.update)
            unseen = bool(intake.inboxes.fault or intake.warnings)
            return running.progress.log_summary() > 0 or unseen or running.stop.is_set()


def worker(
    home: Home = None,
    workers: Workers = None,
    expect_model: Annotated[str | None, typer.Option(hidden=True)] = None,
    leave_when_deaf: Annotated[bool, typer.Option("--leave-when-deaf", hidden=True)] = False,
) -> None:
    """Run one more worker on the ledger and broker of a running service; Ctrl-C finishes what is in work and stops.

    Example: XRAY_BROKER_URL=redis://broker XRAY_DATABASE_URL=postgresql+psycopg://db/xray xray-cli worker
    """
    # one thread a process: the processes themselves fill the cores; read when NumPy is first imported
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with exit_codes(), opened_installation(expect_model, home=home, workers=workers) as installation:
        if expect_model is None:
            _keep_worker(installation)
        else:
            from worker.pool.worker_process import run_worker_process

            run_worker_process(installation, leave_when_deaf=leave_when_deaf)


def _keep_worker(installation: "Installation") -> None:
    from threading import Event

    from cli.running import WORKER_COMMAND
    from worker.service.hosts import keep_worker
    from worker.service.signals import stop_on_signals

    with stop_on_signals(Event()) as stop:
        keep_worker(installation, WORKER_COMMAND, stop)
