"""A folder to run commands in, and the command line as a process."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run ``xray-cli`` with its home in a temporary folder; keyword arguments are environment variables."""

    def run_command(*words: object, **variables: str) -> "subprocess.CompletedProcess[str]":
        environment = {name: value for name, value in os.environ.items() if not name.startswith("XRAY_")}
        environment |= {"XRAY_HOME": str(tmp_path / "home"), "XDG_RUNTIME_DIR": str(tmp_path), **variables}
        return subprocess.run(
            [sys.executable, "-m", "cli", *(str(word) for word in words)],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run_command
