"""The thorough part of poison: a film that takes its reader too long, and one that takes it too much memory."""

from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless

from imaging.phantoms.files import write_dicom_phantom
from selftest.stand import Stand
from store.ledger.fates import READER_MEMORY, READER_TIMEOUT
from store.states import ArrivalState

STEPS = 2
LARGE = 6000  # rows and columns
SMALL_MEMORY_BYTES = 200 << 20
MOST_SECONDS = 180.0


def run_limits(stand: Stand) -> None:
    """Let each meet its limit, beside films that must not notice."""
    stand.tell("a film that takes too long to read")
    slow = stand.root / "slow.part"
    _write_slow_film(slow)
    _meet(stand, slow, READER_TIMEOUT, XRAY_READ_SECONDS="2")
    stand.tell("a film that takes too much memory")
    write_dicom_phantom(slow, seed=1, rows=LARGE, columns=LARGE)
    _meet(stand, slow, READER_MEMORY, XRAY_MAX_MEMORY_BYTES=str(SMALL_MEMORY_BYTES))
    slow.unlink()


def leave_limits_out(stand: Stand, why: str) -> None:
    """Note what was not looked at."""
    stand.book.leave_out("P11", f"a file that takes too long or too much memory: {why}")


def _meet(stand: Stand, film: Path, reason_code: str, **limit: str) -> None:
    with stand.open_run(reason_code, **limit) as run:
        run.site.start()
        run.drop_content("film.dcm", film.read_bytes())
        run.drop_next(4)
        run.finish(MOST_SECONDS)
        run.site.stop()
        stand.prove(run)
        ledger = run.read()
    row = ledger.find("film.dcm")
    if row is None or row.state != ArrivalState.QUARANTINED:
        # a machine that is fast enough, or a film that is small enough, meets no limit
        stand.book.leave_out("P11", f"{reason_code}: here the film was read within the limit")
        return
    stand.book.check("P11", row.reason_code == reason_code, f"{reason_code} was expected, found {row.reason_code}")
    harmed = [other.id for other in ledger.arrivals if other.attempts and other.id != row.id]
    stand.book.check("P11", not harmed, f"{reason_code}: {len(harmed)} other files were charged with an attempt")
    stand.book.add("P11", f"{reason_code} set aside", 1)


def _write_slow_film(path: Path) -> None:
    """Write noise, losslessly compressed: decoding it takes seconds."""
    noise = np.random.default_rng(1).integers(0, 1 << 12, (LARGE, LARGE), dtype=np.uint16)
    write_dicom_phantom(path, seed=1, rows=64, columns=64)
    film = pydicom.dcmread(path)
    film.Rows = film.Columns = LARGE
    film.file_meta.TransferSyntaxUID = JPEG2000Lossless
    codestream = imagecodecs.jpeg2k_encode(noise, level=0, codecformat="j2k", reversible=True, bitspersample=12)
    film.PixelData = encapsulate([bytes(codestream)])
    film["PixelData"].VR = "OB"
    film.save_as(path, enforce_file_format=True)
