"""Pictures from a real child process, of phantoms: what it draws, and what it survives."""

import os
import signal
import time
import zlib
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imaging import UnsuitableRadiographError, read_radiograph
from imaging.phantoms.files import write_dicom_phantom
from inference.bundle import SHIPPED_BUNDLE
from web.pictures.painter import NoPictureError, Painter, PictureGoneError

MEMORY = 1 << 30


@pytest.fixture(scope="module")
def painter() -> Iterator[Painter]:
    painter = Painter(MEMORY, 30.0)
    yield painter
    painter.close()


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / "film.dcm"
    write_dicom_phantom(path, seed=5, rows=500, columns=400)
    return path


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def test_the_picture_and_its_values_are_the_films(painter: Painter, film: Path) -> None:
    pixels = read_radiograph(film).pixels
    drawn = painter.draw("jpeg", film, digest(film))
    shown = np.asarray(Image.open(BytesIO(drawn.content)), np.float32) / 255
    assert np.abs(shown - pixels).mean() < 0.01
    drawn = painter.draw("values", film, digest(film))
    content = zlib.decompress(drawn.content)
    assert tuple(np.frombuffer(content[:8], "<u4")) == pixels.shape
    values = np.frombuffer(content[8:], "<u2").reshape(pixels.shape) / 65535
    center, width = drawn.facts["window"]
    assert np.abs(np.clip((values - center) / width + 0.5, 0, 1) - pixels).max() < 0.01


def test_a_window_of_the_header_can_be_opened_again(painter: Painter, tmp_path: Path) -> None:
    path = tmp_path / "narrow.dcm"
    window = {"WindowCenter": "1700", "WindowWidth": "900"}
    write_dicom_phantom(path, seed=6, rows=500, columns=400, attributes=window)
    pixels, drawn = read_radiograph(path).pixels, painter.draw("values", path, digest(path))
    values = np.frombuffer(zlib.decompress(drawn.content)[8:], "<u2").reshape(pixels.shape) / 65535
    center, width = drawn.facts["window"]
    assert np.abs(np.clip((values - center) / width + 0.5, 0, 1) - pixels).max() < 0.01
    assert (pixels == 0).mean() > 0.1
    assert np.unique(values[pixels == 0]).size > 100


@pytest.mark.parametrize(
    "attributes",
    [{"ViewPosition": "LL"}, {"BodyPartExamined": "HAND"}, {"PresentationIntentType": "FOR PROCESSING"}],
)
def test_a_refused_film_is_drawn_and_has_no_heat_map(
    painter: Painter, tmp_path: Path, attributes: dict[str, str]
) -> None:
    path, usual = tmp_path / "refused.dcm", tmp_path / "usual.dcm"
    write_dicom_phantom(path, seed=5, rows=500, columns=400, attributes=attributes)
    write_dicom_phantom(usual, seed=5, rows=500, columns=400)
    with pytest.raises(UnsuitableRadiographError):
        read_radiograph(path)
    assert painter.draw("jpeg", path, digest(path)).content == painter.draw("jpeg", usual, digest(usual)).content
    assert painter.draw("values", path, digest(path)).content == painter.draw("values", usual, digest(usual)).content
    with pytest.raises(NoPictureError, match="No heat map: the model may not judge this film"):
        painter.draw("heat", path, digest(path), bundle=str(SHIPPED_BUNDLE))


def test_a_curve_of_the_header_is_shown_as_it_is(painter: Painter, tmp_path: Path) -> None:
    path = tmp_path / "sigmoid.dcm"
    write_dicom_phantom(path, seed=6, rows=500, columns=400, attributes={"VOILUTFunction": "SIGMOID"})
    drawn = painter.draw("values", path, digest(path))
    values = np.frombuffer(zlib.decompress(drawn.content)[8:], "<u2") / 65535
    assert drawn.facts["window"] == [0.5, 1.0]
    assert np.abs(values.reshape(500, 400) - read_radiograph(path).pixels).max() < 1e-4


def test_the_evidence_is_transparent_outside_of_the_lungs_frame(painter: Painter, film: Path) -> None:
    drawn = painter.draw("heat", film, digest(film), bundle=os.fspath(SHIPPED_BUNDLE))
    picture = Image.open(BytesIO(drawn.content))
    assert picture.mode == "RGBA"
    assert max(picture.size) == 512
    assert picture.getpixel((0, 0))[3] == 0
    assert drawn.facts["label"] in {"covid19", "viral_pneumonia", "normal"}


def test_other_bytes_and_a_missing_file_are_said_and_not_shown(painter: Painter, film: Path, tmp_path: Path) -> None:
    for path in (film, tmp_path / "none.dcm"):
        with pytest.raises(PictureGoneError):
            painter.draw("jpeg", path, "0" * 64)


def test_a_file_without_a_picture_is_refused_by_its_reason(painter: Painter, tmp_path: Path) -> None:
    path = tmp_path / "words.png"
    path.write_bytes(b"<script>alert(1)</script>")
    with pytest.raises(NoPictureError, match="No picture can be drawn"):
        painter.draw("jpeg", path, digest(path))


def test_a_child_that_dies_costs_nothing_but_itself(painter: Painter, film: Path) -> None:
    painter.draw("jpeg", film, digest(film))
    child = painter._child
    assert child is not None
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert painter.draw("jpeg", film, digest(film)).content.startswith(b"\xff\xd8")


def test_a_picture_that_takes_too_long_or_too_much_is_given_up(film: Path) -> None:
    slow = Painter(MEMORY, 0.001)
    began = time.monotonic()
    with pytest.raises(NoPictureError, match="time or memory"):
        slow.draw("heat", film, digest(film), bundle=os.fspath(SHIPPED_BUNDLE))
    assert time.monotonic() - began < 25
    slow.close()
    small = Painter(1 << 20, 30.0)
    with pytest.raises(NoPictureError):
        small.draw("jpeg", film, digest(film))
    small.close()
