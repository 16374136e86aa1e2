"""Where a report goes: standard output, or a file that is written whole or not at all."""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO


@contextmanager
def open_output(output: Path | None) -> Iterator[TextIO]:
    """Open what a report is written to.

    Parameters
    ----------
    output : Path or None
        A file, written whole or not at all; None is standard output.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    if output is None:
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 shows what it can
        yield sys.stdout
        return
    target = output.resolve()  # what a link names is replaced, not the link
    if target.exists() and not stat.S_ISREG(target.stat().st_mode):
        with target.open("w", encoding="utf-8", newline="") as stream:  # a pipe or a device cannot be replaced
            yield stream
        return
    with _replacing(target) as stream:
        yield stream


@contextmanager
def _replacing(target: Path) -> Iterator[TextIO]:
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with partial.open("w", encoding="utf-8", newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(target)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()
