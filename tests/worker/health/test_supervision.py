"""What a service manager is told: that the service is up, goes round, and is on its way out."""

import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from installation.home import Home
from worker.health.heartbeat import Heartbeat, ServiceState
from worker.health.supervision import notify_manager


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with TemporaryDirectory(prefix="xray-") as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        path = str(Path(folder) / "notify")
        listener.bind(path)
        listener.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        yield listener


def test_each_beat_tells_the_manager(manager: socket.socket, home: Home) -> None:
    heartbeat = Heartbeat(home)
    heartbeat.beat(ServiceState.STARTING)
    assert manager.recv(4096) == b"STATUS=starting"
    heartbeat.beat(ServiceState.READY)
    assert manager.recv(4096) == b"READY=1\nWATCHDOG=1\nSTATUS=ready"
    heartbeat.beat(ServiceState.PAUSED, ["the disk is full"])
    assert manager.recv(4096) == b"READY=1\nWATCHDOG=1\nSTATUS=paused: the disk is full"
    heartbeat.beat(ServiceState.STOPPING)
    assert manager.recv(4096) == b"STOPPING=1\nSTATUS=stopping"


def test_an_abstract_socket_is_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("")  # the kernel chooses an abstract name
        name = listener.getsockname()
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + bytes(name[1:]).decode())
        listener.settimeout(10)
        notify_manager("READY=1")
        assert listener.recv(100) == b"READY=1"


def test_a_manager_that_has_gone_is_no_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    notify_manager("READY=1")
    monkeypatch.delenv("NOTIFY_SOCKET")
    notify_manager("READY=1")
