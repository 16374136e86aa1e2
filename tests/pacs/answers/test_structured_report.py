from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from imaging import RadiographError, decode_radiograph
from imaging.errors import OwnObjectError
from inference.labels import NOTICE
from pacs.answers import codes
from pacs.answers.facts import AnswerFacts, make_instance_uid
from pacs.answers.header import as_bytes, read_film_header
from pacs.answers.structured_report import SR_CLASSES, build_report
from pacs.errors import NoStudyError
from tests.pacs.films import describe_film, write_film
from tests.pacs.validators import list_errors, list_template_errors

ROOT = "2.25"


def make(content: bytes, facts: AnswerFacts, sop_class_uid: str = SR_CLASSES[0], root: str = ROOT) -> bytes:
    uid = make_instance_uid(root, sop_class_uid, facts.source_sha256, facts.model_sha256)
    return as_bytes(build_report(read_film_header(content), facts, sop_class_uid, uid))


def walk(item: Dataset) -> list[Dataset]:
    return [item, *(below for child in item.get("ContentSequence", ()) for below in walk(child))]


def list_values(report: bytes, value_type: str) -> list[tuple[str, Dataset]]:
    items = walk(dcmread(BytesIO(report)))
    named = [item for item in items if item.ValueType == value_type]
    return [(item.ConceptNameCodeSequence[0].CodeMeaning, item) for item in named]


def test_a_report_stands_in_the_films_study_and_says_all_of_the_answer(tmp_path: Path) -> None:
    content = write_film(tmp_path / "film.dcm")
    film, report = dcmread(BytesIO(content)), make(content, describe_film(content))
    made = dcmread(BytesIO(report))
    assert made.StudyInstanceUID == film.StudyInstanceUID
    assert made.SeriesInstanceUID not in (film.SeriesInstanceUID, made.SOPInstanceUID)
    assert (made.PatientID, made.PatientName) == (film.PatientID, film.PatientName)
    assert (made.VerificationFlag, made.CompletionFlag) == ("UNVERIFIED", "COMPLETE")
    assert NOTICE in made.SeriesDescription
    evidence = made.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert evidence.ReferencedSOPInstanceUID == film.SOPInstanceUID
    numbers = {(name, str(item.MeasuredValueSequence[0].NumericValue)) for name, item in list_values(report, "NUM")}
    assert numbers == {("Probability", value) for value in ("0.125", "0.25", "0.625")} | {
        (codes.OPERATING_POINT.meaning, "0.5")
    }
    texts = [str(item.TextValue) for _, item in list_values(report, "TEXT")]
    assert any(describe_film(content).model_sha256 in text for text in texts if "bundle" in text)
    assert NOTICE in texts


@pytest.mark.parametrize("outcome", ["predicted", "indeterminate", "rejected", "quarantined"])
def test_each_outcome_is_told_from_a_negative_one(tmp_path: Path, outcome: str) -> None:
    content = write_film(tmp_path / "film.dcm")
    label = describe_film(content).label if outcome == "predicted" else None
    asked = outcome in ("predicted", "indeterminate")
    changed = {} if asked else {"probabilities": {}, "reason": "lateral: a lateral view"}
    report = make(content, describe_film(content, outcome=outcome, label=label, **changed))
    said = [(name, item.ConceptCodeSequence[0].CodeValue) for name, item in list_values(report, "CODE")]
    assert (codes.OUTCOME.meaning, outcome) in said
    assert len(list_values(report, "NUM")) == (6 if asked else 0)
    assert ("Finding", "normal" if label else "answer") in said


def test_made_twice_a_report_is_the_same_bytes_and_another_model_makes_another(tmp_path: Path) -> None:
    content = write_film(tmp_path / "film.dcm")
    facts = describe_film(content)
    assert make(content, facts) == make(content, facts)
    first, other = (
        dcmread(BytesIO(make(content, each))) for each in (facts, describe_film(content, model_sha256="cd" * 32))
    )
    assert first.SOPInstanceUID != other.SOPInstanceUID
    assert first.SeriesInstanceUID != other.SeriesInstanceUID
    assert first.StudyInstanceUID == other.StudyInstanceUID


def test_all_uids_stand_under_the_sites_root(tmp_path: Path) -> None:
    content = write_film(tmp_path / "film.dcm")
    made = dcmread(BytesIO(make(content, describe_film(content), root="1.2.826.0.1.9999")))
    for uid in (made.SOPInstanceUID, made.SeriesInstanceUID):
        assert uid.startswith("1.2.826.0.1.9999.")
        assert len(uid) <= 64


def test_an_answer_that_comes_back_is_refused_by_name(tmp_path: Path) -> None:
    content = write_film(tmp_path / "film.dcm")
    with pytest.raises(OwnObjectError):
        decode_radiograph(make(content, describe_film(content)))


def test_the_films_names_are_copied_as_they_stand_in_any_character_set(shared: Path) -> None:
    content = (shared / "dicom/hard/fo-dicom__chrJapMulti.dcm").read_bytes()
    film, made = read_film_header(content), read_film_header(make(content, describe_film(content)))
    assert made.get_item(0x00100010).value == film.get_item(0x00100010).value  # type: ignore[union-attr]
    assert made.SpecificCharacterSet == film.SpecificCharacterSet


def test_what_names_no_study_has_no_report() -> None:
    with pytest.raises(NoStudyError, match="no study"):
        read_film_header(b"\x89PNG\r\n\x1a\n" + bytes(200))


@pytest.mark.filterwarnings("ignore::UserWarning")  # of a film's own values
def test_no_error_but_the_films_own_over_every_real_film(shared: Path, tmp_path: Path) -> None:
    tried = 0
    for path in sorted((shared / "dicom").rglob("*.dcm")):
        content = path.read_bytes()
        try:
            facts = describe_film(content)
            report = make(content, facts, SR_CLASSES[tried % 2])
        except NoStudyError:
            continue
        target = tmp_path / "report.dcm"
        target.write_bytes(report)
        errors = list_errors(target)
        assert not errors or errors <= list_errors(path), path.name
        tried += 1
    assert tried >= 40


@pytest.mark.timeout(300)  # seconds of work, and as many minutes beside others
def test_a_report_follows_the_template(tmp_path: Path) -> None:
    content = write_film(tmp_path / "film.dcm")
    target = tmp_path / "report.dcm"
    target.write_bytes(make(content, describe_film(content)))
    assert list_template_errors(target) == []


def test_a_film_that_cannot_be_read_may_have_a_study(tmp_path: Path) -> None:
    whole = write_film(tmp_path / "film.dcm")
    cut = whole[: len(whole) // 2]
    with pytest.raises(RadiographError):
        decode_radiograph(cut)
    assert read_film_header(cut).StudyInstanceUID == dcmread(BytesIO(whole)).StudyInstanceUID
