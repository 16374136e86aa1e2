"""Processes of our own: what they are called, what bounds them, and how they are kept alive.

A process id alone names nobody where several containers and hosts write: each container counts its own from 1, and
several share one home.
"""

import ctypes
import logging
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from installation.fence import pass_on_environment
from installation.settings import WorkerSettings
from worker.errors import WorkerFailedError, WorkerRefusedError

logger = logging.getLogger(__name__)

WORKER = "worker"  # the name of the process that screens
STEADY_SECONDS = 30.0  # a process that has run for this long has started well
LONGEST_PAUSE_SECONDS = 30.0
LASTING = frozenset({os.EX_DATAERR, os.EX_NOINPUT, os.EX_CONFIG})  # exit codes that another start would give again

PR_SET_PDEATHSIG = 1  # prctl(2): the signal that this process gets when its parent dies


def name_locally(pid: int) -> str:
    """Name a process of this container among all of this machine's: short, as a socket's path must be."""
    return f"{_find_namespace()}-{pid}"


def name_process(pid: int) -> str:
    """Name a process of this container among all of a site's; containers may also share their host's name."""
    return f"{socket.gethostname()}-{name_locally(pid)}"


def name_lease(worker_pid: int, task_id: str = "") -> str:
    """Name the holder of a lease: the worker process, then the attempt; without the attempt, what all begin with."""
    return f"{name_process(worker_pid)}:{task_id}"


def has_ended(name: str) -> bool:
    """Return whether a process of this container that was named so runs no more; of others we cannot know."""
    number = name.rpartition("-")[2]
    if not number.isdecimal() or name not in (name_locally(int(number)), name_process(int(number))):
        return False
    return not Path("/proc", number).exists()


@cache
def _find_namespace() -> int:
    """Return the number of our process ids' namespace, pid_namespaces(7): no two that live on one kernel share it."""
    return Path("/proc/self/ns/pid").stat().st_ino


def count_processes(settings: WorkerSettings) -> int:
    """Return how many screening processes a worker has here."""
    return settings.workers or len(os.sched_getaffinity(0))


def die_with_parent(with_signal: signal.Signals = signal.SIGKILL) -> None:
    """End this process when its parent ends, however it ends: an orphan would work on unseen."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, with_signal)


@dataclass(slots=True)
class KeptProcess:
    """One child process of the service.

    Attributes
    ----------
    name : str
        For messages.
    command : sequence of str
        What is run.
    environment : mapping
        Its whole environment; by default ours without our settings.
    log : Path or None
        Where its output goes; None: its messages go where ours go.
    messages : int or None
        A descriptor to which its standard error goes instead of ours.
    descriptors : sequence of int
        Further ones that it has open, under the same numbers.
    give_up_after : int
        So many exits in a row soon after the start mean that another start would not last either; an end by
        a signal (killed, out of memory) is met with patience only.
    on_end : Callable or None
        Called with the process id of one that ended without being asked to.
    ends : int
        How often it ended so, since the service began.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=pass_on_environment)
    log: Path | None = None
    messages: int | None = None
    descriptors: Sequence[int] = ()
    give_up_after: int = 5
    on_end: Callable[[int], None] | None = None
    ends: int = 0
    _process: subprocess.Popen[bytes] | None = None
    _started_at: float = 0.0
    _start_at: float = 0.0
    _short_lives: int = 0
    _exits: int = 0

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Start it, out of reach of the terminal's Ctrl-C: stopping is ours, and in order."""
        output = self.log.open("ab") if self.log else None
        try:
            self._process = subprocess.Popen(  # noqa: S603  (our own command)
                self.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output or subprocess.DEVNULL,  # our own processes log to standard error
                stderr=output or self.messages,
                pass_fds=self.descriptors,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        finally:
            if output:
                output.close()
        self._started_at = time.monotonic()

    def keep_alive(self) -> None:
        """Start it again if it has ended, after a growing pause.

        Raises
        ------
        WorkerFailedError
            It has ended soon after each of its last starts.
        WorkerRefusedError
            It has ended because of its data or its configuration: a model bundle that is damaged, say.
        """
        now = time.monotonic()
        if self.pid is not None:
            if now - self._started_at > STEADY_SECONDS:
                self._short_lives = self._exits = 0
            return
        if self._process is not None:
            self._note_end(self._process, now)
        if now >= self._start_at:
            self.start()

    def _note_end(self, ended: subprocess.Popen[bytes], now: float) -> None:
        code = ended.returncode
        if self.on_end is not None:
            self.on_end(ended.pid)
        self._process = None
        if code in LASTING:
            message = f"the {self.name} ended with exit code {code}, as another start would: the log above says why"
            raise WorkerRefusedError(message, code)
        self.ends += 1
        self._short_lives += 1
        self._exits += code >= 0
        if self._exits >= self.give_up_after:
            found = f"the {self.name} ended {self._exits} times soon after its start (exit code {code})"
            raise WorkerFailedError(f"{found}; the log above says why")
        pause = min(LONGEST_PAUSE_SECONDS, 0.5 * 2 ** (self._short_lives - 1))
        self._start_at = now + pause
        logger.error(
            "the %s ended (exit code %s); starting it again in %.1f s", self.name, code, pause,
            extra={"action": "restart"},
        )  # fmt: skip

    def restart(self) -> None:
        """End it at once; the next ``keep_alive`` starts it again."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def stop(self, seconds: float) -> None:
        """Ask it to finish what it does, and end it when it has not done so in time."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            logger.warning("the %s did not stop in %.0f s and is ended", self.name, seconds, extra={"action": "kill"})
            self._process.kill()
            self._process.wait()
