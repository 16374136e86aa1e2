import logging
from pathlib import Path

import pytest

from inference.labels import LABELS, OTHER_FINDING
from tests.training.factories import write_film, write_manifest
from training.data.dataset import read_dataset, read_other_findings
from training.data.errors import DatasetManifestError, DatasetNotFoundError


def test_a_manifest_gives_label_patient_source_and_age_group(dataset: Path):
    cases = read_dataset(dataset)
    assert len(cases) == 54
    first, last = cases[0], cases[-1]
    assert (first.reference_label, first.patient_id, first.source) == ("covid19", "covid19-0", "north")
    assert (first.age_group, last.age_group) == ("adult", "paediatric")


def test_the_development_radiographs_are_read_whole(shared: Path):
    cases = read_dataset(shared / "data" / "radiographs")
    others = read_other_findings(shared / "data" / "other_findings")
    assert [sum(case.reference_label == label for case in cases) for label in LABELS] == [324, 397, 515]
    assert len(others) == 593
    assert {case.reference_label for case in others} == {OTHER_FINDING}


def test_every_viral_pneumonia_film_of_the_development_set_is_of_a_child(shared: Path):
    cases = read_dataset(shared / "data" / "radiographs")
    assert {case.age_group for case in cases if case.reference_label == "viral_pneumonia"} == {"paediatric"}


def test_class_folders_without_a_manifest_work_and_warn(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    for number, label in enumerate(LABELS):
        write_film(tmp_path / label / "deep" / "a.png", 0, seed=number)
    with caplog.at_level(logging.WARNING):
        cases = read_dataset(tmp_path)
    assert sorted(case.reference_label for case in cases) == sorted(LABELS)
    assert len({case.patient_id for case in cases}) == 3
    assert "patients cannot be kept apart" in caplog.text


def test_an_empty_folder_is_no_data_set(tmp_path: Path):
    with pytest.raises(DatasetNotFoundError, match="covid19"):
        read_dataset(tmp_path)
    with pytest.raises(DatasetNotFoundError):
        read_other_findings(tmp_path)


def test_an_unknown_label_is_named_with_its_line(tmp_path: Path):
    write_film(tmp_path / "a.png", 0, seed=0)
    write_manifest(tmp_path, [{"file": "a.png", "label": "flu"}])
    with pytest.raises(DatasetManifestError, match="line 2: label 'flu', accepted are covid19"):
        read_dataset(tmp_path)


def test_a_file_that_does_not_exist_is_reported_without_its_name(tmp_path: Path):
    write_manifest(tmp_path, [{"file": "DOE^JANE.png", "label": "normal"}])
    with pytest.raises(DatasetManifestError, match="line 2") as caught:
        read_dataset(tmp_path)
    assert "DOE" not in str(caught.value)


def test_a_manifest_without_labels_is_refused(tmp_path: Path):
    write_manifest(tmp_path, [{"file": "a.png", "age": 3}])
    with pytest.raises(DatasetManifestError, match="label"):
        read_dataset(tmp_path)


@pytest.mark.parametrize(
    ("age", "words", "expected"),
    [("17.9", "", "paediatric"), ("18", "paediatric", "adult"), ("", "paediatric (1-5 y)", "paediatric"),
     ("", "unknown (mostly adult)", "unknown"), ("", "", "unknown")],
)  # fmt: skip
def test_age_in_years_decides_and_words_stand_in_for_it(tmp_path: Path, age: str, words: str, expected: str):
    write_film(tmp_path / "a.png", 0, seed=0)
    write_manifest(tmp_path, [{"file": "a.png", "label": "normal", "age": age, "adult_or_paediatric": words}])
    assert read_dataset(tmp_path)[0].age_group == expected


def test_a_manifest_speaks_the_same_words_as_folders_do(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    words = ("COVID-19", "healthy", "Viral Pneumonia", "Pneumonia/Bacterial", "lung_opacity", "other finding")
    for place in range(len(words)):
        (tmp_path / f"{place}  a.png").touch()  # two spaces, which are part of the name
    write_manifest(tmp_path, [{"File": f"{place}  a.png", "Label": word} for place, word in enumerate(words)])
    cases = read_dataset(tmp_path)
    assert [case.reference_label for case in cases] == ["covid19", "normal", "viral_pneumonia", OTHER_FINDING]
    assert "1 films left out: bacterial pneumonia" in caplog.text
    assert "1 films left out: lung opacity of no stated cause" in caplog.text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_a_manifest_may_come_from_excel(tmp_path: Path, encoding: str):
    (tmp_path / "Zürich.png").touch()
    (tmp_path / "manifest.csv").write_text("sep=;\nfile;label;site\nZürich.png;normal;Genève\n", encoding=encoding)
    (case,) = read_dataset(tmp_path)
    assert (case.path.name, case.site) == ("Zürich.png", "Genève")
