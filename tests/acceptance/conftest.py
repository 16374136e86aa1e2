"""A site: an inbox, a home and the real ``xray-cli`` as its own processes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import pytest

from store.arrivals import count_by_state
from store.database import open_database, reading
from store.states import FINISHED_STATES
from tests.databases import (
    empty_postgresql_url,
    postgresql_server,
    postgresql_template,
    postgresql_url,
)

__all__ = ["empty_postgresql_url", "postgresql_server", "postgresql_template", "postgresql_url"]

CLI = (sys.executable, "-m", "cli")
QUICK = {"XRAY_STABLE_SECONDS": "0.3", "XRAY_RESCAN_SECONDS": "1"}


@dataclass
class Site:
    """One installation in a temporary folder."""

    root: Path
    runtime: Path
    settings: dict[str, str] = field(default_factory=dict)
    service: subprocess.Popen[bytes] | None = None

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("XRAY_")}
        own = {"XRAY_HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.runtime)}
        return inherited | own | QUICK | self.settings

    def run(self, *words: str | Path, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a command of the command line to its end."""
        command = [*CLI, *(str(word) for word in words)]
        return subprocess.run(
            command, env=self.environment, cwd=self.root, capture_output=True, text=True, timeout=timeout, check=False
        )

    def start(self) -> None:
        """Start the service, and wait until it watches."""
        seen = self.log.read_text().count('"started"') if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.service = subprocess.Popen(
                [*CLI, "watch", str(self.inbox)], env=self.environment, cwd=self.root, stdout=log, stderr=log
            )
        wait_until(
            lambda: self.log.read_text().count('"started"') > seen or self.service_ended(), what="the start", seconds=60
        )
        assert not self.service_ended(), self.log.read_text()

    def service_ended(self) -> bool:
        return self.service is None or self.service.poll() is not None

    def stop(self) -> int:
        """Ask the service to stop; returns its exit code."""
        assert self.service is not None
        self.service.send_signal(signal.SIGTERM)
        return self.service.wait(60)

    def kill(self) -> None:
        """End the service as a power cut ends a process."""
        assert self.service is not None
        self.service.kill()
        self.service.wait(10)

    def find_processes(self, word: str) -> list[psutil.Process]:
        """Return the service's descendants whose command line holds a word."""
        assert self.service is not None
        children = psutil.Process(self.service.pid).children(recursive=True)
        return [child for child in children if any(word in part for part in child.cmdline())]

    def report(self) -> dict[str, Any]:
        """Return today's report as machines read it."""
        answer = self.run("report", "--since", "1h", "--format", "json")
        assert answer.returncode == 0, answer.stderr
        found: dict[str, Any] = json.loads(answer.stdout)
        return found

    def wait_for_results(self, count: int, seconds: float = 60.0) -> list[dict[str, Any]]:
        """Wait until so many files have a result, and return them."""
        wait_until(lambda: self.count_finished() >= count, what=f"{count} results", seconds=seconds)
        results: list[dict[str, Any]] = self.report()["results"]
        return results

    def count_finished(self) -> int:
        url = self.settings.get("XRAY_DATABASE_URL", f"sqlite:///{self.home / 'xray.db'}")
        engine = open_database(url)
        with reading(engine) as connection:
            states = count_by_state(connection)
        engine.dispose()
        return sum(states.get(state, 0) for state in FINISHED_STATES)


def wait_until(holds: Callable[[], object], *, what: str, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.05)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    (tmp_path / "inbox").mkdir()
    # A socket's path has 107 bytes, and pytest's folders get longer with every run.
    with TemporaryDirectory(prefix="xray-", ignore_cleanup_errors=True) as runtime:
        site = Site(tmp_path, Path(runtime))
        yield site
        if not site.service_ended():
            site.kill()
