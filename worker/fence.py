"""The fence around a reading process: memory, and no life after its parent."""

import ctypes
import resource
import signal
from pathlib import Path

PR_SET_PDEATHSIG = 1  # prctl(2): the signal that this process gets when its parent dies


def limit_memory(max_bytes: int) -> None:
    """Let this process take so much address space beyond what it has now; then allocations fail."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + max_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def die_with_parent(with_signal: signal.Signals = signal.SIGKILL) -> None:
    """End this process when its parent ends, however it ends: an orphan would work on unseen."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, with_signal)
