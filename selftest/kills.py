"""SIGKILL of one process of a service, as a fault of the machine ends it."""

import random
from collections.abc import Callable
from typing import Literal, get_args

import psutil

from selftest.site import Site

Victim = Literal["watcher", "pool child", "worker", "broker"]
VICTIMS: tuple[Victim, ...] = get_args(Victim)


def kill(site: Site, victim: Victim, chance: random.Random) -> bool:
    """Kill one process; returns False where there is none just now, because it is being started again.

    A watcher is started again by us, as a service manager does; it starts all others again itself.
    """
    if victim == "watcher":
        site.kill()
        site.start()
        return True
    try:
        found = _FIND[victim](site)
        if found:
            chance.choice(found).kill()
    except psutil.NoSuchProcess:
        return False
    return bool(found)


def find_workers(site: Site) -> list[psutil.Process]:
    """Return the worker process, without the readers in its pool."""
    found = site.find_processes("worker")
    return [process for process in found if psutil.Process(process.ppid()) not in found]


def find_pool_children(site: Site) -> list[psutil.Process]:
    """Return the readers."""
    found = site.find_processes("worker")
    return [process for process in found if psutil.Process(process.ppid()) in found]


_FIND: dict[str, Callable[[Site], list[psutil.Process]]] = {
    "worker": find_workers,
    "pool child": find_pool_children,
    "broker": lambda site: site.find_processes("valkey-server"),
}
