"""Whatever else comes into an inbox: slow and half-written files, odd names, folders, links and pipes."""

import os
import stat
import threading
import time
from pathlib import Path

from selftest.canaries import WORD
from selftest.run import Run

SLOW_PARTS, PART_SECONDS = 6, 0.2
MISSING_BYTES = 5000
ODD_NAMES = (
    os.fsdecode(b"\xff\xfe-not-utf8.dcm"),
    f"new\nline {WORD}.dcm",
    WORD.ljust(251, "a") + ".dcm",
    f"\u202e{WORD} gnp.mcd",
    f"-rf {WORD} .dcm",
    f"\x1b[31m{WORD}.dcm",
)
SLOW, HALF, INNER = "slow.dcm", "half.dcm", "study/series/1.dcm"
LINK, LOOP, PIPE, SOCKET = "link.dcm", "loop", "pipe.dcm", "socket.dcm"
STAY = frozenset({LINK, LOOP, PIPE, SOCKET, "study"})  # what has no place in the ledger stays where it is


def bring_in_no_files(inbox: Path, outside: Path) -> None:
    """Put links, a pipe and a socket into an inbox; ``outside`` is where a link leads."""
    (inbox / LINK).symlink_to(outside)
    (inbox / LOOP).symlink_to(inbox)
    os.mkfifo(inbox / PIPE)
    os.mknod(inbox / SOCKET, stat.S_IFSOCK | 0o600)


def bring_in_odd_names(run: Run, contents: list[bytes], elsewhere: Path) -> int:
    """Write a file under each odd name, and move a folder in whole; returns how many names this disk does not take."""
    refused = 0
    for name, content in zip(ODD_NAMES, contents, strict=False):
        try:
            (run.site.inbox / name).write_bytes(content)
        except OSError:
            refused += 1
        else:
            run.note(name, content)
    folder = elsewhere / "study" / "series"
    folder.mkdir(parents=True)
    (folder / "1.dcm").write_bytes(run.note(INNER, contents[len(ODD_NAMES)]))
    folder.parent.rename(run.site.inbox / "study")
    return refused


class SlowWriter:
    """Writes as a slow link does, into a file that has its final size from the start; another one it leaves half."""

    def __init__(self, run: Run, content: bytes) -> None:
        self._path = run.site.inbox / SLOW
        self._content = run.note(SLOW, content)
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()
        self._half = (run.site.inbox / HALF).open("wb")
        self._half.write(run.note(HALF, content[:-MISSING_BYTES]))
        self._half.flush()

    def _write(self) -> None:
        size = len(self._content) // SLOW_PARTS + 1
        with self._path.open("wb") as writer:
            os.posix_fallocate(writer.fileno(), 0, len(self._content))
            for start in range(0, len(self._content), size):
                writer.write(self._content[start : start + size])
                writer.flush()
                time.sleep(PART_SECONDS)

    def finish(self) -> None:
        """Wait for the end of the slow one; the half-written one stays open."""
        self._thread.join()

    def close(self) -> None:
        """Let go of the half-written one: it stays half."""
        self._half.close()
