"""The worker's task in this process, on real files, with the model that ships."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, select

from imaging import NotAChestRadiographError
from imaging.phantoms.files import write_dicom_phantom, write_png_phantom
from inference.classifier import Classifier
from inference.labels import Label, Outcome
from inference.prediction import Prediction
from installation.home import Home
from store.database import reading
from store.ledger.arrivals import Arrival, find_arrival
from store.states import AfterScreening, ArrivalState
from store.tables import audit_events, headers, screenings
from tests.pictures import write_refused
from tests.worker.conftest import claim, enroll
from worker.screening.screener import Screener

Screen = Callable[..., Arrival]
CANARY = "KANARIE"
IDENTITY = {
    "PatientName": f"{CANARY}^NAME",
    "PatientID": f"{CANARY}-ID",
    "AccessionNumber": f"{CANARY}-ACC",
    "PatientAddress": f"{CANARY} street",
    "ReferringPhysicianName": f"{CANARY}^DOCTOR",
    "InstitutionName": f"{CANARY} hospital",
    "ImageComments": f"{CANARY} comment",
}


@pytest.fixture
def screen(engine: Engine, make_screener: Callable[..., Screener]) -> Screen:
    def run(path: Path, after: AfterScreening = AfterScreening.MOVE, **how: Any) -> Arrival:
        arrival_id = enroll(engine, path, after)
        make_screener(**how).screen(arrival_id, "attempt-1")
        return look_up(engine, arrival_id)

    return run


def look_up(engine: Engine, arrival_id: int) -> Arrival:
    with reading(engine) as connection:
        arrival = find_arrival(connection, arrival_id)
    assert arrival is not None
    return arrival


def list_screenings(engine: Engine) -> list[Any]:
    with reading(engine) as connection:
        return list(connection.execute(select(screenings).order_by(screenings.c.id)))


def dicom(path: Path, seed: int = 1, **attributes: object) -> Path:
    write_dicom_phantom(path, seed=seed, rows=500, columns=400, attributes=attributes)
    return path


def test_a_radiograph_gets_its_row_and_its_place(screen: Screen, inbox: Path, engine: Engine) -> None:
    arrival = screen(dicom(inbox / "a.dcm", PatientAge="042Y", PatientSex="F", StationName="ROOM1"))
    assert arrival.state is ArrivalState.DONE
    assert arrival.stored_path is not None
    assert arrival.stored_path.exists()
    assert arrival.fingerprint is None
    (row,) = list_screenings(engine)
    assert row.outcome in ("predicted", "indeterminate")
    shares = (row.probability_covid19, row.probability_viral_pneumonia, row.probability_normal)
    assert sum(shares) == pytest.approx(1, abs=1e-5)
    assert (row.modality, row.patient_age_years, row.patient_sex, row.station_name) == ("DX", 42.0, "F", "ROOM1")
    assert (row.rows, row.columns, row.bits_stored) == (500, 400, 12)


def test_a_file_that_the_model_must_not_judge_is_rejected_with_a_row(
    screen: Screen, inbox: Path, engine: Engine
) -> None:
    arrival = screen(dicom(inbox / "a.dcm", ViewPosition="LL"))
    assert arrival.state is ArrivalState.DONE
    (row,) = list_screenings(engine)
    assert (row.outcome, row.reason_code, row.label, row.probability_normal) == ("rejected", "lateral", None, None)


FACTS = {"StationName": "ROOM-2", "ViewPosition": "AP", "BodyPartExamined": "CHEST"}


@pytest.mark.parametrize(
    ("refused", "reason_code"),
    [
        ({"ViewPosition": "LL"}, "lateral"),
        ({"BodyPartExamined": "HAND"}, "other_body_part"),
        ({"Modality": "MG"}, "other_modality"),
        ({"PresentationIntentType": "FOR PROCESSING"}, "for_processing"),
        ({"NumberOfFrames": 2}, "multi_frame"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}, "other_object"),
    ],
)
@pytest.mark.parametrize("store_identifiers", [False, True])
def test_a_film_that_its_header_refuses_keeps_what_the_header_says(
    screen: Screen, inbox: Path, engine: Engine, refused: dict[str, Any], reason_code: str, store_identifiers: bool
) -> None:
    path = dicom(inbox / "a.dcm", **FACTS | IDENTITY | refused)
    screen(path, store_identifiers=store_identifiers)
    (row,) = list_screenings(engine)
    said = FACTS | refused
    assert (row.outcome, row.reason_code, row.source_format) == ("rejected", reason_code, "dicom")
    assert (row.station_name, row.view_position) == ("ROOM-2", said["ViewPosition"])
    assert row.body_part_examined == said["BodyPartExamined"]
    assert None not in (row.sop_instance_uid, row.study_instance_uid, row.series_instance_uid, row.sop_class_uid)
    if store_identifiers:
        assert row.accession_number == f"{CANARY}-ACC"
    else:
        assert row.accession_number.startswith("hmac-sha256:")


@pytest.mark.parametrize("store_identifiers", [False, True])
def test_a_film_that_cannot_be_read_keeps_what_its_header_says(
    screen: Screen, inbox: Path, engine: Engine, store_identifiers: bool
) -> None:
    path = dicom(inbox / "a.dcm", **FACTS | IDENTITY | {"PatientAge": "999Y"})
    path.write_bytes(path.read_bytes()[:-1000])
    arrival = screen(path, store_identifiers=store_identifiers)
    assert (arrival.state, arrival.reason_code) == (ArrivalState.QUARANTINED, "truncated_file")
    with reading(engine) as connection:
        row = connection.execute(select(headers)).one()
    assert (row.arrival_id, row.station_name, row.view_position) == (arrival.id, "ROOM-2", "AP")
    assert row.notes == "age_not_understood"
    assert None not in (row.sop_instance_uid, row.study_instance_uid, row.series_instance_uid)
    assert row.accession_number == (f"{CANARY}-ACC" if store_identifiers else row.accession_number)
    assert (CANARY in str(row)) == store_identifiers


def test_what_could_not_be_used_of_a_header_stands_in_the_row(screen: Screen, inbox: Path, engine: Engine) -> None:
    screen(dicom(inbox / "a.dcm", PatientAge="999Y", ViewPosition="V1"))
    screen(dicom(inbox / "b.dcm", seed=2, PatientAge="999Y", ViewPosition="LL"))
    assert [row.notes for row in list_screenings(engine)] == [
        "view_not_understood age_not_understood",
        "age_not_understood",
    ]


def test_two_films_that_their_headers_refuse_are_a_conflict_too(screen: Screen, inbox: Path, engine: Engine) -> None:
    uid = "1.2.826.0.1.3680043.10.77"
    screen(dicom(inbox / "a.dcm", ViewPosition="LL", SOPInstanceUID=uid))
    screen(dicom(inbox / "b.dcm", seed=2, SOPInstanceUID=uid))
    assert [row.conflict for row in list_screenings(engine)] == [True, True]


def test_what_the_pixels_show_is_refused_as_what_the_header_says_and_keeps_its_identity(
    screen: Screen, inbox: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise NotAChestRadiographError("the picture does not look like a chest radiograph")

    monkeypatch.setattr(Classifier, "predict_radiograph", refuse)
    arrival = screen(dicom(inbox / "a.dcm", StationName="ROOM1", **IDENTITY))
    assert arrival.state is ArrivalState.DONE
    assert arrival.stored_path is not None
    assert "processed" in arrival.stored_path.parts
    (row,) = list_screenings(engine)
    assert (row.outcome, row.reason_code) == ("rejected", "not_a_chest_radiograph")
    assert (row.label, row.probability_normal) == (None, None)
    assert row.reason == "the picture does not look like a chest radiograph"
    assert (row.source_format, row.modality, row.station_name) == ("dicom", "DX", "ROOM1")
    assert row.patient_id.startswith("hmac-sha256:")
    assert screen(dicom(inbox / "b.dcm", StationName="ROOM1", **IDENTITY)).state is ArrivalState.DUPLICATE


def test_the_gate_of_the_model_that_ships_refuses_other_pictures(screen: Screen, inbox: Path, engine: Engine) -> None:
    expected = write_refused(inbox)
    for name in expected:
        assert screen(inbox / name).state is ArrivalState.DONE
    found = {name: row.reason_code for name, row in zip(expected, list_screenings(engine), strict=True)}
    assert {name: code for name, code in found.items() if code not in expected[name]} == {}


def test_an_adults_viral_pneumonia_is_recorded_with_its_label_and_its_mark(
    screen: Screen, inbox: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    probabilities = {Label.COVID19: 0.05, Label.VIRAL_PNEUMONIA: 0.9, Label.NORMAL: 0.05}
    answer = Prediction(
        Outcome.PREDICTED,
        Label.VIRAL_PNEUMONIA,
        probabilities=probabilities,
        activation_map=np.ones((7, 7), np.float32),
    )
    monkeypatch.setattr(Classifier, "predict", lambda *_: [answer])
    for seed, age in enumerate(("042Y", "004Y", None), start=1):
        screen(dicom(inbox / f"{seed}.dcm", seed=seed, PatientAge=age))
    rows = list_screenings(engine)
    assert [row.reason_code for row in rows] == ["outside_training_population", None, None]
    assert {(row.outcome, row.label) for row in rows} == {("predicted", "viral_pneumonia")}


def test_a_file_that_cannot_be_read_is_quarantined_without_a_row(screen: Screen, inbox: Path, engine: Engine) -> None:
    path = dicom(inbox / "a.dcm")
    path.write_bytes(path.read_bytes()[:-1000])
    arrival = screen(path)
    assert arrival.state is ArrivalState.QUARANTINED
    assert arrival.reason_code == "truncated_file"
    assert list_screenings(engine) == []


def test_the_same_bytes_again_are_answered_by_the_first_row(screen: Screen, inbox: Path, engine: Engine) -> None:
    first = screen(dicom(inbox / "a.dcm"))
    second = screen(dicom(inbox / "b.dcm"))
    assert (first.state, second.state) == (ArrivalState.DONE, ArrivalState.DUPLICATE)
    assert len(list_screenings(engine)) == 1
    assert second.stored_path is not None
    assert second.stored_path.exists()


def test_one_sop_instance_uid_with_other_bytes_is_flagged_on_both(screen: Screen, inbox: Path, engine: Engine) -> None:
    screen(dicom(inbox / "a.dcm", PatientID="one"))
    screen(dicom(inbox / "b.dcm", PatientID="two"))
    assert [row.conflict for row in list_screenings(engine)] == [True, True]
    with reading(engine) as connection:
        assert "sop_instance_conflict" in connection.scalars(select(audit_events.c.action)).all()


def test_a_file_that_was_replaced_before_it_was_read_is_another_arrival(
    make_screener: Callable[..., Screener], inbox: Path, engine: Engine
) -> None:
    arrival_id = enroll(engine, dicom(inbox / "a.dcm"))
    dicom(inbox / "new.part", seed=2).replace(inbox / "a.dcm")
    make_screener().screen(arrival_id, "attempt-1")
    assert look_up(engine, arrival_id).state is ArrivalState.VANISHED
    assert list_screenings(engine) == []
    assert (inbox / "a.dcm").exists()


def test_a_file_that_is_gone_is_vanished(make_screener: Callable[..., Screener], inbox: Path, engine: Engine) -> None:
    arrival_id = enroll(engine, dicom(inbox / "a.dcm"))
    (inbox / "a.dcm").unlink()
    make_screener().screen(arrival_id, "attempt-1")
    assert look_up(engine, arrival_id).state is ArrivalState.VANISHED


def test_a_file_whose_inbox_is_away_is_not_gone(
    make_screener: Callable[..., Screener], inbox: Path, engine: Engine, tmp_path: Path
) -> None:
    arrival_id = enroll(engine, dicom(inbox / "a.dcm"))
    inbox.rename(tmp_path / "unmounted")
    make_screener().screen(arrival_id, "attempt-1")
    arrival = look_up(engine, arrival_id)
    assert (arrival.state, arrival.reason_code, arrival.attempts) == (ArrivalState.FAILED, "enodev", 0)
    (tmp_path / "unmounted").rename(inbox)
    make_screener().screen(arrival_id, "attempt-2")
    assert look_up(engine, arrival_id).state is ArrivalState.DONE


def test_a_link_that_took_the_place_of_a_file_is_not_followed(
    make_screener: Callable[..., Screener], inbox: Path, engine: Engine, tmp_path: Path
) -> None:
    arrival_id = enroll(engine, dicom(inbox / "a.dcm"))
    dicom(tmp_path / "elsewhere.dcm", seed=2)
    (inbox / "a.dcm").unlink()
    (inbox / "a.dcm").symlink_to(tmp_path / "elsewhere.dcm")
    make_screener().screen(arrival_id, "attempt-1")
    assert look_up(engine, arrival_id).state is ArrivalState.QUARANTINED
    assert list_screenings(engine) == []
    assert (tmp_path / "elsewhere.dcm").exists()


def test_another_workers_arrival_is_left_alone(
    make_screener: Callable[..., Screener], inbox: Path, engine: Engine
) -> None:
    arrival_id = enroll(engine, dicom(inbox / "a.dcm"))
    claim(engine, arrival_id, "somebody else")
    make_screener().screen(arrival_id, "attempt-1")
    assert look_up(engine, arrival_id).state is ArrivalState.SCREENING


def test_kept_files_stay_where_they_are(screen: Screen, inbox: Path) -> None:
    write_png_phantom(inbox / "film.png", seed=3)
    arrival = screen(inbox / "film.png", AfterScreening.KEEP)
    assert arrival.state is ArrivalState.DONE
    assert arrival.stored_path is None
    assert (inbox / "film.png").exists()


@pytest.mark.parametrize("view", ["PA", "LL"])
@pytest.mark.parametrize("damage", [0, 1000])
def test_nothing_of_the_patient_is_in_logs_rows_names_or_reasons(
    screen: Screen, inbox: Path, home: Home, engine: Engine, caplog: pytest.LogCaptureFixture, view: str, damage: int
) -> None:
    path = dicom(inbox / "a.dcm", ViewPosition=view, **IDENTITY)
    if damage:
        path.write_bytes(path.read_bytes()[:-damage])
    with caplog.at_level(logging.DEBUG):
        arrival = screen(path)
    assert CANARY not in caplog.text
    engine.dispose()
    ledger = Path(str(engine.url.database))
    rows = b"".join(file.read_bytes() for file in ledger.parent.glob("ledger.db*"))
    assert CANARY.encode() not in rows
    written = [found for found in home.root.rglob("*") if found.is_file() and found != arrival.stored_path]
    assert all(CANARY not in found.name and CANARY.encode() not in found.read_bytes() for found in written)


def test_identifiers_are_stored_as_the_site_says(screen: Screen, inbox: Path, engine: Engine) -> None:
    screen(dicom(inbox / "a.dcm", **IDENTITY))
    screen(dicom(inbox / "b.dcm", seed=2, **IDENTITY), store_identifiers=True)
    hashed, plain = list_screenings(engine)
    assert hashed.patient_id.startswith("hmac-sha256:")
    assert hashed.accession_number != hashed.patient_id
    assert (plain.patient_id, plain.accession_number) == (f"{CANARY}-ID", f"{CANARY}-ACC")


def test_real_films_of_every_kind_get_their_rows(screen: Screen, shared: Path, inbox: Path) -> None:
    chest = ["xrv__Fake_MONOHR1.dcm", "pydicom-data__RG1_J2KI.dcm", "dwv__gdcm-CR-MONO1-10-chest.dcm"]
    for name in chest:
        (inbox / name).write_bytes((shared / "dicom" / name).read_bytes())
        assert screen(inbox / name).state is ArrivalState.DONE
    for film in sorted((shared / "data" / "radiographs" / "normal").glob("*.jpg"))[:3]:
        (inbox / film.name).write_bytes(film.read_bytes())
        assert screen(inbox / film.name).state is ArrivalState.DONE
