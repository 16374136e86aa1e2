"""Trials of what is scarce or damaged: time and memory to read a film, a disk, the kernel's events, a model's bytes.

All but the last are for a full run only: they take minutes, or a disk of their own.
"""

import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless

from imaging.phantoms.files import write_dicom_phantom
from selftest.kills import FIND_SECONDS, GO_ON_SECONDS, SETTINGS
from selftest.run import Run
from selftest.site import SiteError, wait_until
from selftest.stand import Stand
from store.ledger.fates import READER_MEMORY, READER_TIMEOUT
from store.states import ArrivalState

LARGE = 6000  # rows and columns
SMALL_MEMORY_BYTES = 200 << 20
DISK_FILMS, DISK_BYTES, FULL_BYTES, FULL_SECONDS = 24, 2 << 20, 1 << 19, 3.0
BACKLOG_FILES = 20_000
MOST_SECONDS = 180.0
LEFT_OUT = {"P11": "a file that takes too long or too much memory", "P10": "a disk that is full"}
"""What only a full run looks at, of promises that a quick one looks at too."""


def run_limits(stand: Stand) -> None:
    """Let each meet its limit, beside films that must not notice."""
    stand.announce("a film that takes too long to read")
    slow = stand.root / "slow.part"
    _write_slow_film(slow)
    _meet(stand, slow, READER_TIMEOUT, XRAY_READ_SECONDS="2")
    stand.announce("a film that takes too much memory")
    write_dicom_phantom(slow, seed=1, rows=LARGE, columns=LARGE)
    _meet(stand, slow, READER_MEMORY, XRAY_MAX_MEMORY_BYTES=str(SMALL_MEMORY_BYTES))
    slow.unlink()


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


class CannotMountError(Exception):
    """Here no small disk may be mounted."""


def run_small_disk(stand: Stand) -> None:
    """Fill the disk, see that nothing ends, make room, and see the work go on."""
    stand.announce("a full disk")
    try:
        _fill_and_enlarge(stand)
    except CannotMountError as error:
        stand.book.leave_out("P10", f"{LEFT_OUT['P10']}: {error}")


def _fill_and_enlarge(stand: Stand) -> None:
    # without a watermark: with it work pauses before the disk is full
    with stand.open_run("disk", **(SETTINGS | {"XRAY_MIN_FREE_BYTES": "0"})) as run, _small_disk(run.site.home):
        run.site.start()
        run.drop_next(DISK_FILMS)
        wait_until(lambda: _is_full(run.site.home), what="a full disk", seconds=MOST_SECONDS)
        time.sleep(FULL_SECONDS)
        stand.book.check("P10", not run.site.service_ended(), "the service ended on a full disk")
        finished = run.site.count_finished()
        _mount("-o", "remount,size=256m", str(run.site.home))
        room_at = time.monotonic()
        wait_until(lambda: run.site.count_finished() > finished, what="work that goes on", seconds=MOST_SECONDS)
        stand.book.keep_longest("P10", "s until work went on", time.monotonic() - room_at, GO_ON_SECONDS)
        run.finish(MOST_SECONDS)
        run.site.stop()
        stand.prove(run)


def _is_full(folder: Path) -> bool:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize < FULL_BYTES


@contextmanager
def _small_disk(folder: Path) -> Iterator[None]:
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={DISK_BYTES}", "xray-selftest", str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)  # noqa: S603, S607


def _mount(*words: str) -> None:
    try:
        tried = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)  # noqa: S603, S607
    except OSError as error:
        raise CannotMountError(f"there is no program 'mount' here ({error.strerror})") from None
    if tried.returncode:
        said = tried.stderr.partition("\n")[0].rpartition(": ")[2].rstrip(".") or f"exit code {tried.returncode}"
        raise CannotMountError(f"only root may mount a small disk ({said})")


def run_backlog(stand: Stand) -> None:
    """Bring in 20,000 files meanwhile, and see that each has its row; reading them all would take long."""
    stand.announce(f"{BACKLOG_FILES:,} files while the watcher sleeps")
    with stand.open_run("backlog") as run:
        run.site.start()
        with run.site.suspended():
            for number in range(BACKLOG_FILES):
                run.drop_content(f"{number}.txt", f"letter {number}".encode())
        awake_at = time.monotonic()
        wait_until(lambda: run.site.count_arrived() >= BACKLOG_FILES, what="what came meanwhile", seconds=MOST_SECONDS)
        stand.book.keep_longest("P7", "s until all were found", time.monotonic() - awake_at, FIND_SECONDS)
        run.site.kill()
        _check_names(stand, run)


def _check_names(stand: Stand, run: Run) -> None:
    rows = Counter(row.path.name for row in run.read().arrivals)
    missing = sum(name not in rows for name, _ in run.dropped)
    stand.book.check("P7", not missing, f"{missing} of {BACKLOG_FILES:,} files have no row")
    stand.book.check("P2", max(rows.values()) == 1, "a file has several rows")
    stand.book.add("P7", "files", BACKLOG_FILES)


def run_damaged_model(stand: Stand) -> None:
    """Start a service on a damaged bundle, and then on the same, repaired."""
    stand.announce("a model with a flipped byte")
    bundle = stand.root / "bundle"
    shutil.copytree(stand.model, bundle)
    graph = max(bundle.glob("*.tflite"), key=lambda path: path.stat().st_size)
    with stand.open_run("model", XRAY_MODEL=str(bundle)) as run:
        with _flipped_byte(graph):
            refused = not _starts(run.site.start)
        said = run.site.log.read_text() if run.site.log.exists() else ""
        stand.book.check("P16", refused, "a model with a flipped byte serves")
        stand.book.check("P16", graph.name in said, "the refusal does not name the damaged file")
        stand.book.check("P16", _starts(run.site.start), "the same model, whole again, does not serve")
        stand.book.add("P16", "refused", int(refused))
    shutil.rmtree(bundle)


def _starts(start: Callable[[], None]) -> bool:
    try:
        start()
    except SiteError:
        return False
    return True


@contextmanager
def _flipped_byte(path: Path) -> Iterator[None]:
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    try:
        yield
    finally:
        path.write_bytes(whole)
