import shutil
from pathlib import Path

import pytest

from inference.bundle import SHIPPED_BUNDLE
from tests.training.preparation.factories import (
    make_kermany,
    make_radiography,
    read_list,
    reasons,
    snapshot,
    write_cohen,
    write_copy,
    write_dicom,
    write_film,
    write_phantom,
    write_table,
)
from training.data.errors import DatasetManifestError, DatasetNotFoundError
from training.preparation import PrepareSettings, prepare
from training.preparation.folder import open_folder
from training.preparation.offer import OutputTakenError


def write_labels(path: Path, *rows: tuple[str, str]) -> Path:
    return write_table(path, ("file", "label"), [{"file": file, "label": label} for file, label in rows])


@pytest.mark.parametrize(
    "rows",
    [
        (("film.dcm", "normal"), ("film.dcm", "covid19")),
        (("film.dcm", "normal"), ("1.2.3.4", "covid19")),
        (("film.dcm", "normal"), ("copy.dcm", "covid19")),
        (("copy.dcm", "covid19"), ("film.dcm", "covid19"), ("FILM.dcm", "normal")),
    ],
    ids=["its name twice", "its name and its UID", "a copy", "three rows"],
)
def test_a_film_under_two_labels_of_one_table_is_dropped(
    tmp_path: Path, output: Path, rows: tuple[tuple[str, str], ...]
) -> None:
    original = write_dicom(tmp_path / "export" / "film.dcm", 1, SOPInstanceUID="1.2.3.4")
    shutil.copy(original, tmp_path / "export" / "copy.dcm")
    labels = write_labels(tmp_path / "labels.csv", *rows)
    result = prepare(PrepareSettings(output, dicom=tmp_path / "export", labels=labels))
    assert not read_list(output / "manifest.csv")
    assert set(reasons(result).values()) == {"label_conflict"}
    again = prepare(PrepareSettings(output, dicom=tmp_path / "export", labels=labels))
    assert reasons(again) == reasons(result)
    right = write_labels(tmp_path / "labels.csv", ("film.dcm", "normal"), ("copy.dcm", "normal"))
    assert len(prepare(PrepareSettings(output, dicom=tmp_path / "export", labels=right)).kept) == 1


def test_a_film_of_two_labels_takes_its_copies_elsewhere_with_it(tmp_path: Path, output: Path) -> None:
    original = write_dicom(tmp_path / "export" / "film.dcm", 1)
    (tmp_path / "films" / "covid19").mkdir(parents=True)
    shutil.copy(original, tmp_path / "films" / "covid19" / "a.dcm")
    labels = write_labels(tmp_path / "labels.csv", ("film.dcm", "normal"), ("film.dcm", "covid19"))
    folders = (tmp_path / "films",)
    result = prepare(PrepareSettings(output, folders=folders, dicom=tmp_path / "export", labels=labels))
    assert (result.kept, set(reasons(result).values())) == ((), {"label_conflict"})


def test_the_gate_looks_at_class_folders(tmp_path: Path, output: Path) -> None:
    folder = tmp_path / "films" / "covid19"
    write_film(folder / "noise.png", 1)
    write_phantom(folder / "chest.png", 4)
    result = prepare(PrepareSettings(output, folders=(tmp_path / "films",), lungs=SHIPPED_BUNDLE))
    assert [film.offer.origin for film in result.kept] == ["covid19/chest.png"]
    assert reasons(result) == {"covid19/noise.png": "not_a_chest_radiograph"}


@pytest.mark.parametrize("link", [False, True])
def test_a_data_set_of_links_is_read_and_films_are_brought(tmp_path: Path, output: Path, link: bool) -> None:
    write_film(tmp_path / "elsewhere" / "a.png", 1)
    (tmp_path / "films" / "covid19").mkdir(parents=True)
    (tmp_path / "films" / "covid19" / "a.png").symlink_to(tmp_path / "elsewhere" / "a.png")
    (film,) = prepare(PrepareSettings(output, folders=(tmp_path / "films",), link=link)).kept
    brought = output / film.offer.file
    assert not brought.is_symlink()
    assert brought.read_bytes() == (tmp_path / "elsewhere" / "a.png").read_bytes()


def test_slices_of_ct_are_left_out_of_class_folders(tmp_path: Path, output: Path, shared: Path) -> None:
    slices = shutil.copytree(shared / "data" / "other_pictures" / "ct", tmp_path / "films" / "covid19")
    result = prepare(PrepareSettings(output, folders=(tmp_path / "films",), lungs=SHIPPED_BUNDLE))
    assert len(list(slices.iterdir())) == len(result.kept) + len(result.dropped)
    assert len(result.dropped) >= 9


def test_what_lies_in_folders_that_say_no_to_a_class_is_not_of_the_class(tmp_path: Path, output: Path) -> None:
    write_film(tmp_path / "films" / "covid" / "negative" / "a.png", 1)
    write_film(tmp_path / "films" / "covid" / "positive" / "a.png", 2)
    result = prepare(PrepareSettings(output, folders=(tmp_path / "films",)))
    assert [film.offer.origin for film in result.kept] == ["covid/positive/a.png"]
    assert reasons(result) == {"covid/negative/a.png": "folder_of_no_class"}


def test_folders_normal_and_pneumonia_alone_are_nobodys(tmp_path: Path, output: Path) -> None:
    write_film(tmp_path / "films" / "train" / "Normal" / "adult_13.png", 1)
    write_film(tmp_path / "films" / "train" / "Pneumonia" / "adult_virus_14.png", 2)
    for film in prepare(PrepareSettings(output, folders=(tmp_path / "films",))).kept:
        offer = film.offer
        assert (offer.source, offer.view, offer.site, offer.licence, offer.age_group) == ("films", "", "", "", "")


def test_copies_within_and_across_data_sets(tmp_path: Path, output: Path) -> None:
    original = write_film(tmp_path / "a" / "covid19" / "x.png", 1)
    shutil.copy(original, tmp_path / "a" / "covid19" / "y.png")
    write_copy(tmp_path / "b" / "covid19" / "z.jpg", original, size=(120, 150))
    write_copy(tmp_path / "b" / "covid19" / "m.jpg", original, mirrored=True)
    result = prepare(PrepareSettings(output, folders=(tmp_path / "a", tmp_path / "b")))
    assert [film.offer.origin for film in result.kept] == ["covid19/x.png"]
    assert sorted(reasons(result).values()) == ["exact_duplicate", "mirrored_duplicate", "near_duplicate"]
    kept = read_list(output / "manifest.csv")[0]["file"]
    assert {row["duplicate_of"] for row in read_list(output / "dropped.csv")} == {kept}


def test_the_same_film_under_two_labels_is_refused_though_it_comes_later(tmp_path: Path, output: Path) -> None:
    original = write_film(tmp_path / "a" / "covid19" / "x.png", 1)
    write_film(tmp_path / "a" / "normal" / "n.png", 2)
    write_copy(tmp_path / "b" / "normal" / "z.jpg", original, size=(150, 120))
    prepare(PrepareSettings(output, folders=(tmp_path / "a",)))
    assert list((output / "covid19").iterdir())
    result = prepare(PrepareSettings(output, folders=(tmp_path / "b",)))
    assert reasons(result) == {"covid19/x.png": "label_conflict", "normal/z.jpg": "label_conflict"}
    assert not list((output / "covid19").iterdir())
    again = prepare(PrepareSettings(output, folders=(tmp_path / "a",)))
    assert reasons(again) == reasons(result)


def test_running_again_and_one_by_one_gives_the_same_data_set(tmp_path: Path, output: Path) -> None:
    inputs = make_radiography(tmp_path / "db"), make_kermany(tmp_path / "kaggle")
    prepare(PrepareSettings(output, folders=inputs))
    together = snapshot(output)
    prepare(PrepareSettings(output, folders=inputs))
    assert snapshot(output) == together
    for folder in reversed(inputs):
        prepare(PrepareSettings(tmp_path / "other", folders=(folder,)))
    assert snapshot(tmp_path / "other") == together


def test_nothing_is_lost_when_an_input_loses_its_files(tmp_path: Path, output: Path) -> None:
    metadata, images = write_cohen(tmp_path / "cohen", [{"seed": 1}, {"seed": 2}])
    prepare(PrepareSettings(output, metadata, images))
    before = snapshot(output)
    (images / "film-0.png").unlink()
    prepare(PrepareSettings(output, metadata, images))
    assert snapshot(output) == before


def test_what_an_interrupted_run_left_is_cleared_away_and_what_is_not_ours_stays(tmp_path: Path, output: Path) -> None:
    folder = make_kermany(tmp_path / "kaggle")
    prepare(PrepareSettings(output, folders=(folder,)))
    before = snapshot(output)
    kept = next((output / "normal").iterdir())
    (output / "normal" / (kept.name + ".part")).write_bytes(b"half")
    (output / "normal" / "notes-0123abcd.txt").write_text("mine")
    prepare(PrepareSettings(output, folders=(folder,)))
    assert snapshot(output) == before | {"normal/notes-0123abcd.txt": b"mine"}


def test_a_damaged_file_is_counted_and_the_rest_prepared(tmp_path: Path, output: Path) -> None:
    folder = make_radiography(tmp_path / "db")
    (folder / "COVID" / "images" / "COVID-2.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    result = prepare(PrepareSettings(output, folders=(folder,)))
    assert (len(result.kept), result.failed) == (3, 1)


def test_the_cap(tmp_path: Path, output: Path) -> None:
    result = prepare(PrepareSettings(output, folders=(make_kermany(tmp_path / "kaggle"),), max_per_patient=1))
    assert sorted(reasons(result).values()) == ["bacterial", "over_patient_cap"]


def test_links_share_the_bytes(tmp_path: Path, output: Path) -> None:
    folder = make_radiography(tmp_path / "db")
    result = prepare(PrepareSettings(output, folders=(folder,), link=True))
    assert all((output / film.offer.file).stat().st_nlink == 2 for film in result.kept)


def test_a_prepared_data_set_may_be_an_input(tmp_path: Path, output: Path) -> None:
    prepare(PrepareSettings(tmp_path / "one", folders=(make_kermany(tmp_path / "kaggle"),)))
    prepare(PrepareSettings(output, folders=(tmp_path / "one",)))
    assert (output / "manifest.csv").read_bytes() == (tmp_path / "one" / "manifest.csv").read_bytes()


def test_places_that_are_refused(tmp_path: Path, output: Path) -> None:
    folder = make_kermany(tmp_path / "kaggle")
    with pytest.raises(OutputTakenError, match="lies in the input"):
        prepare(PrepareSettings(folder / "out", folders=(folder,)))
    with pytest.raises(DatasetNotFoundError, match="named by a class"):
        prepare(PrepareSettings(output, folders=(folder / "chest_xray" / "train" / "NORMAL",)))
    with open_folder(output), pytest.raises(OutputTakenError, match="another run"):
        prepare(PrepareSettings(output, folders=(folder,)))
    (output / "manifest.csv").write_text("file,label\n")
    with pytest.raises(OutputTakenError, match="another kind"):
        prepare(PrepareSettings(output, folders=(folder,)))
    (tmp_path / "metadata.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DatasetManifestError, match=r"metadata\.csv has no column named 'patientid' or 'finding' or"):
        prepare(PrepareSettings(output, metadata=tmp_path / "metadata.csv", images=folder))
