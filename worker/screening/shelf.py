"""Where files go once their row is committed: processed by date, or quarantined with the reason beside them.

Names here come from the ledger (arrival id and hash), never from the sender: hostile names stay in the database.

A file is never deleted, nothing is replaced and nothing is half there, on one file system or across two. A sender may
take a file's name at any moment: what was moved is looked at afterwards, and given back if it is another file than was
meant. Across file systems the original steps aside before it is deleted, under a name that the intake ignores.
"""

import errno
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BufferedRandom, BufferedReader
from pathlib import Path

from inference.labels import NOTICE
from installation.disk import sync_folder
from installation.faults import fault_point
from installation.home import Home
from store.ledger.arrivals import Arrival
from store.states import AfterScreening, ArrivalState
from worker.intake.inbox import as_look, fingerprint_file, look_at
from worker.intake.stability import Look

SUFFIXES = {"dicom": ".dcm", "png": ".png", "jpeg": ".jpg"}
REASON_SUFFIX = ".reason.json"
NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS)  # a file system without hard links

IsMeant = Callable[[Look | None], bool]
"""Whether a file is, by a look at it, the one that is to be moved."""


class Shelf:
    """Moves finished files out of the inbox.

    Parameters
    ----------
    home : Home
        Holds the processed and quarantine folders.
    """

    def __init__(self, home: Home) -> None:
        self._home = home

    def place(
        self, arrival: Arrival, source_sha256: str | None, source_format: str | None, *, quarantined: bool
    ) -> Path | None:
        """Say where a file will lie, before it moves; None where it stays in the inbox."""
        if arrival.after is AfterScreening.KEEP:
            return None
        name = f"{arrival.id:08d}-{(source_sha256 or 'unread')[:16]}{SUFFIXES.get(source_format or '', '.bin')}"
        if quarantined:
            return self._home.quarantine / name
        return self._home.processed / f"{datetime.now(tz=UTC):%Y/%m/%d}" / name

    def settle(self, arrival: Arrival) -> bool:
        """Move a finished arrival's file to its place; may be repeated.

        Returns
        -------
        bool
            True when the file has left the inbox; False where another one has taken its name meanwhile,
            which is another arrival's.

        Raises
        ------
        OSError
            It cannot be moved now; BlockingIOError where another process is about to.
        """
        target = arrival.stored_path
        if target is None:
            return False
        # a sweep may come upon a file whose worker is still copying it: one of the two has to wait
        with hold_place(self._home, arrival.id):
            self._settle(arrival, target)
        return target.exists()

    def _settle(self, arrival: Arrival, target: Path) -> None:
        def is_meant(look: Look | None) -> bool:
            return look is not None and fingerprint_file(arrival.path, look) == arrival.fingerprint

        if is_meant(look_at(str(arrival.path))):
            self._make_folder(target.parent)
            if arrival.state is ArrivalState.QUARANTINED:
                _write_reason(arrival, target)
                fault_point("after_reason", arrival.id)
            move_out(arrival.path, target, is_meant)
        else:
            clear_aside(arrival.path, target, is_meant)  # as after a kill at this very step

    def check_releasable(self, arrival: Arrival) -> None:
        """Raise what keeps a file from being released: FileNotFoundError or FileExistsError."""
        if arrival.stored_path is None or not arrival.stored_path.exists():
            message = f"arrival {arrival.id}: its file is no longer in quarantine"
            raise FileNotFoundError(message)
        if os.path.lexists(arrival.path):
            message = f"arrival {arrival.id}: another file has its name in the inbox"
            raise FileExistsError(message)

    def _make_folder(self, folder: Path) -> None:
        # a home that was deleted or unmounted must not come to life again: its ledger would not know the file
        if not self._home.root.is_dir():
            raise FileNotFoundError(errno.ENOENT, "the home has gone")
        folder.mkdir(parents=True, exist_ok=True)

    def release(self, arrival: Arrival) -> None:
        """Move a quarantined file back to where it came from, to go the one way again.

        Raises
        ------
        FileExistsError
            Another file has its name now.
        FileNotFoundError
            It is no longer in quarantine.
        """
        self.check_releasable(arrival)
        assert arrival.stored_path is not None  # noqa: S101  (checked above)
        arrival.path.parent.mkdir(parents=True, exist_ok=True)
        move_back(arrival.stored_path, arrival.path)
        _reason_path(arrival.stored_path).unlink(missing_ok=True)


@contextmanager
def hold_place(home: Home, arrival_id: int) -> Iterator[None]:
    """Hold an arrival's place in the home against other processes; the kernel lets go however this one ends.

    Raises
    ------
    BlockingIOError
        Another process holds it.
    FileNotFoundError
        The home has gone.
    """
    with home.moving_lock.open("r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, arrival_id)
        yield


def _reason_path(target: Path) -> Path:
    return target.with_name(target.name + REASON_SUFFIX)


def _write_reason(arrival: Arrival, target: Path) -> None:
    reason = {
        "notice": NOTICE,
        "arrival_id": arrival.id,
        "reason_code": arrival.reason_code,
        "reason": arrival.reason,
        "source_sha256": arrival.source_sha256,
        "attempts": arrival.attempts,
        "received_at": arrival.received_at.isoformat(),
    }
    part = target.with_name(target.name + ".part")
    try:
        part.write_text(json.dumps(reason, indent=2) + "\n")
        part.replace(_reason_path(target))
    except OSError:  # a full disk, which must not be filled by what is left of it
        part.unlink(missing_ok=True)
        raise


def move_out(source: Path, target: Path, is_meant: IsMeant) -> None:
    """Move a file out of the inbox; raises OSError where it stays where it was."""
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(source, part := _part_of(target), is_meant)
        fault_point("after_copy")
        part.replace(target)
        sync_folder(target.parent)
        if is_meant(look_at(str(source))):
            source.rename(_aside_of(source, target))
            fault_point("after_aside")
        clear_aside(source, target, is_meant)
        return
    if not is_meant(look_at(str(target))):
        _give_back(target, source)


def clear_aside(source: Path, target: Path, is_meant: IsMeant) -> None:
    """Delete an original whose copy is whole, or give back another file that had just taken its name."""
    aside = _aside_of(source, target)
    look = look_at(str(aside))
    if look is None:
        return
    if is_meant(look):
        aside.unlink()
    else:
        _give_back(aside, source, target.name)


def move_back(source: Path, target: Path) -> None:
    """Move a file into the inbox.

    Raises
    ------
    FileExistsError
        A sender has taken its name.
    """
    try:
        _move_without_replacing(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(source, part := _part_of(target), lambda look: look is not None)
        try:
            _move_without_replacing(part, target)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        sync_folder(target.parent)
        source.unlink()


def _move_without_replacing(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)  # a rename would replace what has the name
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        source.rename(target)
    else:
        source.unlink()


def _give_back(held: Path, path: Path, other_name: str = "") -> None:
    """Give a sender's file its name back, or one of ours where that is taken once more."""
    try:
        _move_without_replacing(held, path)
    except FileExistsError:
        _move_without_replacing(held, path.with_name(other_name or held.name))


def _copy(source: Path, part: Path, is_meant: IsMeant) -> None:
    """Copy, flush to the disk and compare; nothing is left of a copy that failed."""
    try:
        # a name that became a link or a pipe meanwhile is no file of ours
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as original, part.open("w+b") as copy:
            shutil.copyfileobj(original, copy)
            copy.flush()
            os.fsync(copy.fileno())
            _compare(original, copy, is_meant)
        shutil.copystat(source, part, follow_symlinks=False)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _compare(original: BufferedReader, copy: BufferedRandom, is_meant: IsMeant) -> None:
    if _hash(original) != _hash(copy) or not is_meant(as_look(os.fstat(original.fileno()))):
        raise OSError(errno.EAGAIN, "it was replaced or written to while it was copied")


def _hash(file: BufferedReader | BufferedRandom) -> bytes:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").digest()


def _part_of(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def _aside_of(source: Path, target: Path) -> Path:
    return source.with_name(f".{target.name}.part")
