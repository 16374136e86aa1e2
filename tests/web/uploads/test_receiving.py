"""A file from a browser into the inbox: whole under a free name, or nothing at all."""

import asyncio
import fcntl
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from web.uploads.receiving import Received, TooLargeError, clean_name, clear_parts, receive
from worker.intake.inbox import is_ignored

CONTENT = b"0123456789" * 1000
HOSTILE = {
    "../../etc/passwd": "passwd",
    "C:\\films\\a.dcm": "a.dcm",
    ".hidden.dcm": "hidden.dcm",
    "a\0b\n\u202ec.png": "a_b__c.png",
    "": "film",
    "...": "film",
    "x.part": "x.part_",
    "a@syno.dcm": "a_syno.dcm",
    "~tmp.PARTIAL": "tmp.PARTIAL_",
}


def send(inbox: Path, name: str = "a.dcm", content: bytes = CONTENT, most: int = 1 << 20, cut: int = 0) -> Received:
    async def body() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 1000):
            if cut and start >= cut:
                raise ConnectionError("the browser has gone")
            yield content[start : start + 1000]

    return asyncio.run(receive(body(), inbox, name, most))


def test_a_file_is_there_whole_under_its_name(tmp_path: Path) -> None:
    received = send(tmp_path)
    assert received == Received(tmp_path / "a.dcm", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
    assert [file.name for file in tmp_path.iterdir()] == ["a.dcm"]
    assert received.path.read_bytes() == CONTENT


def test_a_name_that_is_taken_is_not_taken_again(tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(b"another sender's")
    second = send(tmp_path).path
    assert second.name != "a.dcm"
    assert second.suffix == ".dcm"
    assert (tmp_path / "a.dcm").read_bytes() == b"another sender's"


@pytest.mark.parametrize(("most", "cut", "error"), [(5000, 0, TooLargeError), (1 << 20, 4000, ConnectionError)])
def test_what_is_too_large_or_cut_off_leaves_nothing(
    tmp_path: Path, most: int, cut: int, error: type[Exception]
) -> None:
    with pytest.raises(error):
        send(tmp_path, most=most, cut=cut)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "cleaned"), HOSTILE.items())
def test_hostile_names_are_tamed_and_none_is_passed_over_by_the_intake(name: str, cleaned: str) -> None:
    assert clean_name(name) == cleaned
    assert not is_ignored(cleaned)


def test_long_names_keep_their_suffix_and_fit() -> None:
    cleaned = clean_name("ä" * 400 + ".dcm")
    assert len(cleaned.encode()) <= 150
    assert cleaned.endswith(".dcm")
    assert len(clean_name("x" * 400)) == 150


def test_parts_of_killed_processes_go_and_those_being_written_stay(tmp_path: Path) -> None:
    left, written = tmp_path / ".upload-1.part", tmp_path / ".upload-2.part"
    left.write_bytes(b"")
    with written.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert clear_parts(tmp_path) == 1
    assert [file.name for file in tmp_path.iterdir()] == [written.name]
