"""What every test may ask for."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real radiographs, DICOM files and bad inputs; it is never part of the project."""
    data = Path(os.environ.get("XRAY_DATA", REPOSITORY.parent / "shared" / "data"))
    if data.is_dir():
        return data.parent
    reason = "no real radiographs here (set XRAY_DATA to the data folder, default ../shared/data)"
    if os.environ.get("CI"):
        pytest.fail(reason + ": CI must not skip")
    pytest.skip(reason)
