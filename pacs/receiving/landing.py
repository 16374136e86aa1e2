"""Where a film lands: whole and safe on disk in a hidden folder beside the inbox, then in the inbox by one rename."""

import errno
import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path, PurePath
from uuid import uuid4

from installation.disk import measure_disk, sync_folder
from pacs.receiving.errors import InboxError

FILM_MODE = 0o640
FOLDER_MODE = 0o750
LONG_SECONDS = 86_400.0


class Landing:
    """The hidden folder, and the way out of it.

    Parameters
    ----------
    inbox : Path
        Where films go.
    min_free_bytes : int or None
        The watermark, as `installation.disk.measure_disk` takes it.

    Raises
    ------
    InboxError
        The inbox is not there, cannot be written, or another listener receives for it.
    """

    def __init__(self, inbox: Path, min_free_bytes: int | None) -> None:
        self.inbox = inbox.resolve()
        self._min_free_bytes = min_free_bytes
        try:
            self.folder = _make_hidden(self.inbox)
            is_ours = self._hold()
        except BlockingIOError:
            raise InboxError(f"another listener receives for the inbox {inbox}: stop it first") from None
        except OSError as error:
            message = f"nothing can be received for the inbox {inbox} ({error.strerror}): make it, or name another"
            raise InboxError(message) from None
        self.clear(older_than_seconds=0 if is_ours else LONG_SECONDS)

    def _hold(self) -> bool:
        """Hold the folder for one listener; False where its disk (a share, say) has no locks."""
        self._lock = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:
            return False
        return True

    def check_room(self) -> None:
        """Raise OSError (ENOSPC) where the inbox's disk has less room than is kept free."""
        if measure_disk(self.inbox, self._min_free_bytes).is_low:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def settle(self, received: Path, below: PurePath) -> None:
        """Bring a whole file into the inbox, under a name of ours; when this returns, no power cut loses it.

        Parameters
        ----------
        received : Path
            Lies in the hidden folder.
        below : PurePath
            Folder below the inbox, which is made if need be.

        Raises
        ------
        OSError
            It is not in the inbox, or may not be there after a power cut: the sender must not believe that it is.
        """
        descriptor = os.open(received, os.O_RDONLY | os.O_CLOEXEC)
        try:
            with suppress(PermissionError):  # a share that has its own idea of modes
                os.fchmod(descriptor, FILM_MODE)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        folder = self._make_below(below)
        os.replace(received, folder / f"{uuid4().hex}.dcm")  # noqa: PTH105  (Path.replace says the same)
        sync_folder(folder)

    def clear(self, older_than_seconds: float) -> None:
        """Remove what callers broke off: nobody was told that we have it."""
        self._make_again()
        limit = time.time() - older_than_seconds
        for path in self.folder.iterdir():
            try:
                if path.stat().st_mtime <= limit:
                    path.unlink()
            except FileNotFoundError:
                continue

    def _make_again(self) -> None:
        """Make the folder again where somebody has tidied it away: without it no film could come until a restart."""
        try:
            self.folder.mkdir(FOLDER_MODE)
        except FileExistsError:
            return
        os.close(self._lock)
        self._hold()

    def _make_below(self, below: PurePath) -> Path:
        folder = self.inbox
        for part in below.parts:
            folder /= part
            try:
                folder.mkdir(FOLDER_MODE)
            except FileExistsError:
                continue
            sync_folder(folder.parent)
        return folder


def _make_hidden(inbox: Path) -> Path:
    """Make the folder beside the inbox; in it, hidden as well, where the inbox is a disk of its own."""
    beside = inbox.parent
    is_one_disk = inbox.stat().st_dev == beside.stat().st_dev and os.access(beside, os.W_OK | os.X_OK)
    folder = beside / f".{inbox.name}.receiving" if is_one_disk else inbox / ".receiving"
    folder.mkdir(FOLDER_MODE, exist_ok=True)
    return folder
