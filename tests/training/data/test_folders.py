"""Class folders as people have them: each picture is a case, is counted as left out, or its folder is named."""

import errno
import logging
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.labels import LABELS, OTHER_FINDING, Label
from training.data.dataset import Case, read_dataset, read_other_findings
from training.data.errors import DatasetError, DatasetFolderError, DatasetNotFoundError
from training.data.folders import read_class_folders


def lay_out(folder: Path, *files: str) -> Path:
    for file in files:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return folder


def count(cases: Sequence[Case]) -> dict[str, int]:
    labels = [case.reference_label for case in cases]
    return {label: labels.count(label) for label in dict.fromkeys(labels)}


@pytest.mark.parametrize(
    ("covid", "viral", "normal"),
    [
        ("covid", "viral", "normal"),
        ("COVID-19", "Viral Pneumonia", "NORMAL"),
        ("Covid", "viral_pneumonia", "healthy"),
        ("covid19", "virus", "Healthy"),
        ("COVID-19 cases", "Viral-Pneumonia images", "normal_xrays"),
        ("sars-cov-2", "pneumonia_viral", "No Finding"),
    ],
)
def test_folders_are_understood_however_they_are_spelt(tmp_path: Path, covid: str, viral: str, normal: str) -> None:
    lay_out(tmp_path, f"{covid}/a.jpg", f"{viral}/b.png", f"{normal}/deep/c.dcm")
    assert count(read_dataset(tmp_path)) == dict.fromkeys(LABELS, 1)


def test_the_tutorials_two_folders_are_read_whole(tmp_path: Path) -> None:
    lay_out(tmp_path, *(f"{label}/{film}.jpeg" for label in ("covid", "normal") for film in range(25)))
    assert count(read_dataset(tmp_path)) == {Label.COVID19: 25, Label.NORMAL: 25}


def test_the_radiography_database_as_unpacked(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    names = ("COVID", "Normal", "Viral Pneumonia", "Lung_Opacity")
    files = [f"{name}/{kind}/{name}-{film}.png" for name in names for kind in ("images", "masks") for film in (1, 2)]
    lay_out(tmp_path / "db", *files, "COVID.metadata.xlsx", "README.md.txt")
    with caplog.at_level(logging.WARNING):
        cases = read_dataset(tmp_path / "db")
    assert count(cases) == {Label.COVID19: 2, Label.NORMAL: 2, Label.VIRAL_PNEUMONIA: 2}
    assert {case.source for case in cases} == {"radiography-database"}
    assert "2 films left out: lung opacity of no stated cause" in caplog.text


def test_kaggles_chest_xray_with_its_three_parts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    parts = ("train", "val", "test")
    lay_out(tmp_path, *(f"chest_xray/{part}/NORMAL/IM-0{place}15-0001.jpeg" for place, part in enumerate(parts)))
    lay_out(tmp_path, *(f"chest_xray/{part}/PNEUMONIA/person{n}_virus_6.jpeg" for n, part in enumerate(parts)))
    lay_out(tmp_path, "chest_xray/train/PNEUMONIA/person1_bacteria_2.jpeg", "__MACOSX/train/NORMAL/IM-1-1.jpeg")
    with caplog.at_level(logging.WARNING):
        cases = read_dataset(tmp_path)
    assert count(cases) == {Label.NORMAL: 3, Label.VIRAL_PNEUMONIA: 3}
    assert {(case.source, case.age_group) for case in cases} == {("kermany", "paediatric")}
    assert len({case.patient_id for case in cases}) == 6
    assert "1 films left out: bacterial pneumonia" in caplog.text
    assert "patients cannot be kept apart" not in caplog.text


def test_folders_normal_and_pneumonia_alone_are_not_kermanys(tmp_path: Path) -> None:
    lay_out(tmp_path, "Normal/adult_13.png", "Pneumonia/adult_virus_14.png")
    for case in read_dataset(tmp_path):
        assert (case.source, case.age_group, case.site) == (tmp_path.name, "unknown", "unknown")


def test_nothing_is_said_of_a_film_that_somebody_added_to_kermanys(tmp_path: Path) -> None:
    lay_out(tmp_path, *(f"PNEUMONIA/person{n}_virus_6.jpeg" for n in range(12)), "NORMAL/mine.png")
    cases = {case.path.name: case for case in read_dataset(tmp_path)}
    assert cases["person1_virus_6.jpeg"].age_group == "paediatric"
    assert cases["mine.png"].age_group == "unknown"


@pytest.mark.parametrize("folder", ["covid/negative", "covid/non-covid", "normal/abnormal", "train/flu", "covdi"])
def test_a_folder_that_is_not_understood_is_named_with_what_to_do(tmp_path: Path, folder: str) -> None:
    lay_out(tmp_path, "covid/a.png", "normal/b.png", "train/normal/c.png", f"{folder}/d.png", f"{folder}/deep/e.png")
    with pytest.raises(DatasetFolderError, match=rf"the folder '{folder}' \(2 pictures\) .*call it covid19") as caught:
        read_dataset(tmp_path)
    assert "xray-cli prepare" in str(caught.value)


def test_no_more_than_five_folders_are_named(tmp_path: Path) -> None:
    lay_out(tmp_path, "covid/a.png", *(f"place {number}/a.png" for number in range(7)))
    with pytest.raises(DatasetFolderError, match=r"'place 4' \(1 pictures\) and 2 more in"):
        read_dataset(tmp_path)


def test_a_picture_beside_the_folders_is_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    lay_out(tmp_path, "covid/a.png", "normal/b.png", "plot.png")
    assert len(read_dataset(tmp_path)) == 2
    assert "1 films left out: in no folder that is named by a class" in caplog.text


def test_pictures_of_kinds_that_are_not_read_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    lay_out(tmp_path, "covid/a.png", "normal/b.png", "normal/c.tif", "normal/d.TIF", "normal/notes.txt")
    assert len(read_dataset(tmp_path)) == 2
    assert "2 files left out: .tif is not read; DICOM, PNG and JPEG are" in caplog.text


def test_links_to_films_and_to_folders_are_followed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = lay_out(tmp_path / "data", "covid/a.png", "normal/b.png")
    lay_out(tmp_path / "elsewhere", "films/c.png", "d.png")
    (data / "viral").symlink_to(tmp_path / "elsewhere" / "films")
    (data / "normal" / "d.png").symlink_to(tmp_path / "elsewhere" / "d.png")
    (data / "normal" / "gone.png").symlink_to(tmp_path / "nowhere")
    assert count(read_dataset(data)) == {Label.COVID19: 1, Label.NORMAL: 2, Label.VIRAL_PNEUMONIA: 1}
    assert "1 files left out: a link without its file is not read" in caplog.text


def test_a_link_to_a_folder_above_is_not_followed_for_ever(tmp_path: Path) -> None:
    lay_out(tmp_path, "covid/a.png", "normal/b.png")
    (tmp_path / "covid" / "back").symlink_to(tmp_path)
    (tmp_path / "covid" / "across").symlink_to(tmp_path / "normal")
    (tmp_path / "normal" / "across").symlink_to(tmp_path / "covid")
    assert len(read_dataset(tmp_path)) < 10


def test_a_class_whose_folder_may_not_be_entered_is_not_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path, "covid/a.png", "normal/b.png", "viral/c.png")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("viral"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PermissionError):
        read_dataset(tmp_path)


def test_dicom_files_without_a_suffix_are_films(tmp_path: Path) -> None:
    lay_out(tmp_path, "covid/a.png", "covid/README", "normal/1.2.840.99")
    (tmp_path / "normal" / "1.2.840.99").write_bytes(bytes(128) + b"DICM")
    assert count(read_dataset(tmp_path)) == {Label.COVID19: 1, Label.NORMAL: 1}


@pytest.mark.parametrize("name", ["film", "film.jfif", "1-s2.0-S01-fx1_lrg", "film.ima", "1.2.840.99"])
def test_a_film_is_known_by_its_content_where_its_suffix_says_nothing(tmp_path: Path, name: str) -> None:
    lay_out(tmp_path, "covid/a.png", f"normal/{name}", "normal/notes.txt", "normal/labels.csv")
    (tmp_path / "normal" / name).write_bytes(b"\xff\xd8\xff\xe0")
    assert count(read_dataset(tmp_path)) == {Label.COVID19: 1, Label.NORMAL: 1}


def test_a_folder_of_other_findings_is_read_as_such(tmp_path: Path) -> None:
    lay_out(tmp_path, "covid/a.png", "normal/b.png", "other_finding/c.png", "other_finding/masks/c.png")
    assert count(read_dataset(tmp_path))[OTHER_FINDING] == 1
    assert len(read_other_findings(tmp_path / "other_finding")) == 1


def test_a_folder_without_any_class_says_what_is_expected(tmp_path: Path) -> None:
    lay_out(tmp_path, "a/b.png")
    with pytest.raises(DatasetNotFoundError, match="such as covid19, viral_pneumonia, normal"):
        read_dataset(tmp_path)
    (tmp_path / "metadata.csv").touch()
    with pytest.raises(DatasetNotFoundError, match="xray-cli prepare --metadata"):
        read_dataset(tmp_path)


FOLDERS = st.sampled_from(
    ["covid", "Normal", "viral", "PNEUMONIA", "Lung_Opacity", "images", "train", "ward 1", "negative", "flu", "masks"]
)
FILES = st.sampled_from(["1.png", "2.jpg", "person1_virus_1.jpeg", "person2_bacteria_2.jpeg", "3.tif"])
TREES = st.sets(st.tuples(st.lists(FOLDERS, max_size=3).map(tuple), FILES), min_size=1, max_size=12)


@given(TREES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_no_picture_is_dropped_silently(
    tmp_path_factory: pytest.TempPathFactory, tree: set[tuple[tuple[str], str]]
) -> None:
    folder = tmp_path_factory.mktemp("tree")
    lay_out(folder, *("/".join((*above, file)) for above, file in tree))
    pictures = [(above, file) for above, file in tree if "masks" not in above]
    try:
        found = read_class_folders(folder)
    except DatasetNotFoundError:
        return
    unknown = found.name_unknown_folders()
    assert len(found.films) + sum(found.unread.values()) == len(pictures)
    if unknown:
        with pytest.raises(DatasetFolderError):
            read_dataset(folder)
        return
    try:
        cases = read_dataset(folder)
    except DatasetError:
        cases = []
    assert {case.path for case in cases} == {film.path for film in found.films if film.label in LABELS}
    assert all("negative" not in case.path.parts[-2] for case in cases)
