"""Whether the home is still in its place: SQLite goes on writing into a file that was deleted, and says nothing."""

from collections.abc import Iterable
from pathlib import Path

from worker.errors import HomeLostError

Identity = tuple[int, int] | None  # device and inode; None where there is no such file


class Presence:
    """Remembers which files a service holds, and sees when their names lead elsewhere.

    Parameters
    ----------
    files : iterable of Path
        The home's lock, and the SQLite file if there is one.
    """

    def __init__(self, files: Iterable[Path]) -> None:
        self._held = {path: _identify(path) for path in files}

    def check(self) -> None:
        """Do nothing while all is in its place, or cannot be told now (the disk does not answer).

        Raises
        ------
        HomeLostError
            One of the files was deleted, moved, replaced or unmounted.
        """
        for path, identity in self._held.items():
            try:
                found = _identify(path)
            except OSError:
                continue
            if found != identity:
                message = (
                    f"{path} has gone, or is another file now: the home was deleted, moved or unmounted while the "
                    "service ran. Unfinished files are in the inbox; put the home back and start again"
                )
                raise HomeLostError(message)


def _identify(path: Path) -> Identity:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino
