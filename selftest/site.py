"""A site: an inbox, a home, and the real ``xray-cli watch`` on them; any of its processes can be killed."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import psutil
from sqlalchemy import Connection

from installation.home import Home
from installation.settings import ENVIRONMENT_PREFIX
from store.database import open_database, reading
from store.ledger.counts import count_by_state
from store.ledger.sweeps import list_unsettled
from store.states import FINISHED_STATES, ArrivalState
from worker.processes import die_with_parent

PROGRAM = (sys.executable, "-m", "cli")
QUICK = {"XRAY_STABLE_SECONDS": "0.3", "XRAY_RESCAN_SECONDS": "1"}
STARTED = '"started"'  # the action of the log line that says that the inbox is watched
LOOK_SECONDS = 0.05
ALL_FINISHED = -60.0  # files that finished before a minute from now, whatever the clocks


class SiteError(Exception):
    """The service has ended, or does not do in time what it should."""


@dataclass
class Site:
    """One installation in a temporary folder.

    Attributes
    ----------
    root : Path
        Holds inbox, home and log; the service's working folder.
    inbox, home, log : Path
        The folder that is watched, everything that the service writes, and what all of its processes have said.
    runtime : Path
        For the broker's socket: its path has 107 bytes at most.
    settings : dict
        Variables for the service beyond `QUICK`; those of our own environment do not reach it.
    wrapper : tuple of str
        The program, with its arguments, that starts the service (with fewer rights, say).
    """

    root: Path
    runtime: Path
    settings: dict[str, str] = field(default_factory=dict)
    wrapper: tuple[str, ...] = ()
    service: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.inbox, self.home, self.log = (self.root / name for name in ("inbox", "home", "log"))

    @property
    def database_url(self) -> str:
        """Where the ledger is."""
        return self.settings.get("XRAY_DATABASE_URL", f"sqlite:///{self.home / 'xray.db'}")

    @property
    def environment(self) -> dict[str, str]:
        """The service's whole environment."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)}
        own = {"XRAY_HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.runtime), "XRAY_METRICS_ADDRESS": "off"}
        return inherited | own | QUICK | self.settings

    def start(self, seconds: float = 60.0) -> None:
        """Start the service, and wait until it watches; it may be killed as soon as it does; raises SiteError."""
        seen = self.count_starts()
        with self.log.open("ab") as log:
            self.service = subprocess.Popen(  # noqa: S603  (our own program)
                [*self.wrapper, *PROGRAM, "watch", str(self.inbox)],
                env=self.environment,
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        wait_until(lambda: self.service_ended() or self.count_starts() > seen, what="the start", seconds=seconds)
        if self.count_starts() == seen:
            raise SiteError(f"the service ended at its start: {self.log.read_text()[-2000:]}")

    def count_starts(self) -> int:
        """Count how often it has begun to watch."""
        return self.log.read_text().count(STARTED) if self.log.exists() else 0

    def service_ended(self) -> bool:
        """Return whether it does not run."""
        return self.service is None or self.service.poll() is not None

    def stop(self) -> int:
        """Ask the service to stop; returns its exit code."""
        return self._send(signal.SIGTERM).wait(60)

    def kill(self) -> None:
        """End the service as a power cut ends a process; its children end with it."""
        children = self.find_processes("")
        self._send(signal.SIGKILL).wait(10)
        psutil.wait_procs(children, timeout=10)

    def _send(self, number: signal.Signals) -> subprocess.Popen[bytes]:
        if self.service is None:
            raise SiteError("the service was never started")
        self.service.send_signal(number)
        return self.service

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Let the watcher sleep, as a machine does that is busy with something else."""
        if self.service_ended():
            self.start()
        self._send(signal.SIGSTOP)
        try:
            yield
        finally:
            self._send(signal.SIGCONT)

    def find_processes(self, word: str) -> list[psutil.Process]:
        """Return the service's descendants in whose command line a word stands, alone or as a path's last part."""
        if self.service is None or self.service_ended():
            return []
        found = []
        for child in psutil.Process(self.service.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if not word or word in (Path(part).name for part in " ".join(child.cmdline()).split()):
                    found.append(child)
        return found

    def find_broker_socket(self) -> Path:
        """Return the embedded broker's socket."""
        socket = Home(self.home.resolve()).broker_socket
        return self.runtime / socket.parent.name / socket.name

    @contextmanager
    def open_ledger(self) -> Iterator[Connection]:
        """Read the ledger."""
        engine = open_database(self.database_url)
        with reading(engine) as connection:
            yield connection
        engine.dispose()

    def count_finished(self) -> int:
        """Count the files that have come to an end."""
        return sum(count for state, count in self._count().items() if state in FINISHED_STATES)

    def count_arrived(self) -> int:
        """Count the files that have a row."""
        return sum(self._count().values())

    def _count(self) -> dict[ArrivalState, int]:
        with self.open_ledger() as connection:
            return count_by_state(connection)

    def is_settled(self, count: int) -> bool:
        """Return whether so many files have come to an end, and lie where they belong."""
        if self.count_finished() < count:
            return False
        with self.open_ledger() as connection:
            return not list_unsettled(connection, ALL_FINISHED)

    def finish(self, count: int, seconds: float) -> None:
        """Wait until so many files are settled; a service that has ended is started again; raises SiteError."""
        deadline = time.monotonic() + seconds
        while not self.is_settled(count):
            if time.monotonic() > deadline:
                found = f"{self.count_finished()} of {count} files done in {seconds:.0f} s"
                raise SiteError(f"{found}:\n{self.log.read_text()[-4000:]}")
            if self.service_ended():
                self.start()
            time.sleep(4 * LOOK_SECONDS)


def wait_until(holds: Callable[[], object], *, what: str, seconds: float = 30.0) -> None:
    """Wait for something; raises SiteError."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise SiteError(f"waited {seconds:.0f} s for {what}")
        time.sleep(LOOK_SECONDS)


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Let SIGTERM, and a terminal that is closed, do what Ctrl-C does."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


Victim = Literal["watcher", "pool child", "worker", "broker"]
VICTIMS: tuple[Victim, ...] = get_args(Victim)


def kill(site: Site, victim: Victim, chance: random.Random) -> bool:
    """Kill one process; returns False where there is none just now, because it is being started again.

    A watcher is started again by us, as a service manager does; it starts all others again itself.
    """
    if victim == "watcher":
        site.kill()
        site.start()
        return True
    try:
        found = _FIND[victim](site)
        if found:
            chance.choice(found).kill()
    except psutil.NoSuchProcess:
        return False
    return bool(found)


def find_workers(site: Site) -> list[psutil.Process]:
    """Return the worker process, without the readers in its pool."""
    found = site.find_processes("worker")
    return [process for process in found if psutil.Process(process.ppid()) not in found]


def find_pool_children(site: Site) -> list[psutil.Process]:
    """Return the readers."""
    found = site.find_processes("worker")
    return [process for process in found if psutil.Process(process.ppid()) in found]


_FIND: dict[str, Callable[[Site], list[psutil.Process]]] = {
    "worker": find_workers,
    "pool child": find_pool_children,
    "broker": lambda site: site.find_processes("valkey-server"),
}
