"""What else may lie in an inbox, and how else a file may get there: all through the running service at once."""

import os
import shutil
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

import pytest

from selftest.ledger_check import find_faults
from tests.faults.conftest import FaultRun, wait_for

pytestmark = pytest.mark.faults

ODD_NAMES = (
    os.fsdecode(b"\xff\xfe-not-utf8.dcm"),
    "new\nline.dcm",
    "a" * 251 + ".dcm",
    "\u202egnp.mcd",
    "-rf .dcm",
    "\x1b[31mred.dcm",
)


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    folder = Path(mkdtemp(prefix="xray-other-", dir="/dev/shm"))
    yield folder
    shutil.rmtree(folder)


def write_slowly(path: Path, content: bytes) -> None:
    """Write as a slow link does, into a file that has its final size from the start."""
    with path.open("wb") as writer:
        os.posix_fallocate(writer.fileno(), 0, len(content))
        for start in range(0, len(content), len(content) // 6 + 1):
            writer.write(content[start : start + len(content) // 6 + 1])
            writer.flush()
            time.sleep(0.2)


def test_each_whole_file_gets_its_row_however_it_came_and_nothing_else_does(run: FaultRun, elsewhere: Path) -> None:
    inbox, source = run.site.inbox, run.films.folder
    names = iter(
        [name for name, answer in run.films.answers.items() if answer.outcome in ("predicted", "indeterminate")]
    )
    dropped: dict[str, str] = {}

    def take(relative: str) -> bytes:
        content = (source / next(names)).read_bytes()
        dropped[relative] = sha256(content).hexdigest()
        return content

    run.site.start()
    outside = run.site.root / "outside.dcm"
    outside.write_bytes((source / "00001.dcm").read_bytes())
    (inbox / "link.dcm").symlink_to(outside)
    (inbox / "loop").symlink_to(inbox)
    os.mkfifo(inbox / "pipe.dcm")
    os.mknod(inbox / "socket.dcm", stat.S_IFSOCK | 0o600)
    with suppress(PermissionError):  # only root makes devices
        os.mknod(inbox / "device.dcm", stat.S_IFCHR | 0o600, os.makedev(1, 3))
    slow = threading.Thread(target=write_slowly, args=(inbox / "slow.dcm", take("slow.dcm")))
    slow.start()
    for name in ODD_NAMES:
        (inbox / name).write_bytes(take(name))
    half = take("half.dcm")
    dropped["half.dcm"] = sha256(half[:-5000]).hexdigest()
    writer = (inbox / "half.dcm").open("wb")
    writer.write(half[:-5000])
    writer.flush()
    (elsewhere / "film.dcm").write_bytes(take("film.dcm"))
    shutil.move(elsewhere / "film.dcm", inbox / "film.dcm")
    kept = run.site.root / "kept.dcm"
    kept.write_bytes(take("hard.dcm"))
    os.link(kept, inbox / "hard.dcm")
    folder = run.site.root / "study" / "series"
    folder.mkdir(parents=True)
    (folder / "1.dcm").write_bytes(take("study/series/1.dcm"))
    folder.parent.rename(inbox / "study")
    deep = inbox.joinpath(*["d" * 200] * 10)
    deep.mkdir(parents=True)
    (deep / "deep.dcm").write_bytes(take(os.fspath(deep.relative_to(inbox) / "deep.dcm")))
    (inbox / "gone.dcm").write_bytes(b"never seen to the end")
    (inbox / "gone.dcm").unlink()
    slow.join()
    run.site.wait_for_results(len(dropped) - 1)
    assert "half.dcm" not in [result["file_name"] for result in run.site.report()["results"]]
    writer.close()
    run.site.wait_for_results(len(dropped))
    left = ["d" * 200, *["device.dcm"] * (inbox / "device.dcm").exists(), "link.dcm", "loop", "pipe.dcm", "socket.dcm"]
    left.append("study")
    wait_for(lambda: sorted(path.name for path in inbox.iterdir()) == left, "an inbox with nothing but the rest")
    ledger = run.read()
    assert find_faults(ledger, inbox.resolve(), run.site.home, dropped) == []
    answers = ledger.answers(inbox.resolve())
    assert answers.pop("half.dcm").reason_code == "truncated_file"
    assert {answer.outcome for answer in answers.values()} <= {"predicted", "indeterminate"}
    assert kept.exists()
    assert outside.exists()
    assert run.site.stop() == 0
