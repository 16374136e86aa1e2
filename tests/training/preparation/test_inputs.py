from pathlib import Path

from tests.training.preparation.factories import (
    make_kermany,
    make_radiography,
    read_list,
    reasons,
    snapshot,
    write_cohen,
    write_dicom,
    write_table,
)
from training.data.dataset import read_dataset
from training.preparation import PrepareSettings, prepare


def test_the_ieee8023_layout(tmp_path: Path, output: Path) -> None:
    metadata, images = write_cohen(
        tmp_path / "cohen",
        [
            {"seed": 1, "patientid": 7, "age": "65", "sex": "M", "location": "Rome", "license": "CC BY"},
            {"seed": 2, "finding": "Pneumonia/Viral/SARS", "view": "AP Supine"},
            {"seed": 3, "finding": "COVID-19", "view": "L"},
            {"seed": 4, "modality": "CT", "view": "Axial"},
            {"seed": 5, "finding": "No Finding"},
            {"finding": "COVID-19"},
            {"filename": "../metadata.csv"},
        ],
    )
    result = prepare(PrepareSettings(output, metadata, images))
    first, second = read_list(output / "manifest.csv")
    assert (first["label"], first["patient_id"], first["age"], first["sex"]) == ("covid19", "cohen-7", "65", "M")
    assert (first["site"], first["licence"], second["label"]) == ("Rome", "CC BY", "viral_pneumonia")
    assert (output / first["file"]).read_bytes() == (images / "film-0.png").read_bytes()
    assert reasons(result) == {
        "film-2.png": "lateral",
        "film-3.png": "ct",
        "film-4.png": "no_finding",
        "film-5.png": "missing_file",
        "../metadata.csv": "missing_file",
    }
    assert [case.reference_label for case in read_dataset(output)] == ["covid19", "viral_pneumonia"]


def test_no_finding_may_be_taken_as_normal(tmp_path: Path, output: Path) -> None:
    metadata, images = write_cohen(tmp_path / "cohen", [{"seed": 1, "finding": "No Finding"}])
    result = prepare(PrepareSettings(output, metadata, images, no_finding=True))
    assert [film.offer.label for film in result.kept] == ["normal"]


def test_one_image_listed_under_two_patients_makes_them_one(tmp_path: Path, output: Path) -> None:
    twice = [{"seed": 1, "patientid": 285}, {"filename": "film-0.png", "patientid": 339}, {"seed": 2, "patientid": 339}]
    metadata, images = write_cohen(tmp_path / "cohen", twice)
    result = prepare(PrepareSettings(output, metadata, images))
    assert [film.offer.patient_id for film in result.kept] == ["cohen-285", "cohen-285"]
    assert reasons(result) == {"film-0.png#2": "exact_duplicate"}


def test_the_radiography_database(tmp_path: Path, output: Path) -> None:
    result = prepare(PrepareSettings(output, folders=(make_radiography(tmp_path / "db"),)))
    assert [film.offer.label for film in result.kept] == ["covid19", "normal", "viral_pneumonia"]
    assert {film.offer.source for film in result.kept} == {"radiography-database"}
    assert reasons(result) == {"Lung_Opacity/images/Lung_Opacity-1.png": "lung_opacity"}


def test_kaggles_pneumonia_keeps_patients_across_its_split(tmp_path: Path, output: Path) -> None:
    result = prepare(PrepareSettings(output, folders=(make_kermany(tmp_path / "kaggle"),)))
    assert sorted((film.offer.label, film.offer.patient_id) for film in result.kept) == [
        ("normal", "kermany-normal-NORMAL2-IM-0035"),
        ("viral_pneumonia", "kermany-virus-person1"),
        ("viral_pneumonia", "kermany-virus-person1"),
    ]
    assert list(reasons(result).values()) == ["bacterial"]
    assert {case.age_group for case in read_dataset(output)} == {"paediatric"}


def test_other_findings_may_be_kept_as_a_class(tmp_path: Path, output: Path) -> None:
    result = prepare(PrepareSettings(output, folders=(make_radiography(tmp_path / "db"),), other_findings=True))
    assert "other_finding" in {film.offer.label for film in result.kept}
    assert not result.dropped


def test_dicom_files_with_labels_give_no_identifier_away(tmp_path: Path, output: Path) -> None:
    folder = tmp_path / "export"
    write_dicom(folder / "DOE_JOHN" / "a", 1, PatientID="SECRET-1", PatientAge="093Y", PatientSex="F")
    write_dicom(folder / "DOE_JOHN" / "b", 2, PatientID="SECRET-1", SOPInstanceUID="1.2.3.4")
    write_dicom(folder / "lateral", 3, ViewPosition="LL")
    write_dicom(folder / "unlabelled", 4)
    rows = [
        {"file": "DOE_JOHN/a", "label": "COVID-19"},
        {"file": "1.2.3.4", "label": "normal"},
        {"file": "lateral", "label": "normal"},
        {"file": "gone.dcm", "label": "normal"},
    ]
    labels = write_table(tmp_path / "labels.csv", ("file", "label"), rows)
    result = prepare(PrepareSettings(output, dicom=folder, labels=labels))
    first, second = sorted((film.offer for film in result.kept), key=lambda offer: offer.label)
    assert (first.label, first.age, first.sex, first.view, second.label) == ("covid19", "90", "F", "PA", "normal")
    assert first.patient_id == second.patient_id != ""
    assert sorted(reasons(result).values()) == ["lateral", "missing_file", "no_label"]
    told = (output / "manifest.csv").read_text() + (output / "dropped.csv").read_text()
    assert not any(word in told for word in ("SECRET", "DOE", "1.2.3.4"))
    salt = tmp_path / "dataset.salt"
    assert salt.stat().st_mode & 0o077 == 0
    before = snapshot(output)
    prepare(PrepareSettings(output, dicom=folder, labels=labels))
    assert snapshot(output) == before
