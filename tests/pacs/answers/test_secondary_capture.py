from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageFont
from pydicom import dcmread

from imaging import decode_radiograph
from imaging.errors import OwnObjectError
from inference.framing import Box
from inference.labels import NOTICE, Label, Outcome
from inference.prediction import Prediction
from pacs.answers.facts import AnswerFacts, make_instance_uid
from pacs.answers.header import as_bytes, read_film_header
from pacs.answers.secondary_capture import (
    LARGE_TEXT,
    LEAST_WIDTH,
    LEGEND,
    MARGIN,
    SC_CLASS,
    TEXT,
    build_capture,
    describe,
    draw_answer,
    may_be_drawn,
)
from tests.pacs.films import PROBABILITIES, describe_film, write_film
from tests.pacs.validators import list_errors

EVIDENCE = Prediction(
    outcome=Outcome.PREDICTED,
    label=Label.NORMAL,
    probabilities=PROBABILITIES,
    activation_map=np.eye(9, dtype=np.float32),
    box=Box(20, 300, 20, 240),
)


def make(content: bytes, facts: AnswerFacts) -> bytes:
    uid = make_instance_uid("2.25", SC_CLASS, facts.source_sha256, facts.model_sha256)
    return as_bytes(build_capture(read_film_header(content), facts, uid, decode_radiograph(content), EVIDENCE))


def test_a_picture_stands_in_the_study_and_says_what_is_burnt_into_it(tmp_path: Path) -> None:
    content = write_film(tmp_path / "film.dcm")
    film, made = dcmread(BytesIO(content)), dcmread(BytesIO(make(content, describe_film(content))))
    assert made.StudyInstanceUID == film.StudyInstanceUID
    assert made.BurnedInAnnotation == "YES"
    assert NOTICE in made.SeriesDescription
    assert made.SourceImageSequence[0].ReferencedSOPInstanceUID == film.SOPInstanceUID
    assert made.pixel_array.shape == (made.Rows, made.Columns, 3)
    assert max(made.Rows, made.Columns) >= 1024


def test_the_notice_crosses_the_film_and_stands_below_it(tmp_path: Path) -> None:
    content = write_film(tmp_path / "film.dcm")
    facts, radiograph = describe_film(content), decode_radiograph(content)
    picture = draw_answer(radiograph, facts, EVIDENCE)
    band = picture[round(1024 * 0.87) : round(1024 * 0.93)].astype(int)
    bright = (band.min(axis=2) > 150).any(axis=0)
    assert bright[: picture.shape[1] // 4].any()
    assert bright[-picture.shape[1] // 4 :].any()
    assert picture[1024 + 16 : 1024 + 56].max() == 255


def test_the_caption_says_what_the_ledger_says(tmp_path: Path) -> None:
    content = write_film(tmp_path / "film.dcm")
    said = "\n".join(describe(describe_film(content, reason="outside_training_population"), EVIDENCE))
    assert "suggestive of a normal chest film" in said
    assert "reason: outside_training_population" in said
    assert "covid19 0.125" in said
    assert "lite0-1" in said


@pytest.mark.parametrize("label", list(Label))
def test_every_line_fits_into_the_narrowest_picture(tmp_path: Path, label: Label) -> None:
    content = write_film(tmp_path / "film.dcm")
    widest = describe_film(content, label=label, reason="outside_training_population", model_version="lite0-2026.11.3")
    font = ImageFont.load_default(TEXT)
    for line in (*describe(widest, EVIDENCE), LEGEND):
        assert font.getlength(line) <= LEAST_WIDTH - 2 * MARGIN, line
    assert ImageFont.load_default(LARGE_TEXT).getlength(NOTICE) <= LEAST_WIDTH - 2 * MARGIN


def test_made_twice_a_picture_is_the_same_bytes(tmp_path: Path) -> None:
    content = write_film(tmp_path / "film.dcm")
    assert make(content, describe_film(content)) == make(content, describe_film(content))


def test_a_picture_that_comes_back_is_refused_by_name(tmp_path: Path) -> None:
    content = write_film(tmp_path / "film.dcm")
    with pytest.raises(OwnObjectError):
        decode_radiograph(make(content, describe_film(content)))


@pytest.mark.parametrize("kept", ["maker", "file", "series"])
def test_a_picture_is_known_by_each_thing_that_another_system_keeps_of_it(tmp_path: Path, kept: str) -> None:
    content = write_film(tmp_path / "film.dcm")
    made = dcmread(BytesIO(make(content, describe_film(content))))
    film = dcmread(tmp_path / "film.dcm")  # of a class and modality that are screened
    names = {"maker": ("Manufacturer", "ManufacturerModelName"), "series": ("SOPInstanceUID", "SeriesInstanceUID")}
    for keyword in names.get(kept, ()):
        film[keyword] = made[keyword]
    film.file_meta.MediaStorageSOPInstanceUID = film.SOPInstanceUID
    film.file_meta.ImplementationVersionName = made.file_meta.ImplementationVersionName if kept == "file" else "OTHER"
    film.save_as(tmp_path / "back.dcm")
    decode_radiograph(content)
    with pytest.raises(OwnObjectError):
        decode_radiograph((tmp_path / "back.dcm").read_bytes())


@pytest.mark.parametrize(("outcome", "drawn"), [("predicted", True), ("indeterminate", True), ("rejected", False)])
def test_only_what_the_model_was_asked_about_is_drawn(tmp_path: Path, outcome: str, *, drawn: bool) -> None:
    content = write_film(tmp_path / "film.dcm")
    assert may_be_drawn(describe_film(content, outcome=outcome, label=None)) is drawn


def test_no_error_but_the_films_own(shared: Path, tmp_path: Path) -> None:
    for name in ("dwv__gdcm-CR-MONO1-10-chest.dcm", "pydicom-data__RG1_J2KI.dcm", "hard/fo-dicom__chrJapMulti.dcm"):
        path = shared / "dicom" / name
        header = read_film_header(path.read_bytes())
        facts = describe_film(path.read_bytes())
        uid = make_instance_uid("2.25", SC_CLASS, facts.source_sha256, facts.model_sha256)
        radiograph = decode_radiograph(write_film(tmp_path / "film.dcm"))
        target = tmp_path / "picture.dcm"
        target.write_bytes(as_bytes(build_capture(header, facts, uid, radiograph, EVIDENCE)))
        assert list_errors(target) <= list_errors(path), name
