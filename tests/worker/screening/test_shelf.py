import errno
import json
import resource
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from installation.home import Home
from store.ledger.arrivals import Arrival
from store.states import AfterScreening, ArrivalState
from tests.worker.conftest import claim, enroll
from worker.screening.shelf import Shelf

SHA256 = "ab" * 32
CONTENT = b"a radiograph"
ANOTHER = b"another radiograph"


@pytest.fixture
def shelf(home: Home) -> Shelf:
    return Shelf(home)


@pytest.fixture
def arrival(engine: Engine, inbox: Path) -> Arrival:
    path = inbox / "DOE^JANE.dcm"
    path.write_bytes(CONTENT)
    return claim(engine, enroll(engine, path))


def finish(shelf: Shelf, arrival: Arrival, *, quarantined: bool = False) -> Arrival:
    place = shelf.place(arrival, SHA256, "dicom", quarantined=quarantined)
    state = ArrivalState.QUARANTINED if quarantined else ArrivalState.DONE
    return replace(arrival, state=state, stored_path=place, reason_code="damaged_header", reason="found, accepted")


def test_a_finished_file_lies_under_its_arrival_and_hash_and_not_under_its_name(shelf: Shelf, arrival: Arrival) -> None:
    finished = finish(shelf, arrival)
    assert shelf.settle(finished)
    assert finished.stored_path is not None
    assert finished.stored_path.name == f"{arrival.id:08d}-{SHA256[:16]}.dcm"
    assert finished.stored_path.read_bytes() == CONTENT
    assert not arrival.path.exists()


def test_settling_twice_is_settling_once(shelf: Shelf, arrival: Arrival) -> None:
    finished = finish(shelf, arrival)
    assert shelf.settle(finished)
    assert shelf.settle(finished)


def test_a_quarantined_file_has_its_reason_beside_it_and_no_name_in_it(shelf: Shelf, arrival: Arrival) -> None:
    finished = finish(shelf, arrival, quarantined=True)
    shelf.settle(finished)
    assert finished.stored_path is not None
    text = finished.stored_path.with_name(finished.stored_path.name + ".reason.json").read_text()
    assert json.loads(text)["reason_code"] == "damaged_header"
    assert json.loads(text)["notice"] == "Research use only. Not for diagnosis."
    assert "DOE" not in text


def test_a_file_that_took_the_name_meanwhile_is_left_alone(shelf: Shelf, arrival: Arrival) -> None:
    finished = finish(shelf, arrival)
    arrival.path.unlink()
    arrival.path.write_bytes(ANOTHER)
    assert not shelf.settle(finished)
    assert arrival.path.read_bytes() == ANOTHER


def test_files_that_are_kept_have_no_other_place(shelf: Shelf, arrival: Arrival) -> None:
    kept = replace(arrival, after=AfterScreening.KEEP)
    assert shelf.place(kept, SHA256, "dicom", quarantined=True) is None
    assert not shelf.settle(kept)
    assert arrival.path.exists()


@pytest.fixture
def two_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let inbox and home lie on two file systems, which cannot be had without root."""
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.parent != Path(target).parent:
            raise OSError(errno.EXDEV, "another file system")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)


def list_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.usefixtures("two_disks")
def test_a_move_across_file_systems_is_a_compared_copy(shelf: Shelf, arrival: Arrival) -> None:
    finished = finish(shelf, arrival)
    assert shelf.settle(finished)
    assert finished.stored_path is not None
    assert finished.stored_path.read_bytes() == CONTENT
    assert list_names(arrival.path.parent) == []
    assert list_names(finished.stored_path.parent) == [finished.stored_path.name]


@pytest.mark.usefixtures("two_disks")
def test_a_copy_for_which_there_is_no_room_leaves_nothing_behind(shelf: Shelf, arrival: Arrival) -> None:
    finished = finish(shelf, arrival)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(CONTENT) - 5, before[1]))  # as a full disk, in the midst of it
    try:
        with pytest.raises(OSError, match="File too large"):
            shelf.settle(finished)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert finished.stored_path is not None
    assert list_names(finished.stored_path.parent) == []
    assert arrival.path.read_bytes() == CONTENT
    assert shelf.settle(finished)


@pytest.mark.usefixtures("two_disks")
def test_a_sender_who_takes_the_name_during_the_copy_keeps_his_file(
    shelf: Shelf, arrival: Arrival, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.screening.shelf.fault_point", lambda _step: send_another(arrival.path))
    finished = finish(shelf, arrival)
    assert shelf.settle(finished)
    assert finished.stored_path is not None
    assert finished.stored_path.read_bytes() == CONTENT
    assert arrival.path.read_bytes() == ANOTHER


def send_another(path: Path) -> None:
    """Replace a file as a good sender does."""
    path.with_suffix(".part").write_bytes(ANOTHER)
    path.with_suffix(".part").replace(path)


def test_a_sender_who_takes_the_name_at_the_very_move_keeps_his_file(
    shelf: Shelf, arrival: Arrival, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def be_late(self: Path, target: Path) -> Path:
        send_another(arrival.path)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", be_late)
    finished = finish(shelf, arrival)
    assert not shelf.settle(finished)
    assert arrival.path.read_bytes() == ANOTHER
    assert finished.stored_path is not None
    assert list_names(finished.stored_path.parent) == []


@pytest.mark.parametrize("is_ours", [True, False])
def test_what_a_kill_left_aside_is_deleted_if_its_copy_is_whole_and_else_given_back(
    shelf: Shelf, arrival: Arrival, is_ours: bool
) -> None:
    finished = finish(shelf, arrival)
    assert finished.stored_path is not None
    finished.stored_path.parent.mkdir(parents=True)
    shutil.copyfile(arrival.path, finished.stored_path)
    if not is_ours:
        send_another(arrival.path)
    arrival.path.rename(arrival.path.with_name(f".{finished.stored_path.name}.part"))
    assert shelf.settle(finished)
    assert list_names(arrival.path.parent) == ([] if is_ours else [arrival.path.name])
    assert finished.stored_path.read_bytes() == CONTENT


def test_two_processes_do_not_move_one_file(shelf: Shelf, arrival: Arrival, home: Home) -> None:
    program = f"""
import sys
from pathlib import Path
from installation.home import Home
from worker.screening.shelf import hold_place
with hold_place(Home(Path({str(home.root)!r})), {arrival.id}):
    print("held", flush=True)
    sys.stdin.read()
"""
    finished = finish(shelf, arrival)
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(BlockingIOError):
            shelf.settle(finished)
        assert arrival.path.read_bytes() == CONTENT
        other.kill()
    assert shelf.settle(finished)


@pytest.mark.usefixtures("two_disks")
def test_release_across_file_systems_overwrites_nothing(
    shelf: Shelf, arrival: Arrival, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = Path.hardlink_to

    def refuse(self: Path, target: Path) -> None:
        if self.parent != target.parent:
            raise OSError(errno.EXDEV, "another file system")
        send_another(arrival.path)
        link(self, target)

    finished = finish(shelf, arrival, quarantined=True)
    shelf.settle(finished)
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    with pytest.raises(FileExistsError):
        shelf.release(finished)
    assert list_names(arrival.path.parent) == [arrival.path.name]
    assert arrival.path.read_bytes() == ANOTHER
    assert finished.stored_path is not None
    assert finished.stored_path.read_bytes() == CONTENT


def test_release_puts_the_file_back_where_it_was_and_takes_the_reason_away(shelf: Shelf, arrival: Arrival) -> None:
    finished = finish(shelf, arrival, quarantined=True)
    shelf.settle(finished)
    shelf.release(finished)
    assert arrival.path.read_bytes() == CONTENT
    assert finished.stored_path is not None
    assert list(finished.stored_path.parent.iterdir()) == []
    with pytest.raises(FileNotFoundError, match="no longer in quarantine"):
        shelf.release(finished)


def test_release_overwrites_nothing(shelf: Shelf, arrival: Arrival) -> None:
    finished = finish(shelf, arrival, quarantined=True)
    shelf.settle(finished)
    arrival.path.write_bytes(ANOTHER)
    with pytest.raises(FileExistsError):
        shelf.release(finished)
    assert arrival.path.read_bytes() == ANOTHER


def test_a_home_that_has_gone_does_not_come_to_life_again(shelf: Shelf, arrival: Arrival, home: Home) -> None:
    shutil.rmtree(home.root)
    with pytest.raises(FileNotFoundError):
        shelf.settle(finish(shelf, arrival))
    assert not home.root.exists()
    assert arrival.path.read_bytes() == CONTENT
