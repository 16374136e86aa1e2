"""``quarantine list`` and ``release`` on a ledger of its own; tests/acceptance has it on a running service."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from installation.home import Home
from store.audit import list_events
from store.database import open_database, reading
from store.ledger.arrivals import find_arrival
from store.ledger.fates import Fate, FateKind
from store.schema import upgrade_schema
from store.states import AfterScreening
from tests.cli.conftest import Run
from tests.worker.conftest import OWNER, claim, enroll, home, inbox
from worker.screening.finishing import Claim, Finisher
from worker.screening.shelf import Shelf

__all__ = ["home", "inbox"]


@pytest.fixture
def engine(home: Home) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{home.root / 'xray.db'}")
    upgrade_schema(engine)
    yield engine
    engine.dispose()


def quarantine_file(engine: Engine, home: Home, path: Path, after: AfterScreening = AfterScreening.MOVE) -> int:
    path.write_text("no radiograph")
    arrival_id = enroll(engine, path, after)
    finisher = Finisher(engine, Shelf(home))
    fate = Fate(FateKind.QUARANTINE, "format_not_accepted", "plain text content")
    finisher.settle(finisher.finish_quarantined(Claim(claim(engine, arrival_id), OWNER), fate))
    return arrival_id


def test_a_released_file_lies_in_its_inbox_again_and_is_another_arrival(
    run: Run, engine: Engine, home: Home, inbox: Path
) -> None:
    letter = inbox / "letter.txt"
    arrival_id = quarantine_file(engine, home, letter)
    assert not letter.exists()
    assert "letter.txt" in run("quarantine", "list").stdout
    answer = run("quarantine", "release", arrival_id)
    said, hint = answer.stdout.splitlines()
    assert (answer.returncode, said) == (0, f"arrival {arrival_id} is back in its inbox")
    assert hint.startswith("no service runs on this home: 'xray-cli watch' takes it, as a new arrival")
    assert letter.read_text() == "no radiograph"
    assert list(home.quarantine.iterdir()) == []
    assert "the quarantine is empty" in run("quarantine", "list").stdout
    assert enroll(engine, letter) != arrival_id
    with reading(engine) as connection:
        assert [event[1:3] for event in list_events(connection)] == [("quarantine_released", arrival_id)]


def test_of_several_those_that_can_be_are_released_and_the_exit_code_tells_of_the_others(
    run: Run, engine: Engine, home: Home, inbox: Path
) -> None:
    free, taken = (quarantine_file(engine, home, inbox / name) for name in ("a.txt", "b.txt"))
    (inbox / "b.txt").symlink_to("nowhere")
    answer = run("quarantine", "release", free, taken, 99)
    assert answer.returncode == 1
    assert f"arrival {taken}: another file has its name in the inbox" in answer.stderr
    assert "arrival 99 is not in quarantine" in answer.stderr
    assert (inbox / "a.txt").read_text() == "no radiograph"
    assert (inbox / "b.txt").is_symlink()
    listed = run("quarantine", "list").stdout
    assert ("b.txt" in listed, "a.txt" in listed) == (True, False)


def test_a_file_that_stayed_in_its_folder_is_taken_there_again(
    run: Run, engine: Engine, home: Home, inbox: Path
) -> None:
    kept = inbox / "kept.txt"
    arrival_id = quarantine_file(engine, home, kept, AfterScreening.KEEP)
    assert "kept.txt" in run("quarantine", "list").stdout
    answer = run("quarantine", "release", arrival_id)
    assert "is taken where it lies at the next start" in answer.stdout
    assert enroll(engine, kept, AfterScreening.KEEP) != arrival_id
    assert run("quarantine", "release", arrival_id).returncode == 1


def test_a_sender_that_takes_the_name_meanwhile_loses_nothing(
    engine: Engine, home: Home, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = inbox / "letter.txt"
    arrival_id = quarantine_file(engine, home, letter)
    with reading(engine) as connection:
        arrival = find_arrival(connection, arrival_id)
    assert arrival is not None
    monkeypatch.setattr(Shelf, "check_releasable", lambda *_: letter.write_text("another"))
    with pytest.raises(FileExistsError):
        Shelf(home).release(arrival)
    assert letter.read_text() == "another"
    assert arrival.stored_path is not None
    assert arrival.stored_path.read_text() == "no radiograph"


def test_who_tries_a_quarantined_file_again_hears_the_command_for_it(
    engine: Engine, home: Home, inbox: Path, run: Run
) -> None:
    arrival_id = quarantine_file(engine, home, inbox / "a.dcm")
    answer = run("retry", arrival_id, XRAY_HOME=str(home.root))
    assert answer.stdout == "0 arrivals are tried again now\n"
    assert f"{arrival_id} is in quarantine: 'xray-cli quarantine release {arrival_id}'" in answer.stderr
