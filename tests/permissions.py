"""Permissions that hold: root sees through them, so tests of them are run as somebody else."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from tests.needs import find_program

NOBODY = 65534
# root may do anything; without these two capabilities a command has to obey permissions as everybody else
OBEYING = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner")


def obeying_command() -> tuple[str, ...]:
    """Return what a command begins with so that permissions hold for it; skips where root has no way to that."""
    if os.geteuid() != 0:
        return ()
    return (find_program(OBEYING[0], "util-linux"), *OBEYING[1:])


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
