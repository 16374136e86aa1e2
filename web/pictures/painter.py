"""The parent of the fenced child: one wish at a time, each bounded in time; a child that ends costs one picture."""

import json
import os
import select
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from installation.fence import pass_on_environment

CHUNK = 1 << 20
START_SECONDS = 20.0


class NoPictureError(Exception):
    """There is no picture to be shown; the message is for the visitor."""


class PictureGoneError(NoPictureError):
    """The file is not where the ledger says, or is another one by now."""


class PictureBusyError(NoPictureError):
    """Others wait for pictures."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was drawn: what is known of it, and its bytes."""

    facts: dict[str, Any]
    content: bytes


class Painter:
    """Keeps one child; for several threads.

    Parameters
    ----------
    max_memory_bytes : int
        Address space that it may take beyond its own programs.
    seconds : float
        For one picture.
    """

    def __init__(self, max_memory_bytes: int, seconds: float) -> None:
        self._max_memory_bytes = max_memory_bytes
        self._seconds = seconds
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def draw(self, what: str, path: Path, sha256: str, **more: str) -> Drawn:
        """Draw a picture; raises NoPictureError."""
        wish = {"what": what, "path": os.fspath(path), "sha256": sha256, **more}
        if not self._lock.acquire(timeout=2 * self._seconds):
            raise PictureBusyError("Others wait for pictures; try again in a moment.")
        try:
            facts, content = self._ask(json.dumps(wish).encode() + b"\n")
        except (OSError, TimeoutError, ValueError):
            self._end()
            raise NoPictureError("The picture could not be drawn: it takes too much time or memory.") from None
        finally:
            self._lock.release()
        return Drawn(_check(facts, what), content)

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._end()

    def _ask(self, line: bytes) -> tuple[dict[str, Any], bytes]:
        child = self._child
        if child is None or child.poll() is not None:
            child = self._start()
        assert child.stdin is not None  # noqa: S101  (a pipe, as it was started)
        child.stdin.write(line)
        child.stdin.flush()
        return _read_answer(child, time.monotonic() + self._seconds)

    def _start(self) -> subprocess.Popen[bytes]:
        self._end()
        command = [sys.executable, "-m", "web.pictures.child", str(self._max_memory_bytes)]
        # out of reach of the terminal's Ctrl-C; it ends when its input does
        self._child = child = subprocess.Popen(  # noqa: S603  (our own command)
            command,
            env=pass_on_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
        _read_answer(child, time.monotonic() + START_SECONDS)
        return child

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            for pipe in (self._child.stdin, self._child.stdout):
                if pipe is not None:
                    pipe.close()
            self._child = None


def _check(facts: dict[str, Any], what: str) -> dict[str, Any]:
    if "gone" in facts:
        raise PictureGoneError("The file is no longer where the ledger says, or another one has taken its place.")
    if "refused" in facts:
        nothing = "No heat map: the model may not judge this film" if what == "heat" else "No picture can be drawn"
        raise NoPictureError(f"{nothing} ({facts['refused'].replace('_', ' ')}).")
    if "failed" in facts:
        raise NoPictureError("The picture could not be drawn.")
    return facts


def _read_answer(child: subprocess.Popen[bytes], deadline: float) -> tuple[dict[str, Any], bytes]:
    """Read a line of JSON, and then as many bytes as it says; raises TimeoutError or BrokenPipeError."""
    assert child.stdout is not None  # noqa: S101  (a pipe, as it was started)
    received = bytearray()
    while b"\n" not in received:
        received += _read_some(child.stdout.fileno(), deadline)
    line, _, begun = bytes(received).partition(b"\n")
    facts = json.loads(line)
    content = bytearray(begun)
    while len(content) < facts["bytes"]:
        content += _read_some(child.stdout.fileno(), deadline)
    return facts, bytes(content)


def _read_some(descriptor: int, deadline: float) -> bytes:
    ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
    if not ready:
        raise TimeoutError("no answer in time")
    some = os.read(descriptor, CHUNK)
    if not some:
        raise BrokenPipeError("the child has ended")
    return some
