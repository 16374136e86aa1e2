"""What processes are called in places that several containers and hosts write to.

A process id alone names nobody there: each container counts its own from 1, and several share one home.
"""

import socket
from functools import cache
from pathlib import Path


def name_locally(pid: int) -> str:
    """Name a process of this container among all of this machine's: short, as a socket's path must be."""
    return f"{_find_namespace()}-{pid}"


def name_process(pid: int) -> str:
    """Name a process of this container among all of a site's; containers may also share their host's name."""
    return f"{socket.gethostname()}-{name_locally(pid)}"


def has_ended(name: str) -> bool:
    """Tell whether a process of this container that was named so runs no more; of others we cannot know."""
    number = name.rpartition("-")[2]
    if not number.isdecimal() or name not in (name_locally(int(number)), name_process(int(number))):
        return False
    return not Path("/proc", number).exists()


@cache
def _find_namespace() -> int:
    """Return the number of our process ids' namespace, pid_namespaces(7): no two that live on one kernel share it."""
    return Path("/proc/self/ns/pid").stat().st_ino
