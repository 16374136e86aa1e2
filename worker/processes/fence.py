"""The fence around a reading process: memory, which it keeps for its next film, and no life after its parent."""

import ctypes
import resource
import signal
from pathlib import Path

PR_SET_PDEATHSIG = 1  # prctl(2): the signal that this process gets when its parent dies
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


def die_with_parent(with_signal: signal.Signals = signal.SIGKILL) -> None:
    """End this process when its parent ends, however it ends: an orphan would work on unseen."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, with_signal)
