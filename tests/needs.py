"""What tests need of the machine beside the Python packages: without it they skip, except in CI, which installs it."""

import os
import shutil
from typing import NoReturn

import pytest

# before PATH, where a Python package may have put a script of the same name
PLACES = os.pathsep.join(("/usr/bin", "/usr/sbin", "/usr/local/bin", os.environ.get("PATH", "")))


def skip(reason: str) -> NoReturn:
    """Skip the test; in CI nothing is skipped that can be had, so there it fails."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}: CI must not skip, .ci/run installs what tests need")
    pytest.skip(reason)


def find_program(name: str, package: str) -> str:
    """Return the path of a program of the system, or skip the test."""
    found = shutil.which(name, path=PLACES)
    if found is None:
        skip(_explain(name, package))
    return found


def needs(name: str, package: str) -> pytest.MarkDecorator:
    """Return the mark of tests that need a program; in CI they run, and fail without it."""
    missing = shutil.which(name, path=PLACES) is None and not os.environ.get("CI")
    return pytest.mark.skipif(missing, reason=_explain(name, package))


def _explain(name: str, package: str) -> str:
    return f"{name} of Debian's {package} is not installed"
