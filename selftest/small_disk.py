"""A home on a disk of its own, of 2 MiB: it is really full, in the midst of everything, and then it is enlarged."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selftest.havoc import GO_ON_SECONDS, SETTINGS
from selftest.site import wait_until
from selftest.stand import Stand

STEPS = 1
FILMS = 24
TMPFS_BYTES, FULL_BYTES = 2 << 20, 1 << 19
MOST_SECONDS = 120.0
FULL_SECONDS = 3.0


class CannotMountError(Exception):
    """Here no small disk may be mounted."""


def run_small_disk(stand: Stand) -> None:
    """Fill the disk, see that nothing ends, make room, and see the work go on."""
    stand.tell("a full disk")
    try:
        _fill_and_enlarge(stand)
    except CannotMountError as error:
        leave_small_disk_out(stand, str(error))


def leave_small_disk_out(stand: Stand, why: str) -> None:
    """Note what was not looked at."""
    stand.book.leave_out("P10", f"a disk that is full: {why}")


def _fill_and_enlarge(stand: Stand) -> None:
    # without a watermark: with it work pauses before the disk is full
    with stand.open_run("disk", **(SETTINGS | {"XRAY_MIN_FREE_BYTES": "0"})) as run, _small_disk(run.site.home):
        run.site.start()
        run.drop_next(FILMS)
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
    _mount("-t", "tmpfs", "-o", f"size={TMPFS_BYTES}", "xray-selftest", str(folder))
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
