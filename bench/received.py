"""Films that come by DICOM while they are screened: senders and listener share the machine with the service."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pydicom
from pydicom.uid import UID

from bench.films import BASES, RAW
from bench.product import list_ends, running, wait_for_rows
from selftest.site import PROGRAM, Site, wait_until

STORESCU = Path("/usr/bin/storescu")  # Debian's dcmtk; pynetdicom brings a script of this name
SENDERS = 4
LONGEST_PDU_BYTES = 131_072


def measure_received(count: int, root: Path, model: Path) -> tuple[float, float] | None:
    """Send raw films over four associations, and drop as many into the same folder.

    Returns
    -------
    tuple or None
        Films a second to the last row: of those that were sent, and of those that were dropped. None without a sender.
    """
    if not STORESCU.exists():
        return None
    shares, dropped = _write_shares(count, root / "sent"), root / "dropped"
    RAW.write_copies(dropped, count)

    def send() -> None:
        senders = [subprocess.Popen(_send(port, share)) for share in shares if share]
        for sender in senders:
            sender.wait()

    with running(root / "site", model) as site, _listening(site) as port:
        return _find_rate(site, count, send), _find_rate(site, count, lambda: dropped.rename(site.inbox / dropped.name))


def _find_rate(site: Site, count: int, bring: Callable[[], object]) -> float:
    finished, began = site.count_finished(), time.time()
    bring()
    wait_for_rows(site, finished + count)
    return count / (list_ends(site)[-1] - began)


def _write_shares(count: int, folder: Path) -> list[list[Path]]:
    """Write films whose data sets differ: of a file all else is written anew by who receives it."""
    folder.mkdir(parents=True)
    paths = [folder / f"{number:06}.dcm" for number in range(count)]
    for seed in range(BASES):
        RAW.write(folder / "base", seed)
        film = pydicom.dcmread(folder / "base")
        prefix = film.SOPInstanceUID[:50].rstrip(".")
        for number in range(seed, count, BASES):
            film.SOPInstanceUID = film.file_meta.MediaStorageSOPInstanceUID = UID(f"{prefix}.{number + 1}")
            film.save_as(paths[number])
    (folder / "base").unlink()
    return [paths[sender::SENDERS] for sender in range(SENDERS)]


def _send(port: int, films: Sequence[Path]) -> list[str]:
    return [
        str(STORESCU),
        "--max-pdu",
        str(LONGEST_PDU_BYTES),
        "-aec",
        "XRAY",
        "127.0.0.1",
        str(port),
        *map(str, films),
    ]


@contextmanager
def _listening(site: Site) -> Iterator[int]:
    """Receive for a site's inbox; gives the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    environment = site.environment | {"XRAY_LISTEN": f"127.0.0.1:{port}"}
    with site.log.open("ab") as log:
        command = [*PROGRAM, "listen", str(site.inbox)]
        listener = subprocess.Popen(command, env=environment, cwd=site.root, stdout=log, stderr=log)
    try:
        wait_until(lambda: _answers(port), what="a listener", seconds=60)
        yield port
    finally:
        listener.terminate()
        listener.wait(30)


def _answers(port: int) -> bool:
    try:
        with closing(socket.create_connection(("127.0.0.1", port), timeout=1)):
            return True
    except OSError:
        return False
