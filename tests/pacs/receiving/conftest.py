"""A listener as a hospital runs it: the real program, an inbox, senders that call its port."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from installation.settings import ENVIRONMENT_PREFIX
from selftest.site import PROGRAM, wait_until
from tests.ports import find_free_port


@dataclass
class Edge:
    """One inbox and the listener that fills it."""

    root: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=find_free_port)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.inbox, self.log = self.root / "inbox", self.root / "listen.log"
        self.inbox.mkdir(exist_ok=True)

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)}
        own = {"XRAY_LISTEN": f"127.0.0.1:{self.port}", "XRAY_HOME": str(self.root / "home")}
        return inherited | own | self.settings

    def start(self) -> "Edge":
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*PROGRAM, "listen", str(self.inbox)],
                env=self.environment,
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        begun = self.said().count('"listening"')
        wait_until(lambda: self.said().count('"listening"') > begun or self.ended(), what="a listener", seconds=60)
        assert not self.ended(), self.said()
        return self

    def ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def said(self) -> str:
        return self.log.read_text()

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def films(self) -> list[Path]:
        return sorted(path for path in self.inbox.rglob("*") if path.is_file())

    def half_received(self) -> list[Path]:
        return list((self.root / ".inbox.receiving").iterdir())

    def memory_mib(self) -> float:
        assert self.process is not None
        return psutil.Process(self.process.pid).memory_info().rss / (1 << 20)

    def count_threads(self) -> int:
        assert self.process is not None
        return psutil.Process(self.process.pid).num_threads()

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30, source_address=(source, 0))


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Edge]:
    """Return a listener that is not started yet."""
    edge = Edge(tmp_path)
    yield edge
    if not edge.ended():
        edge.kill()
