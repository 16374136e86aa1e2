"""Keeping a worker's engine processes: started, watched, ended when they hang, and started again after a growing pause.

Screening processes do without an engine that is away, so nothing here is urgent and nothing is fatal.
"""

import logging
import os
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from inference.serving.report import EngineReport, EngineState, create_page, read_report
from inference.serving.wire import LONGEST_SOCKET_PATH
from installation.addresses import OFF
from installation.errors import HomeError
from installation.fence import pass_on_environment
from installation.home import Home
from installation.installation import Installation
from worker.engines.board import EngineBoard, EngineFacts, sweep_boards
from worker.engines.devices import Device, Devices
from worker.processes import KeptProcess, has_ended, name_locally

logger = logging.getLogger(__name__)

PROGRAM = (sys.executable, "-m", "worker.engines.program")
TICK_SECONDS = 1.0
HANG_SECONDS = 60.0  # no batch takes so long; a first one of its size is compiled before the engine serves
STOP_SECONDS = 5.0
RATE_SAMPLES = 10


class _Engine:
    """One engine process and what it says of itself."""

    def __init__(self, device: Device, process: KeptProcess, page: int, socket: Path) -> None:
        self.device = device
        self.process = process
        self.socket = socket
        self._page = page
        self._pids: set[int] = set()
        self._state = EngineState.STARTING
        self._seen: deque[tuple[float, int]] = deque(maxlen=RATE_SAMPLES)

    def tick(self, now: float) -> EngineFacts:
        """Look after it; returns what is known of it."""
        report = self._read()
        if report.busy_since is not None and now - report.busy_since > HANG_SECONDS:
            logger.error("the %s hangs and is ended", self.process.name, extra={"action": "engine_hangs"})
            self.process.restart()
        if report.state is not EngineState.UNUSABLE:
            self.process.keep_alive()
        return self._note(self._describe(self._read(), now))

    def _read(self) -> EngineReport:
        """Return what it says of itself; what one that has ended said of itself counts only where it could not run."""
        report, pid = read_report(self._page), self.process.pid
        if report is not None and (report.pid == pid or report.state is EngineState.UNUSABLE):
            return report
        return EngineReport(0, EngineState.STARTING if pid is not None else EngineState.RESTARTING)

    def _describe(self, report: EngineReport, now: float) -> EngineFacts:
        if (pid := self.process.pid) is not None:
            self._pids.add(pid)
        return EngineFacts(
            device=self.device.name,
            state=report.state,
            precision=report.precision,
            batch_size=report.batch_size,
            mean_batch=round(report.films / max(1, report.batches), 2),
            films=report.films,
            films_per_second=round(self._measure(now, report.films), 2),
            restarts=max(0, len(self._pids) - 1),
            note=report.note,
        )

    def _measure(self, now: float, films: int) -> float:
        if self._seen and films < self._seen[-1][1]:
            self._seen.clear()
        self._seen.append((now, films))
        (first_at, before), (last_at, after) = self._seen[0], self._seen[-1]
        return (after - before) / (last_at - first_at) if last_at > first_at else 0.0

    def _note(self, facts: EngineFacts) -> EngineFacts:
        """Say once what has changed."""
        if facts.state is not self._state:
            level = logging.ERROR if facts.state is EngineState.UNUSABLE else logging.INFO
            extra = {"action": f"engine_{facts.state}", "device": facts.device}
            logger.log(level, "engine %s: %s", facts.device, facts.describe(), extra=extra)
        self._state = facts.state
        return facts


class EngineKeeper:
    """Keeps the engines of one worker process.

    Parameters
    ----------
    devices : sequence of Device
        One engine for each.
    program : sequence of str
        What an engine process runs; its options are added.

    Attributes
    ----------
    sockets : list of Path
        Where they listen once they are ready.
    """

    def __init__(
        self,
        devices: Sequence[Device],
        installation: Installation,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        home = installation.home
        home.engines.mkdir(exist_ok=True)
        _sweep_sockets(home)
        sweep_boards(home)
        self._board = EngineBoard(home, has_page=installation.settings.metrics_worker_address != OFF)
        self._engines = [_build_engine(device, installation, program) for device in devices]
        self.sockets = [engine.socket for engine in self._engines]

    def tick(self) -> None:
        """Do what is due: now and then, from the worker's loop."""
        self._board.write([engine.tick(time.monotonic()) for engine in self._engines])

    def stop(self) -> None:
        """End the engines; nobody asks them any more."""
        for engine in self._engines:
            engine.process.stop(STOP_SECONDS)
            engine.socket.unlink(missing_ok=True)
        self._board.remove()


@contextmanager
def keep_engines(devices: Devices, installation: Installation) -> Iterator[EngineKeeper | None]:
    """Start engines and end them on the way out; None where no device has one.

    Raises
    ------
    HomeError
        Their sockets would have paths that are too long.
    """
    if devices.note:
        logger.warning("%s", devices.note, extra={"action": "gpus_not_used"})
    if not devices.engines:
        yield None
        return
    keeper = EngineKeeper(devices.engines, installation)
    try:
        keeper.tick()
        yield keeper
    finally:
        keeper.stop()


def _build_engine(device: Device, installation: Installation, program: Sequence[str]) -> _Engine:
    settings, home, model = installation.settings, installation.home, installation.model
    socket, page = home.runtime / f"engine-{name_locally(os.getpid())}-{device.slug}.sock", create_page()
    if len(os.fsencode(socket)) > LONGEST_SOCKET_PATH:
        raise HomeError(f"{socket} is too long for a socket's name: set XDG_RUNTIME_DIR to a shorter folder")
    options = {
        "--bundle": model.folder,
        "--expect-model": model.model_sha256,
        "--device": "gpu" if device.is_gpu else "cpu",
        "--socket": socket,
        "--page": page,
        "--batch-size": settings.batch_size,
        "--linger-ms": settings.linger_ms,
        "--log-format": settings.log_format,
    }
    words = (str(word) for option in options.items() for word in option)
    process = KeptProcess(
        f"engine {device.name}",
        (*program, *words),
        environment=pass_on_environment() | device.environment(),
        log=home.engines / f"{device.slug}.log",
        descriptors=(page,),
        give_up_after=sys.maxsize,  # screening goes on without it
    )
    return _Engine(device, process, page, socket)


def _sweep_sockets(home: Home) -> None:
    """Remove the sockets that workers left behind which were killed."""
    for path in home.runtime.glob("engine-*.sock"):
        if has_ended("-".join(path.stem.split("-")[1:3])):
            path.unlink(missing_ok=True)
