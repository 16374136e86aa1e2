import errno
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from store.arrivals import Arrival
from store.states import AfterScreening, ArrivalState
from tests.worker.conftest import claim, enroll
from worker.home import Home
from worker.shelf import Shelf

SHA256 = "ab" * 32
CONTENT = b"a radiograph"


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
    arrival.path.write_bytes(b"another radiograph")
    assert not shelf.settle(finished)
    assert arrival.path.read_bytes() == b"another radiograph"


def test_files_that_are_kept_have_no_other_place(shelf: Shelf, arrival: Arrival) -> None:
    kept = replace(arrival, after=AfterScreening.KEEP)
    assert shelf.place(kept, SHA256, "dicom", quarantined=True) is None
    assert not shelf.settle(kept)
    assert arrival.path.exists()


def test_a_move_across_file_systems_is_a_compared_copy(
    shelf: Shelf, arrival: Arrival, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> Path:
        raise OSError(errno.EXDEV, "another file system")  # a second file system cannot be had without root

    finished = finish(shelf, arrival)
    monkeypatch.setattr(Path, "rename", refuse)
    assert shelf.settle(finished)
    assert finished.stored_path is not None
    assert finished.stored_path.read_bytes() == CONTENT
    assert not arrival.path.exists()
    assert [path.name for path in finished.stored_path.parent.iterdir()] == [finished.stored_path.name]


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
    arrival.path.write_bytes(b"another radiograph")
    with pytest.raises(FileExistsError):
        shelf.release(finished)
    assert arrival.path.read_bytes() == b"another radiograph"


def test_a_home_that_has_gone_does_not_come_to_life_again(shelf: Shelf, arrival: Arrival, home: Home) -> None:
    shutil.rmtree(home.root)
    with pytest.raises(FileNotFoundError):
        shelf.settle(finish(shelf, arrival))
    assert not home.root.exists()
    assert arrival.path.read_bytes() == CONTENT
