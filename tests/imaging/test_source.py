"""Reading bytes: regular files only, once, whole, with the hash of exactly what was read."""

import hashlib
import os
import socket
from pathlib import Path

import pytest

from imaging import RadiographError, SourceChangedError, read_radiograph, read_source
from imaging.errors import FileTooLargeError, NotARegularFileError


def test_content_and_facts(tmp_path: Path) -> None:
    path = tmp_path / "film"
    path.write_bytes(b"abc" * 100_000)
    source = read_source(path)
    assert source.content == path.read_bytes()
    assert source.sha256 == hashlib.sha256(source.content).hexdigest()
    status = path.stat()
    assert (source.size_bytes, source.mtime_ns, source.inode) == (300_000, status.st_mtime_ns, status.st_ino)


def test_the_content_stays_out_of_the_repr(tmp_path: Path) -> None:
    path = tmp_path / "film"
    path.write_bytes(b"CANARY")
    assert "CANARY" not in repr(read_source(path))


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "film").write_bytes(b"abc")
    (tmp_path / "link").symlink_to(tmp_path / "film")
    with pytest.raises(NotARegularFileError):
        read_source(tmp_path / "link")


def test_a_fifo_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(NotARegularFileError, match="FIFO"):
        read_source(tmp_path / "fifo")


def test_a_directory_a_socket_and_a_device_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")  # relative: such a path has 107 bytes at most
        for path in (tmp_path, tmp_path / "socket", Path("/dev/zero")):
            with pytest.raises(NotARegularFileError):
                read_source(path)


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "film"
    with path.open("wb") as file:
        file.truncate(2**40)  # sparse
    with pytest.raises(FileTooLargeError):
        read_source(path)
    with pytest.raises(FileTooLargeError):
        read_source(path, max_bytes=10)


def test_a_missing_file_is_worth_another_try(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as raised:
        read_radiograph(tmp_path / "film")
    assert not isinstance(raised.value, RadiographError)


@pytest.mark.parametrize("change", ["grow", "shrink", "touch"])
def test_a_file_that_changes_while_it_is_read_is_worth_another_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    path = tmp_path / "film"
    path.write_bytes(b"abc" * 1000)
    read = os.read

    def read_and_change(descriptor: int, size: int) -> bytes:
        content = read(descriptor, size)
        if change == "grow":
            with path.open("ab") as file:
                file.write(b"more")
        elif change == "shrink":
            os.truncate(path, 10)
        else:
            os.utime(path, ns=(0, 0))
        return content

    monkeypatch.setattr("imaging.source.os.read", read_and_change)
    with pytest.raises(SourceChangedError) as raised:
        read_source(path)
    assert isinstance(raised.value, OSError)


def test_short_reads_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # network file systems may answer in pieces
    path = tmp_path / "film"
    path.write_bytes(bytes(range(256)) * 100)
    read = os.read
    monkeypatch.setattr("imaging.source.os.read", lambda descriptor, size: read(descriptor, min(size, 1000)))
    assert read_source(path).content == path.read_bytes()
