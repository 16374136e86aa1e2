"""Room on the home's disk: work pauses before it runs out, and goes on when there is enough again."""

import errno
from pathlib import Path

from installation.disk import measure_disk

RESUME_SHARE = 8  # work goes on with so much more room (one part in eight), so that it does not flutter


class DiskLowError(OSError):
    """The disk of the home is about to be full; files stay in the inbox."""


class DiskWatch:
    """Tells when to pause, and when there is room enough to go on.

    Parameters
    ----------
    folder : Path
        The home.
    min_free_bytes : int or None
        The watermark, as for `measure_disk`.
    """

    def __init__(self, folder: Path, min_free_bytes: int | None) -> None:
        self._folder = folder
        self._min_free_bytes = min_free_bytes
        self._was_low = False

    def check(self) -> None:
        """Do nothing where there is room; raises DiskLowError where work must pause."""
        space = measure_disk(self._folder, self._min_free_bytes)
        enough = space.min_free_bytes + (space.min_free_bytes // RESUME_SHARE if self._was_low else 0)
        self._was_low = space.free_bytes < enough
        if self._was_low:
            raise DiskLowError(errno.ENOSPC, f"{space.describe()} (XRAY_MIN_FREE_BYTES): make room")
