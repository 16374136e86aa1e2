"""Synthetic phantoms: read by the one reader, marked everywhere, the same for the same seed."""

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread

from imaging import RadiographError, decode_radiograph, read_radiograph
from imaging.phantoms.anatomy import draw_chest
from imaging.phantoms.files import write_dicom_phantom, write_png_phantom


def test_both_compressions_give_the_same_pixels(tmp_path: Path) -> None:
    write_dicom_phantom(tmp_path / "raw", seed=5, rows=500, columns=400)
    write_dicom_phantom(tmp_path / "jpeg", seed=5, rows=500, columns=400, compression="jpeg_lossless")
    raw, jpeg = read_radiograph(tmp_path / "raw"), read_radiograph(tmp_path / "jpeg")
    np.testing.assert_array_equal(raw.pixels, jpeg.pixels)
    assert jpeg.identity.transfer_syntax_uid == "1.2.840.10008.1.2.4.70"
    assert (tmp_path / "jpeg").stat().st_size < (tmp_path / "raw").stat().st_size


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_dicom_phantom(tmp_path / name, seed=seed, rows=64, columns=64)
        write_png_phantom(tmp_path / f"{name}.png", seed=seed, rows=64, columns=64)
    for end in ("", ".png"):
        first, same, other = ((tmp_path / f"{name}{end}").read_bytes() for name in "abc")
        assert first == same != other
    one, two = read_radiograph(tmp_path / "a").identity, read_radiograph(tmp_path / "c").identity
    assert one.sop_instance_uid != two.sop_instance_uid
    assert one.study_instance_uid != two.study_instance_uid


def test_the_header_says_that_it_is_synthetic(tmp_path: Path) -> None:
    write_dicom_phantom(tmp_path / "film", seed=1, rows=64, columns=64)
    dataset = dcmread(tmp_path / "film")
    assert dataset.PatientName == "SYNTHETIC^PHANTOM"
    assert "SYNTHETIC" in dataset.ImageComments
    assert "SYNTHETIC" in dataset.StudyDescription
    assert dataset.BurnedInAnnotation == "YES"
    write_png_phantom(tmp_path / "film.png", seed=1)
    assert "SYNTHETIC" in Image.open(tmp_path / "film.png").text["Comment"]


def test_the_mark_is_burnt_into_the_pixels() -> None:
    pixels = draw_chest(1, 1250, 1024)
    for strip in (pixels[:75], pixels[-75:]):
        assert (strip > 0.98).mean() > 0.02
    assert (pixels[75:-75] > 0.98).mean() < 0.001


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_it_looks_like_a_chest(seed: int) -> None:
    pixels = draw_chest(seed, 1250, 1024)

    def gray(y: float, x: float) -> float:
        row, column = int(y * 1250), int(x * 1024)
        return float(np.median(pixels[row - 20 : row + 20, column - 20 : column + 20]))

    air, shoulder, right_lung, left_lung = gray(0.12, 0.03), gray(0.3, 0.05), gray(0.5, 0.25), gray(0.45, 0.78)
    mediastinum, heart, abdomen = gray(0.5, 0.5), gray(0.65, 0.58), gray(0.9, 0.3)
    assert air < 0.1 < right_lung < shoulder
    assert left_lung == pytest.approx(right_lung, abs=0.15)
    assert min(mediastinum, heart, abdomen) > max(right_lung, left_lung) + 0.15


def test_attributes_can_be_replaced_and_removed(tmp_path: Path) -> None:
    write_dicom_phantom(tmp_path / "lateral", seed=1, rows=64, columns=64, attributes={"ViewPosition": "LL"})
    with pytest.raises(RadiographError) as refused:
        read_radiograph(tmp_path / "lateral")
    assert refused.value.reason_code == "lateral"
    write_dicom_phantom(tmp_path / "plain", seed=1, rows=64, columns=64, attributes={"WindowCenter": None})
    assert "WindowCenter" not in dcmread(tmp_path / "plain")


def test_a_full_size_phantom_is_drawn_soon() -> None:
    draw_chest(0, 64, 64)
    start = time.process_time()
    draw_chest(1, 2500, 2048)
    assert time.process_time() - start < 0.5  # 0.03 s on the machine of the design; slow runners get room


def test_the_png_phantom_is_read(tmp_path: Path) -> None:
    write_png_phantom(tmp_path / "film.png", seed=1, rows=250, columns=200)
    radiograph = decode_radiograph((tmp_path / "film.png").read_bytes())
    assert radiograph.pixels.shape == (250, 200)
    np.testing.assert_allclose(radiograph.pixels, draw_chest(1, 250, 200), atol=1 / 255)
