"""The machine that the figures belong to."""

import os
import platform
from pathlib import Path

import psutil

from store.location import find_filesystem_type

CPU_FACTS = Path("/proc/cpuinfo")


def describe_machine(folder: Path) -> dict[str, str | int]:
    """Return processor, cores, memory, file system of the folder, and Python; nothing that names the host."""
    return {
        "processor": _find_processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "file_system": find_filesystem_type(folder) or "unknown",
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
    }


def _find_processor() -> str:
    facts = CPU_FACTS.read_text() if CPU_FACTS.exists() else ""
    names = [line.partition(":")[2].strip() for line in facts.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"
