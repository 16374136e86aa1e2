"""Real peers: Debian's dcmtk. pynetdicom brings scripts of the same names, so each is named by its path."""

import re
import subprocess
from pathlib import Path

import pytest

ECHOSCU, STORESCU, DCMSEND, STORESCP = (
    Path("/usr/bin", name) for name in ("echoscu", "storescu", "dcmsend", "storescp")
)

needs_dcmtk = pytest.mark.skipif(not STORESCU.exists(), reason="needs Debian's dcmtk")


def call(program: Path, port: int, *words: str | Path, called: str = "XRAY", seconds: float = 60):
    """Run a peer against a listener on this machine."""
    command = [program, "-aec", called, *words[:-1], "127.0.0.1", str(port), words[-1]] if words else None
    command = command or [program, "-aec", called, "127.0.0.1", str(port)]
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=seconds, check=False)


def count_sent(report: Path) -> tuple[int, int]:
    """Return how many films dcmsend says were taken, and how many not; its exit code does not say."""
    said = report.read_text()
    taken = re.search(r"sent successfully\s*:\s*(\d+)", said) or re.search(r"status SUCCESS\s*:\s*(\d+)", said)
    assert taken, said
    return int(taken[1]), said.count("FAILED")
