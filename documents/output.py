"""Where a document goes: standard output, or a file that is written whole or not at all."""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from secrets import token_hex
from typing import IO, Any, TextIO, overload

STANDARD_OUTPUT = Path("-")


@overload
def open_output(output: Path | None) -> AbstractContextManager[TextIO]: ...


@overload
def open_output(output: Path | None, *, is_binary: bool) -> AbstractContextManager[IO[Any]]: ...


@contextmanager
def open_output(output: Path | None, *, is_binary: bool = False) -> Iterator[Any]:
    """Open what a report is written to.

    Parameters
    ----------
    output : Path or None
        A file, written whole or not at all; None and ``-`` are standard output.
    is_binary : bool
        The stream takes bytes, else text.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    if output is None or output == STANDARD_OUTPUT:
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 shows what it can
        yield sys.stdout.buffer if is_binary else sys.stdout
        return
    target = output.resolve()  # what a link names is replaced, not the link
    if target.exists() and not stat.S_ISREG(target.stat().st_mode):
        with _open(target, is_binary=is_binary) as stream:  # a pipe or a device cannot be replaced
            yield stream
        return
    with _replacing(target, is_binary=is_binary) as stream:
        yield stream


@contextmanager
def _replacing(target: Path, *, is_binary: bool) -> Iterator[IO[Any]]:
    partial = target.with_name(f".{target.name}.{token_hex(4)}.part")
    try:
        with _open_beside(target, partial, is_binary=is_binary) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(target)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()


def _open_beside(target: Path, partial: Path, *, is_binary: bool) -> IO[Any]:
    try:
        return _open(partial, is_binary=is_binary)
    except OSError as error:  # whoever reads it knows the file that they named, not the hidden one beside it
        raise OSError(error.errno, error.strerror, str(target)) from None


def _open(path: Path, *, is_binary: bool) -> IO[Any]:
    return path.open("wb") if is_binary else path.open("w", encoding="utf-8", newline="")
