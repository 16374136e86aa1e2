"""What every test may ask for."""

import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.needs import skip

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Take back what a command of this process has set up: it writes to an output that the test alone has."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in [each for each in root.handlers if each not in handlers]:
        root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Hear SIGINT, which a shell's background job does not, nor what it starts: some tests interrupt a command."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real radiographs, DICOM files and bad inputs; it is never part of the project."""
    data = Path(os.environ.get("XRAY_DATA", REPOSITORY.parent / "shared" / "data"))
    if not data.is_dir():
        skip("no real radiographs here (set XRAY_DATA to the data folder, default ../shared/data)")
    return data.parent
