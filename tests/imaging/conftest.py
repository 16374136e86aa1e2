"""What the tests of the imaging room may ask for."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Dcmtk = Callable[..., None]


@pytest.fixture(scope="session")
def dcmtk() -> Dcmtk:
    """Return a function that runs one of dcmtk's programs."""
    missing = [program for program in ("dcmj2pnm", "dcmdjpeg", "dcmdjpls", "dcmdrle") if not shutil.which(program)]
    if missing:
        reason = f"dcmtk is not installed (no {', '.join(missing)})"
        if os.environ.get("CI"):
            pytest.fail(reason + ": CI must not skip")
        pytest.skip(reason)

    def run(program: str, *arguments: str | Path) -> None:
        subprocess.run([program, *map(str, arguments)], check=True, capture_output=True, timeout=60)

    return run
