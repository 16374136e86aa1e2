"""The listener is killed again and again while films are sent and screened: none is lost, and each has its answer."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, count
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import UID

from imaging.phantoms.files import write_dicom_phantom
from selftest.site import wait_until
from tests.acceptance.conftest import Site, site
from tests.faults.conftest import SOAK_MINUTES
from tests.pacs.peers import STORESCU, call, needs_dcmtk
from tests.pacs.receiving.conftest import Edge

__all__ = ["site"]

SENDERS, BATCHES, FILMS = 4, 84 if SOAK_MINUTES else 5, 3
SECONDS = 1200 if SOAK_MINUTES else 150
KILLS = 3

pytestmark = [pytest.mark.acceptance, pytest.mark.faults, pytest.mark.timeout(4 * SECONDS + 40), needs_dcmtk]


def write_batches(folder: Path) -> Iterator[list[list[Path]]]:
    """Give what each sender sends, an association a batch: one phantom under many UIDs, which is many films."""
    write_dicom_phantom(folder / "base", seed=1, rows=400, columns=320)
    film, numbers = pydicom.dcmread(folder / "base"), count(1)
    for sender in range(SENDERS):
        names = [[folder / f"{sender}-{batch}-{number}.dcm" for number in range(FILMS)] for batch in range(BATCHES)]
        for path in chain.from_iterable(names):
            film.SOPInstanceUID = film.file_meta.MediaStorageSOPInstanceUID = UID(f"1.2.3.{next(numbers)}")
            film.save_as(path)
        yield names


def send(edge: Edge, sender: int, batches: list[list[Path]]) -> None:
    """Send as a modality does: what was not answered with success is sent again."""
    for films in batches:

        def is_taken(films: list[Path] = films) -> bool:
            try:
                return call(STORESCU, edge.port, "-aet", f"ROOM{sender}", *films, seconds=30).returncode == 0
            except subprocess.TimeoutExpired:
                return False

        wait_until(is_taken, what=f"success for ROOM{sender}", seconds=SECONDS)


def test_what_was_sent_is_answered_though_the_listener_is_killed(site: Site) -> None:
    edge = Edge(site.root)
    everything = list(write_batches(site.root))
    site.start()
    edge.start()
    try:
        with ThreadPoolExecutor(SENDERS) as senders:
            sent = [senders.submit(send, edge, number, batches) for number, batches in enumerate(everything)]
            for kill in range(1, KILLS + 1):
                due = kill * SENDERS * BATCHES * FILMS // (KILLS + 1)
                wait_until(lambda due=due: edge.said().count("film_received") >= due, what="films", seconds=SECONDS)
                edge.kill()
                edge.start()
            for sending in sent:
                sending.result(timeout=SECONDS + 20)
        films = SENDERS * BATCHES * FILMS
        site.wait_for_results(films, seconds=SECONDS)
        wait_until(lambda: count_answered(site) == films, what="an answer for each", seconds=SECONDS)
        assert {result["state"] for result in site.report()["results"]} <= {"done", "duplicate"}
        assert edge.films() == []
        groups = site.run("report", "--since", "1h", "--by", "sender").stdout
        assert all(f"ROOM{number}" in groups for number in range(SENDERS))
    finally:
        edge.kill()


def count_answered(site: Site) -> int:
    return len({result["source_sha256"] for result in site.report()["results"] if result["state"] == "done"})
