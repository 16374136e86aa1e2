"""Stored and displayed pixels agree with dcmtk, a second implementation, on real films.

Bodies of other parts are taken too: the suitability of a film is asked elsewhere. dcmtk displays 8 bits and rounds its
window's ends its own way, so displayed pixels are compared within 2 of 255 gray levels; stored pixels are compared
exactly, but for lossy JPEG, where the standard leaves the rounding of the inverse DCT open, within 1.
"""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.encaps import encapsulate, generate_frames

from imaging.dicom.grayscale import display_pixels, modality_values, stored_values
from imaging.dicom.header import DicomFile, read_header
from imaging.dicom.pixel_layout import read_layout
from imaging.dicom.stored_pixels import decode_pixels
from imaging.gray import Gray
from imaging.phantoms.anatomy import draw_chest
from tests.imaging.conftest import Dcmtk
from tests.imaging.dicom_factory import JPEG_LOSSLESS_SV1, JPEG_LS, RLE, build_dataset, build_dicom, to_bytes

# file, dcmtk's decoder of its transfer syntax, tolerance of the stored pixels
COMPRESSED = [
    ("xrv__Fake_MONOHR1.dcm", "dcmdjpeg", 1),
    ("dicom-test-files__RG2_JPLY.dcm", "dcmdjpeg", 1),
    ("dicom-test-files__RG3_JPLY.dcm", "dcmdjpeg", 1),
    ("dicom-test-files__RG3_JPLL.dcm", "dcmdjpeg", 0),
    ("fo-dicom__CR-ModalitySequenceLUT.dcm", "dcmdjpeg", 0),
    ("dicom-test-files__RG2_JLSL.dcm", "dcmdjpls", 0),
    ("dicom-test-files__RG2_JLSN.dcm", "dcmdjpls", 0),
    ("dicom-test-files__RG3_JLSL.dcm", "dcmdjpls", 0),
    ("dicom-test-files__RG3_JLSN.dcm", "dcmdjpls", 0),
    ("dicom-test-files__RG2_RLE.dcm", "dcmdrle", 0),
]

# file, dcmj2pnm's option for the same VOI: the first window, the first table, or the range of the 8 bits
DISPLAYED = [
    ("dwv__gdcm-CR-MONO1-10-chest.dcm", "+Wi 1"),
    ("dicom-test-files__RG3_JPLL.dcm", "+Wi 1"),
    ("dicom-test-files__RG3_JPLY.dcm", "+Wi 1"),
    ("dicom-test-files__RG2_JPLY.dcm", "+Wi 1"),
    ("dicom-test-files__RG2_RLE.dcm", "+Wi 1"),
    ("pydicom-data__vlut_04.dcm", "+Wl 1"),
    ("xrv__Fake_MONOHR1.dcm", "-W"),
    ("xrv__1.2.276.0.7230010.3.1.4.8323329.6904.1517875201.850819.dcm", "-W"),
]


def stored(path: Path) -> tuple[DicomFile, Gray]:
    file = read_header(path.read_bytes())
    return file, decode_pixels(file, read_layout(file))


@pytest.mark.parametrize(("name", "decoder", "tolerance"), COMPRESSED)
def test_stored_pixels(shared: Path, tmp_path: Path, dcmtk: Dcmtk, name: str, decoder: str, tolerance: int) -> None:
    source, decoded = shared / "dicom" / name, tmp_path / "native.dcm"
    dcmtk(decoder, source, decoded)
    ours, theirs = stored(source)[1].astype(np.int32), stored(decoded)[1].astype(np.int32)
    assert abs(ours - theirs).max() <= tolerance


@pytest.mark.parametrize(("name", "voi"), DISPLAYED)
def test_displayed_pixels(shared: Path, tmp_path: Path, dcmtk: Dcmtk, name: str, voi: str) -> None:
    source = shared / "dicom" / name
    compare_displayed(source, dcmtk_picture(dcmtk, tmp_path, source, *voi.split()))


@pytest.mark.parametrize("name", ["pydicom-data__RG1_J2KI.dcm", "dicom-test-files__RG2_J2KR.dcm"])
def test_jpeg_2000_films(shared: Path, tmp_path: Path, dcmtk: Dcmtk, name: str) -> None:
    # dcmtk does not decode JPEG 2000, so pydicom unpacks the film for it
    source, native = shared / "dicom" / name, tmp_path / "native.dcm"
    dataset = dcmread(source)
    dataset.decompress(decoding_plugin="pylibjpeg", generate_instance_uid=False)
    dataset.save_as(native)
    np.testing.assert_array_equal(stored(source)[1], stored(native)[1])
    compare_displayed(source, dcmtk_picture(dcmtk, tmp_path, native, "+Wi", "1"))


@pytest.mark.parametrize("name", ["pydicom-data__mlut_18.dcm", "fo-dicom__CR-ModalitySequenceLUT.dcm"])
def test_modality_luts(shared: Path, tmp_path: Path, dcmtk: Dcmtk, name: str) -> None:
    source = shared / "dicom" / name
    theirs = dcmtk_picture(dcmtk, tmp_path, source, "+Wm")  # from the least to the greatest modality value
    file, patterns = stored(source)
    layout = read_layout(file)
    values = modality_values(file, stored_values(layout, file.syntax.encoding))[0][patterns]
    ours = (values - values.min()) / np.ptp(values) * 255
    if file.dataset.PhotometricInterpretation == "MONOCHROME1":
        ours = 255 - ours
    assert abs(ours - theirs).max() <= 2.0


def dcmtk_picture(dcmtk: Dcmtk, folder: Path, source: Path, *voi: str) -> np.ndarray:
    dcmtk("dcmj2pnm", *voi, source, folder / "picture.pgm")
    return np.asarray(Image.open(folder / "picture.pgm"), np.float32)


def compare_displayed(source: Path, theirs: np.ndarray) -> None:
    file, patterns = stored(source)
    layout = read_layout(file)
    ours = display_pixels(file, layout, patterns)[0] * 255
    # lossy JPEG may overshoot the bits stored; dcmtk wraps such white pixels to black
    regular = patterns < 2**layout.bits_stored
    assert regular.mean() > 0.99
    assert ours.shape == theirs.shape
    assert abs(ours - theirs)[regular].max() <= 2.0


def synthetic(folder: Path, content: bytes) -> Path:
    path = folder / "film.dcm"
    path.write_bytes(content)
    return path


CHEST = np.rint(draw_chest(1, 97, 81) * 4095).astype(np.uint16)
WINDOWS: list[dict[str, object]] = [
    {},
    {"WindowCenter": ["1800", "9"], "WindowWidth": ["2000", "5"]},
    {"WindowCenter": "1800", "WindowWidth": "2000", "PhotometricInterpretation": "MONOCHROME1"},
    {"RescaleSlope": "0.5", "RescaleIntercept": "-100", "WindowCenter": "900", "WindowWidth": "2000"},
    {"WindowCenter": "1800", "WindowWidth": "2000", "VOILUTFunction": "SIGMOID"},
    {"BodyPartExamined": "BRUST", "Modality": "DR"},
]


@pytest.mark.parametrize("attributes", WINDOWS)
def test_synthetic_films_are_displayed_alike(tmp_path: Path, dcmtk: Dcmtk, attributes: dict[str, object]) -> None:
    source = synthetic(tmp_path, build_dicom(CHEST, attributes=attributes))
    compare_displayed(source, dcmtk_picture(dcmtk, tmp_path, source, "+Wi", "1"))


def test_excess_after_native_pixels(tmp_path: Path, dcmtk: Dcmtk) -> None:
    dataset = build_dataset(CHEST)
    dataset.PixelData += bytes(128)
    source = synthetic(tmp_path, to_bytes(dataset))
    compare_displayed(source, dcmtk_picture(dcmtk, tmp_path, source, "+Wi", "1"))


def test_padded_rle_and_bytes_after_the_end_of_a_jpeg(tmp_path: Path, dcmtk: Dcmtk) -> None:
    for syntax, decoder in ((RLE, "dcmdrle"), (JPEG_LOSSLESS_SV1, "dcmdjpeg"), (JPEG_LS, "dcmdjpls")):
        dataset = build_dataset(CHEST, syntax)
        frame = next(generate_frames(dataset.PixelData, number_of_frames=1))
        dataset.PixelData = encapsulate([frame + b"    "])
        source, native = synthetic(tmp_path, to_bytes(dataset)), tmp_path / "native.dcm"
        dcmtk(decoder, source, native)
        np.testing.assert_array_equal(stored(source)[1], stored(native)[1])
        np.testing.assert_array_equal(stored(source)[1], CHEST)
