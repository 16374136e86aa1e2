"""From a path to bytes (one descriptor, one read, one hash of exactly what is decoded), and what they are.

A file is known by its first bytes; names and extensions are never asked.
"""

import errno
import hashlib
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from imaging.errors import EmptyFileError, FileTooLargeError, FormatNotAcceptedError, NotARegularFileError

SourceFormat = Literal["dicom", "png", "jpeg"]

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_DICOM = b"DICM"
PREAMBLE_BYTES = 128

# DICOM without preamble: an early element of group 0002 or 0008 with a known VR or, little endian, a short length
_BARE_DICOM = re.compile(rb"[\x02\x08]\0.\0(UL|UI|CS|OB|SH|DA|TM|..\0\0)|\0\x08\0.(UL|UI|CS|SH|DA|TM)", re.DOTALL)

_OTHERS: tuple[tuple[bytes, str], ...] = (
    (rb"GIF8[79]a", "GIF"),
    (rb"II\*\0|MM\0\*|II\+\0|MM\0\+", "TIFF"),
    (rb"BM....\0\0\0\0", "BMP"),
    (rb"RIFF....WEBP", "WebP"),
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "JPEG 2000 outside DICOM"),
    (rb"\0\0\0\x0cJXL |\xff\x0a", "JPEG XL"),
    (rb"....ftyp", "MP4 or HEIF"),
    (rb"\0\0\x01\0", "ICO"),
    (rb"8BPS", "Photoshop"),
    (rb"\x01\xda[\0\x01][\x01\x02]", "SGI"),
    (rb"DDS ", "DDS"),
    (rb"BLP[12]", "BLP"),
    (rb"....[\x11\x12]\xaf", "FLI"),
    (rb"P[1-7][\s]", "Netpbm"),
    (rb"\x00\x00[\x02\x03\x0a\x0b]\x00{5}", "TGA"),
    (rb".{0,1024}%PDF-", "PDF"),
    (rb"%!PS", "PostScript"),
    (rb"PK(\x03\x04|\x05\x06)", "ZIP"),
    (rb"\x1f\x8b", "gzip"),
    (rb"BZh[1-9]", "bzip2"),
    (rb"\xfd7zXZ\0", "xz"),
    (rb"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (rb"\x28\xb5\x2f\xfd", "Zstandard"),
    (rb"\x5c\x01\0\0|\0\0\x01\x5c", "NIfTI"),
    (rb"\x89HDF\r\n\x1a\n", "HDF5"),
    (rb"\x93NUMPY", "NumPy"),
    (rb"\x80[\x02-\x05]", "Python pickle"),
    (rb"Rar!\x1a\x07", "RAR"),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Office"),
    (rb"L\0\0\0\x01\x14\x02\0", "Windows shortcut"),
    (rb"\0\x05\x16[\0\x07]", "macOS resource"),
    (rb"SQLite format 3\0", "SQLite"),
    (rb"\x7fELF", "ELF program"),
    (rb"MZ", "Windows program"),
    (rb"#!", "script"),
    (rb"\s*<svg|\s*<\?xml.{0,512}<svg", "SVG"),
    (rb"(?i)\s*<(!doctype )?html", "HTML"),
    (rb"\s*<\?xml", "XML"),
    (rb"\s*[\[{]\s*[\"\[{\]}\d]", "JSON"),
)
_OTHER_PATTERNS = tuple((re.compile(pattern, re.DOTALL), name) for pattern, name in _OTHERS)
_TEXT = re.compile(rb"[\t\n\r\x20-\x7e]+")
_LOOKED_AT_BYTES = 2048


def identify_format(content: bytes) -> SourceFormat | None:
    """Return the format of a file's content.

    Parameters
    ----------
    content : bytes
        The file, or its first 132 bytes at least.

    Returns
    -------
    "dicom", "png", "jpeg" or None
        DICOM with preamble (PS3.10 section 7.1) wins over whatever the preamble itself pretends to be; DICOM
        without preamble is recognised by its first element. None for everything else.
    """
    if content[PREAMBLE_BYTES : PREAMBLE_BYTES + 4] == _DICOM:
        return "dicom"
    if content.startswith(_PNG):
        return "png"
    if content.startswith(_JPEG):
        return "jpeg"
    return "dicom" if _BARE_DICOM.match(content) else None


def require_format(content: bytes) -> SourceFormat:
    """Return the format of a file's content, or refuse it by the name of what it is.

    Raises
    ------
    EmptyFileError
        No bytes.
    FormatNotAcceptedError
        Anything but DICOM, PNG and JPEG.
    """
    if not content:
        raise EmptyFileError("0 bytes; DICOM, PNG and JPEG are accepted")
    found = identify_format(content)
    if found is None:
        raise FormatNotAcceptedError(f"{_name(content)} content; DICOM, PNG and JPEG are accepted")
    return found


def _name(content: bytes) -> str:
    beginning = content[:_LOOKED_AT_BYTES]
    for pattern, name in _OTHER_PATTERNS:
        if pattern.match(beginning):
            return name
    return "plain text" if _TEXT.fullmatch(beginning) else "unknown"


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
