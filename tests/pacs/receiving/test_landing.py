"""A film is safe before anybody says so: what is synced in which order, and what is left where a step fails."""

import errno
import os
import time
from pathlib import Path, PurePath

import pytest

from pacs.receiving.errors import InboxError
from pacs.receiving.landing import Landing
from worker.intake.inbox import list_files


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


@pytest.fixture
def landing(inbox: Path) -> Landing:
    return Landing(inbox, min_free_bytes=0)


@pytest.fixture
def received(landing: Landing) -> Path:
    (landing.folder / "film").write_bytes(b"film")
    return landing.folder / "film"


def find_films(inbox: Path) -> list[str]:
    return [path for path, _ in list_files(str(inbox), frozenset())]


def test_the_file_is_synced_before_it_is_renamed_and_the_folders_after(
    landing: Landing, received: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    sync, rename = os.fsync, os.replace

    def note_sync(descriptor: int) -> None:
        steps.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        sync(descriptor)

    def note_rename(source: Path, target: Path) -> None:
        steps.append("rename")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "replace", note_rename)
    landing.settle(received, PurePath("stat", "from-CT1"))
    assert steps == ["sync film", "sync inbox", "sync stat", "rename", "sync from-CT1"]
    (found,) = find_films(landing.inbox)
    assert Path(found).read_bytes() == b"film"
    assert not received.exists()


def test_a_film_that_cannot_be_synced_is_not_in_the_inbox(
    landing: Landing, received: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="broken"):
        landing.settle(received, PurePath())
    assert find_films(landing.inbox) == []


def test_the_hidden_folder_is_on_the_inbox_s_disk_and_no_watcher_looks_into_it(landing: Landing, inbox: Path) -> None:
    assert landing.folder.stat().st_dev == inbox.stat().st_dev
    (landing.folder / "half.dcm").write_bytes(b"half")
    assert find_films(inbox) == find_films(inbox.parent) == []


def test_where_nothing_may_stand_beside_the_inbox_the_hidden_folder_is_in_it(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != inbox.parent)
    landing = Landing(inbox, min_free_bytes=0)
    assert landing.folder == inbox / ".receiving"
    (landing.folder / "half.dcm").write_bytes(b"half")
    assert find_films(inbox) == []


def test_what_was_broken_off_is_cleared_at_the_start_and_when_nobody_writes_to_it(
    landing: Landing, received: Path
) -> None:
    landing.clear(older_than_seconds=60)
    assert received.exists()
    hour_ago = time.time() - 3600
    os.utime(received, (hour_ago, hour_ago))
    landing.clear(older_than_seconds=60)
    assert not received.exists()


def test_a_hidden_folder_that_was_tidied_away_comes_back_and_is_held(landing: Landing, inbox: Path) -> None:
    landing.folder.rmdir()
    landing.clear(older_than_seconds=60)
    assert landing.folder.is_dir()
    with pytest.raises(InboxError, match="another listener receives"):
        Landing(inbox, min_free_bytes=0)


def test_an_inbox_that_is_not_there_or_received_for_already_is_refused(landing: Landing, tmp_path: Path) -> None:
    with pytest.raises(InboxError, match="nothing can be received"):
        Landing(tmp_path / "nowhere", min_free_bytes=0)
    with pytest.raises(InboxError, match="another listener"):
        Landing(landing.inbox, min_free_bytes=0)


def test_below_the_watermark_there_is_no_room(landing: Landing, tmp_path: Path) -> None:
    landing.check_room()
    (tmp_path / "other").mkdir()
    with pytest.raises(OSError, match="No space left") as refused:
        Landing(tmp_path / "other", min_free_bytes=1 << 60).check_room()
    assert refused.value.errno == errno.ENOSPC
