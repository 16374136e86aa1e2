"""Moving a file between inbox and home, on one file system or across two; nothing is replaced, nothing is half there.

A sender may take a file's name at any moment. So what was moved is looked at afterwards, and given back if it is
another file than was meant; across file systems the original steps aside before it is deleted, under a name that the
intake ignores.
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable
from io import BufferedRandom, BufferedReader
from pathlib import Path

from installation.faults import fault_point
from worker.intake.inbox import as_look, look_at
from worker.intake.stability import Look

IsMeant = Callable[[Look | None], bool]

NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS)  # a file system without hard links


def move_out(source: Path, target: Path, is_meant: IsMeant) -> None:
    """Move a file out of the inbox.

    Parameters
    ----------
    is_meant : Callable
        Tells by a look whether a file is the one that is to be moved.

    Raises
    ------
    OSError
        It stays where it was.
    """
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(source, part := _part_of(target), is_meant)
        fault_point("after_copy")
        part.replace(target)
        _flush_folder(target.parent)
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
        _flush_folder(target.parent)
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


def _flush_folder(folder: Path) -> None:
    """See to it that a name outlives a power cut before the original is deleted."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _part_of(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def _aside_of(source: Path, target: Path) -> Path:
    return source.with_name(f".{target.name}.part")
