"""Real peers: Debian's dcmtk. pynetdicom brings scripts of the same names, so each is named by its path."""

import subprocess
from pathlib import Path

from tests.needs import needs

ECHOSCU, STORESCU, DCMSEND, STORESCP = (
    Path("/usr/bin", name) for name in ("echoscu", "storescu", "dcmsend", "storescp")
)

ORTHANC = Path("/usr/sbin/Orthanc")

needs_orthanc = needs(ORTHANC.name, "orthanc")
needs_dcmtk = needs(STORESCU.name, "dcmtk")


def call(
    program: Path, port: int, *words: str | Path, called: str = "XRAY", seconds: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run a peer against a port of this machine; of the words those that are paths to films come last."""
    films = [word for word in words if isinstance(word, Path) and word.suffix == ".dcm"]
    options = [word for word in words if word not in films]
    command = [program, "-aec", called, *options, "127.0.0.1", port, *films]
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=seconds, check=False)
