"""Permissions that hold: root sees through them, so tests of them are run as somebody else."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

NOBODY = 65534
# root may do anything; without these two capabilities a command has to obey permissions as everybody else
OBEYING = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner")


def obeying_command() -> tuple[str, ...]:
    """Return what a command begins with so that permissions hold for it; skips where root has no way to that."""
    if os.geteuid() != 0:
        return ()
    if shutil.which(OBEYING[0]) is None:
        pytest.skip("setpriv is not installed, and root may read everything")
    return OBEYING


@contextmanager
def as_nobody() -> Iterator[None]:
    """Have this process obey permissions."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
