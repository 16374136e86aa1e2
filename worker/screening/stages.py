"""How long each step of a film took, and which attempts failed: from the screening processes to whoever counts them.

A process sends a datagram a film, and never waits for it: nobody may listen, or not fast enough for long, and then a
figure is missing and nothing else. Files that processes share would do without a listener, but a write into a mapped
file on a full disk ends the process (SIGBUS), and each process that dies leaves its file behind.
"""

import json
import mmap
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from installation.addresses import OFF
from installation.installation import Installation
from worker.processes import name_locally

STAGES = ("read", "decode", "infer", "record", "move")
LONGEST_MESSAGE = 4096
MOST_UNSENT = 200  # the kernel's queue may hold ten messages only
PLACES = 1 << 16  # the numbers of films that are in work at once lie closer together


@dataclass(slots=True)
class StageTimes:
    """The seconds that one film spent in each stage."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Add the time that passes in here, however it ends."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - began


class FilmsInReading:
    """Which films are being read just now, as their screening processes note it for the process that they come from.

    What one was doing when its time ran out is asked when it can no longer say it. The memory is made before the fork
    and has no name: nothing of it is left behind.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, PLACES)

    @contextmanager
    def note(self, arrival_id: int) -> Iterator[None]:
        """Note that a film is being read, decoded and judged in here: all that takes the longer the worse its file."""
        self._memory[arrival_id % PLACES] = 1
        try:
            yield
        finally:
            self._memory[arrival_id % PLACES] = 0

    def take(self, arrival_id: int) -> bool:
        """Return whether a film was being read, and forget it: another process may have it next."""
        was_read = self._memory[arrival_id % PLACES] == 1
        self._memory[arrival_id % PLACES] = 0
        return was_read


@dataclass(frozen=True, slots=True)
class AttemptReport:
    """What a screening process reports: numbers and codes, and nothing about the film itself.

    Attributes
    ----------
    stages : mapping
        Seconds by stage.
    retry : tuple of str, or None
        The kind of an attempt that failed (``retry_file``, ``retry_fault``), and its reason code.
    death : str or None
        The reason code of an attempt over which the process died.
    """

    stages: Mapping[str, float] = field(default_factory=dict)
    retry: tuple[str, str] | None = None
    death: str | None = None


@dataclass(frozen=True, slots=True)
class StageSender:
    """Sends notes to a listener, if there is one.

    Attributes
    ----------
    path : Path or None
        The listener's socket; None sends nothing.
    """

    path: Path | None = None
    _unsent: deque[bytes] = field(default_factory=lambda: deque(maxlen=MOST_UNSENT))

    def send(self, note: AttemptReport) -> None:
        """Send a note without waiting: one that finds the listener's queue full goes with a later one."""
        if self.path is None:
            return
        self._unsent.append(json.dumps({"stages": note.stages, "retry": note.retry, "death": note.death}).encode())
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            while self._unsent:
                try:
                    sender.sendto(self._unsent[0], str(self.path))
                except BlockingIOError:
                    return
                except OSError:
                    self._unsent.clear()  # nobody listens
                else:
                    self._unsent.popleft()


@contextmanager
def listen(path: Path, take: Callable[[AttemptReport], None]) -> Iterator[None]:
    """Give every note to ``take``, in a thread of its own.

    Raises
    ------
    OSError
        The socket cannot be made.
    """
    path.unlink(missing_ok=True)  # what a killed service left behind; the folder is ours alone
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        thread = Thread(target=_take_all, args=(listener, take), name="stages", daemon=True)
        thread.start()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
            listener.shutdown(socket.SHUT_RD)  # wakes the thread with an empty message
            thread.join()


def _take_all(listener: socket.socket, take: Callable[[AttemptReport], None]) -> None:
    while message := listener.recv(LONGEST_MESSAGE):
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            take(_read_note(message))


def _read_note(message: bytes) -> AttemptReport:
    """Read a message; raises ValueError, KeyError, TypeError or AttributeError where it is none."""
    found = json.loads(message)
    stages = {stage: float(found["stages"][stage]) for stage in STAGES if stage in found["stages"]}
    retry = found["retry"] and (str(found["retry"][0]), str(found["retry"][1]))
    return AttemptReport(stages, retry, found["death"] and str(found["death"]))


def find_stages_socket(installation: Installation, keeper_pid: int) -> Path:
    """Return the socket on which somebody listens to a worker's screening processes.

    Parameters
    ----------
    keeper_pid : int
        The process that keeps the worker: it listens if it serves figures, else the service of this home does.
    """
    home, own = installation.home, installation.settings.metrics_worker_address != OFF
    return home.runtime / f"stages-{name_locally(keeper_pid)}.sock" if own else home.stages_socket
