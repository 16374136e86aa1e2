"""A file from a browser into the inbox by the one way: hidden and unfinished, flushed, then under its name.

What is cut off leaves nothing. A part is held by a lock while it is written, so that another process can tell what
was left behind by one that was killed.
"""

import fcntl
import hashlib
import os
import secrets
import unicodedata
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool

from installation.disk import sync_folder

PREFIX, PART = ".upload-", ".part"
LONGEST_NAME_BYTES = 150
UNFINISHED = (".part", ".tmp", ".partial", ".filepart")  # the intake passes over such names
NO_NAME = "film"


class TooLargeError(Exception):
    """The file is larger than a site accepts."""


@dataclass(frozen=True, slots=True)
class Received:
    """A file that lies in the inbox, whole and on the disk."""

    path: Path
    source_sha256: str
    size_bytes: int


async def receive(body: AsyncIterator[bytes], inbox: Path, name: str, max_bytes: int) -> Received:
    """Write what comes into the inbox.

    Parameters
    ----------
    body : async iterator of bytes
        The file.
    name : str
        As the sender calls it; on the disk it has nothing that steers, and no name that is taken.

    Raises
    ------
    TooLargeError
        It has more bytes; nothing is left.
    OSError
        It cannot be written; nothing is left.
    """
    part = inbox / f"{PREFIX}{secrets.token_hex(8)}{PART}"
    file = await run_in_threadpool(_open, part)
    try:
        digest, size = hashlib.sha256(), 0
        async for chunk in body:
            size += len(chunk)
            if size > max_bytes:
                raise TooLargeError(f"it is larger than the {max_bytes >> 20} MiB that are accepted")
            digest.update(chunk)
            await run_in_threadpool(file.write, chunk)
        path = await run_in_threadpool(_finish, file, part, clean_name(name))
    finally:
        file.close()
        part.unlink(missing_ok=True)
    return Received(path, digest.hexdigest(), size)


def clean_name(name: str) -> str:
    """Return a name under which the intake takes the file: the last part of it, with nothing that steers."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join("_" if unicodedata.category(sign)[0] == "C" or sign == "@" else sign for sign in last)
    shown = shown.strip().lstrip(".~") or NO_NAME
    stem, dot, suffix = shown.rpartition(".")
    while len(shown.encode()) > LONGEST_NAME_BYTES:
        stem, shown = (stem[:-1], f"{stem[:-1]}{dot}{suffix}") if stem else (stem, shown[:-1])
    return f"{shown}_" if shown.lower().endswith(UNFINISHED) else shown


def clear_parts(inbox: Path) -> int:
    """Take away what uploads of killed processes have left; returns how many. What is being written is held."""
    cleared = 0
    for part in inbox.glob(f"{PREFIX}*{PART}"):
        try:
            with part.open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                part.unlink(missing_ok=True)
                cleared += 1
        except OSError:  # another process writes it, or the share knows no locks
            continue
    return cleared


def _open(part: Path) -> BinaryIO:
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
    file = os.fdopen(descriptor, "wb", buffering=1 << 20)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # a share without locks
        return file
    return file


def _finish(file: BinaryIO, part: Path, name: str) -> Path:
    """Flush the file, give it a name that is free, and flush the folder."""
    file.flush()
    os.fsync(file.fileno())
    file.close()  # the intake waits until nobody has it open
    stem, dot, suffix = name.rpartition(".")
    path = part.with_name(name)
    while not _take_name(part, path):
        token = secrets.token_hex(3)
        path = part.with_name(f"{stem}-{token}{dot}{suffix}" if stem else f"{token}-{name}")
    sync_folder(part.parent)
    return path


def _take_name(part: Path, path: Path) -> bool:
    try:
        path.hardlink_to(part)  # a rename would replace what has the name
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            return False
        part.replace(path)
    return True
