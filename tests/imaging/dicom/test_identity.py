"""What a header says of the patient and the film, in the spellings that systems really write."""

import pytest

from imaging import Note, Radiograph, RadiographError, decode_radiograph
from tests.imaging.dicom_factory import build_dicom


def read(**attributes: object) -> Radiograph:
    return decode_radiograph(build_dicom(attributes=attributes))


def age(**attributes: object) -> float | None:
    return read(**attributes).identity.patient_age_years


@pytest.mark.parametrize(
    ("said", "years"),
    [
        ("062Y", 62),
        ("62", 62),
        ("062", 62),
        ("62Y", 62),
        ("45Y", 45),
        ("5Y", 5),
        ("62y", 62),
        ("62 Y", 62),
        ("062Y ", 62),
        ("0062", 62),
        ("62YR", 62),
        ("62 yrs", 62),
        ("62 years", 62),
        ("062A", 62),
        ("62 ans", 62),
        ("62.5", 62.5),
        ("62,5Y", 62.5),
        ("006M", 0.5),
        ("6M", 0.5),
        ("18 months", 1.5),
        ("026W", 26 * 7 / 365.25),
        ("2 weeks", 14 / 365.25),
        ("003D", 3 / 365.25),
        ("10d", 10 / 365.25),
        ("000D", 0),
        (">89", 89),
        ("90+", 90),
        ("~62", 62),
        ("62 years old", 62),
        ("62J", 62),
        ("62 Lat", 62),
        ("3 Wochen", 21 / 365.25),
        ("2 mois", 1 / 6),
    ],
)
def test_ages(said: str, years: float) -> None:
    radiograph = read(PatientAge=said)
    assert radiograph.identity.patient_age_years == pytest.approx(years)
    assert radiograph.notes == ()


@pytest.mark.parametrize(("said", "years"), [("62岁", 62), ("62歳", 62), ("62세", 62), ("62 años", 62), ("6个月", 0.5)])
def test_ages_in_other_scripts(said: str, years: float) -> None:
    raw = said.encode().ljust(8)
    content = build_dicom(attributes={"SpecificCharacterSet": "ISO_IR 192", "PatientAge": "X" * len(raw)})
    radiograph = decode_radiograph(content.replace(b"X" * len(raw), raw))
    assert radiograph.identity.patient_age_years == years
    assert radiograph.notes == ()


@pytest.mark.parametrize("said", ["abc", "999Y", "-5Y", "Y", "62X", "0", "1/2Y", "1e1", "62Y6", "200"])
def test_an_age_that_is_not_understood_is_none_and_a_note_says_so(said: str) -> None:
    radiograph = read(PatientAge=said)
    assert radiograph.identity.patient_age_years is None
    assert radiograph.notes == (Note.AGE_NOT_UNDERSTOOD,)


@pytest.mark.parametrize(
    ("born", "studied", "years"),
    [
        ("19600101", "20200101", 60),
        ("19600102", "20200101", 59),
        ("19600615", "20200614", 59),
        ("20000229", "20200228", 19),
        ("1960.01.01", "2020.01.01", 60),
        ("1960-01-01", "20200101", 60),
        ("19600000", "20200701", 60),
        ("1960", "20200701", 60),
        ("196002", "20200101", 59),
        ("01.02.1960", "20200201", 60),
        ("12/31/1960", "20201231", 60),
        ("20190701", "20200101", 184 / 365.25),
        ("20200101", "20200101", 0),
    ],
)
def test_without_an_age_the_dates_give_it(born: str, studied: str, years: float) -> None:
    dates = {"PatientBirthDate": born, "StudyDate": studied}
    assert age(PatientAge=None, **dates) == pytest.approx(years)
    assert age(PatientAge="", **dates) == pytest.approx(years)
    assert age(PatientAge="unknown", **dates) == pytest.approx(years)


@pytest.mark.parametrize("keyword", ["AcquisitionDate", "ContentDate", "SeriesDate"])
def test_any_date_of_the_study_will_do(keyword: str) -> None:
    assert age(PatientAge=None, PatientBirthDate="19600101", StudyDate="", **{keyword: "20200101"}) == 60
    assert age(PatientAge=None, PatientBirthDate="19600101", AcquisitionDateTime="20200101120000.5") == 60


def test_the_stated_age_comes_before_the_dates_and_000y_after_them() -> None:
    dates = {"PatientBirthDate": "19600101", "StudyDate": "20200101"}
    assert age(PatientAge="045Y", **dates) == 45
    assert age(PatientAge="000Y", **dates) == 60
    radiograph = read(PatientAge="000Y")
    assert radiograph.identity.patient_age_years is None  # unknown in many systems, and no infant's
    assert radiograph.notes == (Note.AGE_NOT_UNDERSTOOD,)


@pytest.mark.parametrize("born", ["19000101", "00010101", "20261399", "20210101", "abc", "196"])
def test_a_date_of_birth_of_which_no_age_comes_is_noted(born: str) -> None:
    radiograph = read(PatientAge=None, PatientBirthDate=born, StudyDate="20200101")
    assert radiograph.identity.patient_age_years is None
    assert radiograph.notes == (Note.AGE_NOT_UNDERSTOOD,)


def test_no_age_at_all_needs_no_note() -> None:
    assert read(PatientAge=None).notes == ()
    assert read(PatientAge="", PatientBirthDate="").notes == ()


@pytest.mark.parametrize("uid", ["ANON.1.2.3", "1.2.a", "1.2.840.ABC", "2f8c1d4e-77aa-4b6e", "1.02.3"])
@pytest.mark.parametrize("keyword", ["SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"])
def test_uids_with_letters_are_kept_as_they_are(keyword: str, uid: str) -> None:
    field = {"SOPInstanceUID": "sop_instance_uid", "StudyInstanceUID": "study_instance_uid"}
    identity = read(**{keyword: uid}).identity
    assert getattr(identity, field.get(keyword, "series_instance_uid")) == uid


REFUSED = [
    {"BodyPartExamined": "KNEE"},
    {"ViewPosition": "LL"},
    {"Modality": "MG"},
    {"PresentationIntentType": "FOR PROCESSING"},
    {"NumberOfFrames": 2},
    {"Rows": 32},
    {"BitsAllocated": 32},
    {"PixelData": None},
    {"Columns": 800},
]


@pytest.mark.parametrize("attributes", REFUSED)
def test_a_refused_film_carries_what_its_header_says(attributes: dict[str, object]) -> None:
    content = build_dicom(attributes={"StationName": "ROOM-2", "ViewPosition": "AP", **attributes})
    with pytest.raises(RadiographError) as refused:
        decode_radiograph(content)
    identity = refused.value.identity
    assert identity is not None
    assert identity.source_format == "dicom"
    assert identity.station_name == "ROOM-2"
    assert identity.view_position == attributes.get("ViewPosition", "AP")
    assert identity.body_part_examined == attributes.get("BodyPartExamined", "CHEST")
    assert identity.accession_number == "CANARY-ACC"
    assert identity.sop_instance_uid == "1.2.3.1"
    assert "CANARY" not in repr(refused.value) + str(refused.value) + repr(identity)


def test_a_uid_that_is_refused_is_in_no_identity() -> None:
    content = build_dicom(attributes={"StudyInstanceUID": "1.2.999"}).replace(b"1.2.999", b"1.2.9/9")
    with pytest.raises(RadiographError) as refused:
        decode_radiograph(content)
    assert refused.value.identity is not None
    assert refused.value.identity.study_instance_uid is None
    assert refused.value.identity.series_instance_uid == "1.2.3.3"


def test_a_header_that_cannot_be_read_gives_no_identity() -> None:
    with pytest.raises(RadiographError) as refused:
        decode_radiograph(build_dicom()[:150])
    assert refused.value.identity is None
