"""The inbox as a file system: what lies in it, what is ignored, and whether somebody still writes."""

import errno
import fcntl
import hashlib
import logging
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from store.states import AfterScreening
from worker.errors import InboxError, InboxInUseError
from worker.intake.stability import Look

logger = logging.getLogger(__name__)

# names under which well-behaved senders write before they rename
UNFINISHED_SUFFIXES = (".part", ".tmp", ".partial", ".filepart", ".crdownload", ".download")
# what storage, Windows and macOS keep beside the films: thumbnails, bins, snapshots; upper or lower case is the same
LITTER = frozenset(
    {
        *("@eadir", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", "@tmp", "@sharebin", "@synoresource"),
        *("$recycle.bin", "recycle.bin", "recycler", "recycled", "system volume information", "found.000"),
        *("~snapshot", "lost+found", "network trash folder", "temporary items", "__macosx", "icon\r"),
        *("thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini"),
    }
)


def is_ignored(name: str) -> bool:
    """Tell whether a name says that the file or folder is not (yet) meant for us."""
    lowered = name.lower()
    # a stream of such a file is a file of its own where a share cannot hold streams: Thumbs.db:encryptable
    litter = lowered.partition(":")[0] in LITTER or "@syno" in lowered
    return name.startswith(".") or litter or lowered.endswith(UNFINISHED_SUFFIXES)


def look_at(path: str) -> Look | None:
    """Look at a file without following links; None where it is gone or not a regular file."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return as_look(found) if stat.S_ISREG(found.st_mode) else None


def as_look(found: os.stat_result) -> Look:
    """Reduce a stat result to what a write changes."""
    return Look(found.st_size, found.st_mtime_ns, found.st_ino)


def list_files(
    folder: str, excluded: frozenset[str], closed: dict[str, OSError] | None = None
) -> Iterator[tuple[str, os.stat_result]]:
    """Walk a folder: regular files with their stat, without links, ignored names and excluded folders.

    Parameters
    ----------
    closed : dict or None
        Takes up the subfolders in which files cannot be seen, by their path, and why. One that vanishes meanwhile is
        none of them. The folder itself must be there: its ``OSError`` is the caller's.
    """
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    if is_ignored(entry.name):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        waiting += [entry.path] if entry.path not in excluded else []
                    elif (status := _stat_file(entry)) is not None:
                        yield entry.path, status
        except (FileNotFoundError, NotADirectoryError):
            if place == folder:
                raise
        except OSError as error:
            if place == folder:
                raise
            if closed is not None:
                closed[place] = error


def _stat_file(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False) if entry.is_file(follow_symlinks=False) else None
    except (FileNotFoundError, NotADirectoryError):
        return None


def fingerprint_file(path: str | Path, look: Look) -> str:
    """Name a file in the inbox: the same path with other content is another arrival (hex SHA-256)."""
    facts = f"\0{look.size_bytes}\0{look.mtime_ns}\0{look.inode}"
    return hashlib.sha256(os.fsencode(path) + facts.encode()).hexdigest()


def has_open_writer(path: str) -> bool | None:
    """Ask the kernel for a read lease, which it grants only when nobody has the file open for writing.

    Returns
    -------
    bool or None
        None where the file system or our rights give no answer (a share, another user's file).

    Notes
    -----
    fcntl(2), F_SETLEASE. A writer who opens during the lease makes the kernel send SIGIO, which ends a
    process by default: the service ignores that signal.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    else:
        return False
    finally:
        os.close(descriptor)


def check_inboxes(inboxes: Iterable[Path], home: Path, after: AfterScreening) -> list[Path]:
    """Return the inboxes' real paths, one that is named twice (by a link, say) once.

    Raises
    ------
    InboxError
        One cannot be watched, or lies in another, which would take its files too.
    """
    found: dict[tuple[int, int], Path] = {}
    for inbox in inboxes:
        folder = check_inbox(inbox, home, after)
        identity = folder.stat()
        found.setdefault((identity.st_dev, identity.st_ino), folder)
    for folder in found.values():
        if outer := next((other for other in found.values() if other in folder.parents), None):
            raise InboxError(f"the inbox {folder} lies in the inbox {outer}, whose subfolders are inbox too; name one")
    return list(found.values())


def check_inbox(inbox: Path, home: Path, after: AfterScreening) -> Path:
    """Return the inbox's real path, or raise InboxError saying why it cannot be watched."""
    folder = inbox.resolve()
    if not folder.is_dir():
        raise InboxError(f"the inbox {inbox} is not a folder; make it, or name another")
    if folder == home or home in folder.parents:
        raise InboxError(f"the inbox {inbox} lies in the home {home}; keep them apart")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise InboxError(f"the inbox {inbox} cannot be read; check its permissions")
    if after is AfterScreening.MOVE and not os.access(folder, os.W_OK):
        raise InboxError(f"files cannot be moved out of {inbox}; set XRAY_AFTER=keep to leave them there")
    return folder


@contextmanager
def hold_inboxes(inboxes: Iterable[Path], *, alone: bool) -> Iterator[None]:
    """Hold inboxes against services with other ledgers; the kernel lets go however this one ends.

    Parameters
    ----------
    alone : bool
        True where files are moved into a home whose ledger nobody else writes: another service would take the same
        files, and each ledger would miss what the other has. False lets in others that say the same.

    Raises
    ------
    InboxInUseError
        Another service holds one of them.
    """
    with ExitStack() as stack:
        for inbox in inboxes:
            descriptor = os.open(inbox, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            stack.callback(os.close, descriptor)
            try:
                fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
            except BlockingIOError:
                message = (
                    f"another service takes the files of {inbox} into another home, and each file has one place: "
                    "stop it, give each an inbox of its own, or set XRAY_AFTER=keep for both"
                )
                raise InboxInUseError(message) from None
            except OSError as error:  # a share without locks
                facts = {"action": "inbox_not_held"}
                logger.info("the inbox cannot be held against other services (%s)", error.strerror, extra=facts)
        yield
