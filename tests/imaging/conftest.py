"""What the tests of the imaging room may ask for."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.needs import find_program

Dcmtk = Callable[..., None]


@pytest.fixture(scope="session")
def dcmtk() -> Dcmtk:
    """Return a function that runs one of dcmtk's programs."""
    paths = {name: find_program(name, "dcmtk") for name in ("dcmj2pnm", "dcmdjpeg", "dcmdjpls", "dcmdrle")}

    def run(program: str, *arguments: str | Path) -> None:
        subprocess.run([paths[program], *map(str, arguments)], check=True, capture_output=True, timeout=60)

    return run
