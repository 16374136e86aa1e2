"""The service ``report`` of docker-compose.yml: its very loop and its health check, on a home of their own."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.conftest import wait_until
from tests.databases import sqlite_template
from tests.deploy.compose import PROGRAMS, ROOT, read_compose

__all__ = ["sqlite_template"]

SERVICE = read_compose()["services"]["report"]
DOLLAR = "$$"  # compose's way to write one


@pytest.fixture
def environment(sqlite_template: Path, tmp_path: Path) -> dict[str, str]:
    """A home with a ledger, and ``xray-cli`` on the PATH."""
    home, programs = tmp_path / "home", tmp_path / "bin"
    home.mkdir()
    programs.mkdir()
    shutil.copyfile(sqlite_template, home / "xray.db")
    program = programs / "xray-cli"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cli "$@"\n')
    program.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XRAY_")}
    path = f"{programs}:{os.environ['PATH']}"
    return kept | {"PATH": path, "PYTHONPATH": str(ROOT), "XRAY_HOME": str(home), "XRAY_TIME_ZONE": "UTC"}


def is_healthy(environment: dict[str, str]) -> bool:
    kind, program, *words = SERVICE["healthcheck"]["test"]
    assert kind == "CMD"
    ended = subprocess.run([*PROGRAMS[program], *words], env=environment, capture_output=True, check=False)
    return ended.returncode == 0


def test_the_loop_writes_the_report_and_its_health_check_sees_it(environment: dict[str, str], tmp_path: Path) -> None:
    assert not is_healthy(environment)
    words = [word.replace(DOLLAR, "$") for word in SERVICE["entrypoint"]]
    loop = subprocess.Popen(words, env=environment, cwd=tmp_path, start_new_session=True)
    try:
        wait_until(lambda: is_healthy(environment), what="a report", seconds=90)
        assert loop.poll() is None
    finally:
        os.killpg(loop.pid, signal.SIGTERM)
        loop.wait(30)
    (written,) = (tmp_path / "home" / "reports").glob("xray-report-*.html")
    assert "Research use only. Not for diagnosis." in written.read_text()
    os.utime(written, (0, 0))
    assert not is_healthy(environment)
