"""A site: an inbox, a home and the real ``xray-cli`` as its own processes."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from selftest.site import PROGRAM, wait_until
from selftest.site import Site as DrivenSite
from tests.databases import (
    empty_postgresql_url,
    postgresql_server,
    postgresql_template,
    postgresql_url,
)

__all__ = ["empty_postgresql_url", "postgresql_server", "postgresql_template", "postgresql_url", "wait_until"]


@dataclass
class Site(DrivenSite):
    """One installation in a temporary folder, with the commands that people use on it."""

    def run(self, *words: str | Path, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a command of the command line to its end."""
        return self.run_program(*PROGRAM, *(str(word) for word in words), timeout=timeout)

    def run_program(self, *command: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a program to its end, with the service's environment and folder."""
        return subprocess.run(
            command, env=self.environment, cwd=self.root, capture_output=True, text=True, timeout=timeout, check=False
        )

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


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    (tmp_path / "inbox").mkdir()
    # A socket's path has 107 bytes, and pytest's folders get longer with every run.
    with TemporaryDirectory(prefix="xray-", ignore_cleanup_errors=True) as runtime:
        site = Site(tmp_path, Path(runtime))
        yield site
        if not site.service_ended():
            site.kill()
