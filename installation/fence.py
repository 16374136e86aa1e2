"""What fences a process that reads strangers' files: its memory, and what of our settings it is handed."""

import ctypes
import os
import resource
from pathlib import Path

from installation.settings import ENVIRONMENT_PREFIX

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # mallopt(3)
KEPT_BYTES = 128 << 20
LONGEST_KEPT_BYTES = 32 << 20  # the most that glibc takes here; longer arrays are given back at once


def limit_memory(max_bytes: int) -> None:
    """Let this process take so much address space beyond what it has now; then allocations fail."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + max_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def keep_freed_memory() -> None:
    """Keep what one film has freed for the next one: the kernel's clean pages cost a quarter of a JPEG's time.

    Without glibc's ``mallopt`` nothing happens.
    """
    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    if tune is not None:
        tune(M_MMAP_THRESHOLD, LONGEST_KEPT_BYTES)
        tune(M_TRIM_THRESHOLD, KEPT_BYTES)


def pass_on_environment() -> dict[str, str]:
    """Return our environment without our settings: some are secret, and a child gets those that it uses."""
    return {name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)}
