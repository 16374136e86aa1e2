"""From a path to bytes: one descriptor, one read, one hash of exactly the bytes that are decoded."""

import errno
import hashlib
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from imaging.errors import FileTooLargeError, NotARegularFileError

MAX_BYTES = 256 * 1024 * 1024

# a FIFO without O_NONBLOCK hangs its reader for ever; a link could lead out of the inbox
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# what opening a symbolic link, a socket or a device without driver gives
_NOT_REGULAR = {errno.ELOOP, errno.ENXIO, errno.ENODEV}


class SourceChangedError(OSError):
    """The file changed while it was read: somebody still writes it, try again later."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The bytes of a file and what they were when they were read.

    Attributes
    ----------
    content : bytes
        The whole file.
    sha256 : str
        Hash of `content`, hexadecimal, 64 characters.
    size_bytes : int
        Length of `content`.
    mtime_ns : int
        Time of the last change, nanoseconds since 1970 as the file system has it.
    inode : int
        Number of the file in its file system.
    """

    content: bytes = field(repr=False)
    sha256: str
    size_bytes: int
    mtime_ns: int
    inode: int


def read_source(path: Path, max_bytes: int = MAX_BYTES) -> SourceFile:
    """Read a file once.

    Parameters
    ----------
    path : Path
        File to read; a symbolic link is not followed.
    max_bytes : int
        Largest accepted size in bytes.

    Returns
    -------
    SourceFile
        The content with its hash.

    Raises
    ------
    NotARegularFileError
        `path` is a directory, link, FIFO, socket or device.
    FileTooLargeError
        More than `max_bytes`.
    SourceChangedError
        The file changed while it was read; an `OSError`, worth another try.
    OSError
        Whatever else the file system says; worth another try.
    """
    descriptor = _open(path)
    try:
        before = os.fstat(descriptor)
        _check_regular(before.st_mode)
        if before.st_size > max_bytes:
            raise FileTooLargeError(f"{before.st_size} bytes; at most {max_bytes} are accepted")
        content = _read_whole(descriptor, before.st_size)
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(content) != after.st_size:
        raise SourceChangedError(errno.EAGAIN, "the file changed while it was read")
    return SourceFile(content, hashlib.sha256(content).hexdigest(), len(content), after.st_mtime_ns, after.st_ino)


def _open(path: Path) -> int:
    try:
        return os.open(path, _FLAGS)
    except OSError as error:
        if error.errno in _NOT_REGULAR:
            raise NotARegularFileError("a symbolic link, socket or device; a regular file is accepted") from None
        raise


def _check_regular(mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = {stat.S_IFDIR: "a directory", stat.S_IFIFO: "a FIFO"}.get(stat.S_IFMT(mode), "a device")
        raise NotARegularFileError(f"{kind}; a regular file is accepted")


def _read_whole(descriptor: int, size_bytes: int) -> bytes:
    """Read to the end; one byte more is asked for than expected, so that growth shows."""
    content = os.read(descriptor, size_bytes + 1)
    if len(content) >= size_bytes:
        return content
    parts = [content]  # network file systems may answer in pieces
    while parts[-1]:
        parts.append(os.read(descriptor, size_bytes + 1))
    return b"".join(parts)
