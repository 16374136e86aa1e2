"""Disks: how much room they have, how much of it is to be kept free, and what is safe on them."""

import os
from dataclasses import dataclass
from pathlib import Path

DEFAULT_MIN_FREE_BYTES = 1 << 30
SMALL_DISK_SHARE = 20  # of a small disk no more than one part in so many is kept free
MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """How much room a disk has, and how much is to be kept free, in bytes."""

    free_bytes: int
    min_free_bytes: int

    @property
    def is_low(self) -> bool:
        """True below the watermark."""
        return self.free_bytes < self.min_free_bytes

    def describe(self) -> str:
        """Say it in MiB."""
        free, kept = self.free_bytes // MEBIBYTE, self.min_free_bytes // MEBIBYTE
        return f"{free:,} MiB free on the home's disk, {kept:,} MiB are kept free"


def sync_folder(folder: Path) -> None:
    """Write a folder's names to its disk: only then does a new name outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def measure_disk(folder: Path, min_free_bytes: int | None) -> DiskSpace:
    """Measure the disk that holds a folder, or that will hold it once it is made.

    Parameters
    ----------
    min_free_bytes : int or None
        The site's watermark; None stands for 1 GiB, or a twentieth of the disk where that is less.
    """
    place = next(place for place in (folder, *folder.parents) if place.exists())
    found = os.statvfs(place)
    if min_free_bytes is None:
        min_free_bytes = min(DEFAULT_MIN_FREE_BYTES, found.f_blocks * found.f_frsize // SMALL_DISK_SHARE)
    return DiskSpace(found.f_bavail * found.f_frsize, min_free_bytes)
