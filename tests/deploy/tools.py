"""Programs of the system that check what we ship; a machine without them skips, CI installs them."""

import os
import shutil

import pytest


def need(program: str) -> str:
    """Return a program's path, or skip the test; fails in CI."""
    path = shutil.which(program)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(f"{program} is missing: .ci/run installs it")
        pytest.skip(f"{program} is not installed")
    return path
