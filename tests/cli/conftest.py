"""A folder to run commands in, and the command line as a process."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def runtime() -> Iterator[str]:
    # a socket's path has 107 bytes, and pytest's folders get longer with every run
    with TemporaryDirectory(prefix="xray-", ignore_cleanup_errors=True) as runtime:
        yield runtime


@pytest.fixture
def run(tmp_path: Path, runtime: str) -> Run:
    """Run ``xray-cli`` with its home in a temporary folder; keyword arguments are environment variables.

    ``wrapper`` is a command that runs it.
    """

    def run_command(
        *words: object, wrapper: Sequence[str] = (), **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        environment = {name: value for name, value in os.environ.items() if not name.startswith("XRAY_")}
        environment |= {"XRAY_HOME": str(tmp_path / "home"), "XDG_RUNTIME_DIR": runtime, **variables}
        return subprocess.run(
            [*wrapper, sys.executable, "-m", "cli", *(str(word) for word in words)],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run_command
