import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import OperationalError

from installation.home import Home
from store.database import reading
from store.ledger.arrivals import list_arrivals
from store.ledger.counts import count_by_state
from store.states import AfterScreening, ArrivalState, Priority
from store.tables import arrivals
from worker.intake.inboxes import Inboxes
from worker.intake.intake import Intake
from worker.intake.priority import StatRule

MakeIntake = Callable[..., Intake]


@pytest.fixture
def make_intake(engine: Engine, inbox: Path, home: Home) -> MakeIntake:
    def make(after: AfterScreening = AfterScreening.MOVE, stable: float = 0.1, rescan: float = 60.0) -> Intake:
        return Intake(
            engine,
            Inboxes([inbox], excluded=home.root),
            after=after,
            stable_seconds=stable,
            rescan_seconds=rescan,
            stat=StatRule("stat", "urgent-*"),
            wake=Event(),
        )

    return make


def tick_until_idle(intake: Intake, seconds: float = 10.0) -> int:
    recorded, deadline = 0, time.monotonic() + seconds
    while True:
        recorded += intake.tick()
        if intake.is_idle:
            return recorded
        assert time.monotonic() < deadline, "the intake never became idle"
        time.sleep(0.02)


def recorded_names(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return sorted(arrival.path.name for arrival in list_arrivals(connection, ArrivalState.WAITING))


def test_files_that_were_there_before_the_start_are_recorded(
    make_intake: MakeIntake, inbox: Path, engine: Engine
) -> None:
    for name in ("a.dcm", "b.png", ".hidden", "c.part"):
        (inbox / name).write_bytes(name.encode())
    tick_until_idle(make_intake())
    assert recorded_names(engine) == ["a.dcm", "b.png"]


def test_a_stat_file_is_recorded_first_and_marked(
    make_intake: MakeIntake, inbox: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.intake.intake.BATCH", 3)
    (inbox / "ward" / "stat").mkdir(parents=True)
    names = ["a.dcm", "b.dcm", "urgent-c.dcm", "ward/d.dcm", "ward/stat/e.dcm"]
    for name in names:
        (inbox / name).write_bytes(name.encode())
    time.sleep(0.1)  # the first scan finds all of them complete, however long a busy machine took to write them
    tick_until_idle(make_intake())
    with reading(engine) as connection:
        rows = connection.execute(select(arrivals.c.path, arrivals.c.priority).order_by(arrivals.c.id)).all()
    stat, routine = rows[:2], rows[2:]
    assert {row.path.name for row in stat} == {"e.dcm", "urgent-c.dcm"}
    assert [row.priority for row in rows] == [Priority.STAT] * len(stat) + [Priority.ROUTINE] * len(routine)


def test_a_film_that_came_by_dicom_has_its_sender_from_its_folder(
    make_intake: MakeIntake, inbox: Path, engine: Engine
) -> None:
    for folder in ("stat/from-ROOM%202", "from-CT1", "from-", "elsewhere"):
        (inbox / folder).mkdir(parents=True)
        (inbox / folder / "film.dcm").write_bytes(folder.encode())
    tick_until_idle(make_intake())
    with reading(engine) as connection:
        found = connection.execute(select(arrivals.c.sender, arrivals.c.priority)).all()
    assert sorted(found, key=str) == sorted(
        [("ROOM 2", "stat"), ("CT1", "routine"), (None, "routine"), (None, "routine")], key=str
    )


def test_a_file_is_recorded_once_however_often_it_is_seen(make_intake: MakeIntake, inbox: Path, engine: Engine) -> None:
    (inbox / "a.dcm").write_bytes(b"a")
    for _ in range(3):  # three services in a row, none of which knows of the others
        tick_until_idle(make_intake())
    assert recorded_names(engine) == ["a.dcm"]


def test_the_same_name_with_other_content_is_another_arrival(
    make_intake: MakeIntake, inbox: Path, engine: Engine
) -> None:
    (inbox / "a.dcm").write_bytes(b"one")
    intake = make_intake(AfterScreening.KEEP, rescan=0.2)
    tick_until_idle(intake)
    (inbox / "a.dcm").write_bytes(b"another")
    time.sleep(0.25)
    tick_until_idle(intake)
    assert recorded_names(engine) == ["a.dcm", "a.dcm"]


def test_a_file_with_an_open_writer_waits_although_its_size_is_final(
    make_intake: MakeIntake, inbox: Path, engine: Engine
) -> None:
    intake = make_intake()
    with (inbox / "a.dcm").open("wb") as writer:
        os.posix_fallocate(writer.fileno(), 0, 100_000)  # as a copy that reserves its room first
        for _ in range(20):
            assert intake.tick() == 0
            time.sleep(0.03)
    assert tick_until_idle(intake) == 1


def test_a_growing_file_waits_until_it_stops(make_intake: MakeIntake, inbox: Path) -> None:
    intake = make_intake(stable=0.4, rescan=0.2)
    for _ in range(6):
        with (inbox / "a.dcm").open("ab") as writer:  # closed after each piece: no lease tells
            writer.write(b"piece")
        assert intake.tick() == 0
        time.sleep(0.1)
    assert tick_until_idle(intake) == 1


def test_events_are_heard_between_scans(make_intake: MakeIntake, inbox: Path, engine: Engine) -> None:
    intake = make_intake(rescan=3600.0)
    intake.start()
    try:
        tick_until_idle(intake)
        (inbox / "new").mkdir()
        (inbox / "staged.part").write_bytes(b"a")
        (inbox / "staged.part").rename(inbox / "new" / "a.dcm")
        deadline = time.monotonic() + 10
        while not recorded_names(engine):
            assert time.monotonic() < deadline
            intake.tick()
            time.sleep(0.02)
    finally:
        intake.stop()
    assert recorded_names(engine) == ["a.dcm"]


def test_a_folder_moved_in_whole_is_found_without_events_for_its_files(
    make_intake: MakeIntake, inbox: Path, engine: Engine, tmp_path: Path
) -> None:
    study = tmp_path / "study"
    study.mkdir()
    for number in range(5):
        (study / f"{number}.dcm").write_bytes(bytes([number]))
    intake = make_intake(rescan=3600.0)
    intake.start()
    try:
        tick_until_idle(intake)
        study.rename(inbox / "study")
        deadline = time.monotonic() + 10
        while len(recorded_names(engine)) < 5:
            assert time.monotonic() < deadline
            intake.tick()
            time.sleep(0.02)
    finally:
        intake.stop()


def test_a_database_that_is_away_costs_nothing_but_time(make_intake: MakeIntake, inbox: Path, engine: Engine) -> None:
    (inbox / "a.dcm").write_bytes(b"a")
    intake = make_intake(stable=0.1, rescan=0.2)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE arrivals RENAME TO gone"))
    with pytest.raises(OperationalError):
        tick_until_idle(intake)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO arrivals"))
    tick_until_idle(intake)
    assert recorded_names(engine) == ["a.dcm"]


def test_ten_thousand_files_at_once_are_all_recorded(make_intake: MakeIntake, inbox: Path, engine: Engine) -> None:
    for number in range(10_000):
        (inbox / f"{number:05}.dcm").touch()
    tick_until_idle(make_intake(), seconds=60)
    with reading(engine) as connection:
        assert count_by_state(connection) == {ArrivalState.WAITING: 10_000}


def test_an_inbox_that_goes_away_is_said_once_and_found_again(
    make_intake: MakeIntake, inbox: Path, engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="worker.intake.inboxes")
    intake = make_intake(rescan=0.2)
    inbox.rename(tmp_path / "unmounted")
    for _ in range(3):
        time.sleep(0.25)
        intake.tick()
        assert intake.inboxes.fault == "the inbox cannot be read (No such file or directory)"
    (tmp_path / "unmounted").rename(inbox)
    (inbox / "a.dcm").write_bytes(b"a")
    time.sleep(0.25)
    tick_until_idle(intake)
    assert intake.inboxes.fault == ""
    assert recorded_names(engine) == ["a.dcm"]
    assert [record.action for record in caplog.records] == ["intake_paused", "intake_resumed"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("hours", [-24, 24])
def test_a_sender_whose_clock_is_wrong_waits_no_longer_than_others(
    make_intake: MakeIntake, inbox: Path, engine: Engine, hours: int
) -> None:
    (inbox / "a.dcm").write_bytes(b"a")
    os.utime(inbox / "a.dcm", (time.time() + hours * 3600,) * 2)
    tick_until_idle(make_intake())
    assert recorded_names(engine) == ["a.dcm"]


def test_a_name_that_the_database_refuses_holds_up_no_other(
    make_intake: MakeIntake, inbox: Path, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with engine.begin() as connection:
        refuse = "CREATE TRIGGER refuse BEFORE INSERT ON arrivals WHEN NEW.path LIKE '%\u80f8\u90e8%' "
        connection.execute(text(refuse + "BEGIN SELECT RAISE(ABORT, 'no letter for it'); END"))
    for name in ("a.dcm", "\u80f8\u90e8.dcm", "z.dcm"):
        (inbox / name).write_bytes(name.encode())
    intake = make_intake()
    assert tick_until_idle(intake) == 2
    for _ in range(3):
        time.sleep(0.12)
        intake.tick()
    assert recorded_names(engine) == ["a.dcm", "z.dcm"]
    said = [record.getMessage() for record in caplog.records if getattr(record, "action", "") == "arrival_refused"]
    assert len(said) == 1
    assert "\u80f8" not in caplog.text
    assert intake.warnings[0].startswith("films that cannot be recorded: 1 (the database answers, and refuses")
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER refuse"))
    time.sleep(0.12)
    assert intake.tick() == 1
    assert intake.warnings == []
