"""Headers: what is missing, damaged or hostile is refused; what is merely odd does not cost the picture."""

import logging
import struct
import traceback
import zlib

import numpy as np
import pytest

from imaging import RadiographError, decode_radiograph
from imaging.errors import (
    DamagedHeaderError,
    InflationLimitError,
    InvalidAttributeError,
    InvalidUidError,
    MissingAttributeError,
    MissingPixelDataError,
    OtherObjectError,
    PixelDataLengthError,
    TooManyPixelsError,
)
from imaging.phantoms.anatomy import draw_chest
from tests.imaging.dicom_factory import DEFLATED, JPEG_LS, build_dataset, build_dicom, ramp, to_bytes

UIDS = ["SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"]


def test_the_identity_is_read() -> None:
    identity = decode_radiograph(build_dicom(attributes={"PixelSpacing": [0.2, 0.15]})).identity
    assert identity.source_format == "dicom"
    assert identity.sop_instance_uid == "1.2.3.1"
    assert (identity.patient_id, identity.accession_number) == ("CANARY-ID", "CANARY-ACC")
    assert (identity.patient_age_years, identity.patient_sex) == (0.5, "F")
    assert (identity.rows, identity.columns, identity.bits_stored) == (64, 80, 12)
    assert identity.pixel_spacing_mm == (0.2, 0.15)


def test_nothing_that_identifies_a_patient_shows_in_a_repr() -> None:
    shown = repr(decode_radiograph(build_dicom()))
    assert "CANARY" not in shown
    assert "1.2.3.1" not in shown


@pytest.mark.parametrize(
    "uid",
    ["../../../tmp/evil", "1.2..3", "1.2.", "1.2\n3", "1" * 65, "1.2.*", "C:\\x", "\uff11.2", "1.2/a", "-1.2", "1 2"],
)
@pytest.mark.parametrize("keyword", UIDS)
def test_hostile_uids_are_refused(keyword: str, uid: str) -> None:
    dataset = build_dataset(ramp(12))
    setattr(dataset, keyword, "1.2.999")
    marker = b"1.2.999\0"
    written = uid.encode()[:65]
    written += b"\0" * (len(written) % 2)
    content = to_bytes(dataset)
    at = content.rindex(struct.pack("<H", len(marker)) + marker)
    content = content[:at] + struct.pack("<H", len(written)) + written + content[at + 2 + len(marker) :]
    with pytest.raises(InvalidUidError):
        decode_radiograph(content)


@pytest.mark.parametrize("keyword", UIDS)
def test_missing_uids_are_refused(keyword: str) -> None:
    dataset = build_dataset(ramp(12))
    content = to_bytes(dataset)
    delattr(dataset, keyword)
    stripped = (
        to_bytes(dataset) if keyword != "SOPInstanceUID" else content.replace(b"\x08\0\x18\0UI", b"\x08\0\x19\0UI")
    )
    with pytest.raises(MissingAttributeError):
        decode_radiograph(stripped)


@pytest.mark.parametrize("keyword", ["Rows", "Columns", "BitsAllocated", "BitsStored", "SamplesPerPixel", "Modality"])
def test_attributes_without_which_pixels_mean_nothing_are_required(keyword: str) -> None:
    spelt = {"BitsAllocated": "Bits Allocated", "BitsStored": "Bits Stored", "SamplesPerPixel": "Samples per Pixel"}
    with pytest.raises(MissingAttributeError, match=rf"^{spelt.get(keyword, keyword)} \(0"):
        decode_radiograph(build_dicom(attributes={keyword: None}))


@pytest.mark.parametrize(
    "attributes",
    [
        {"BitsAllocated": 32},
        {"BitsStored": 17},
        {"BitsStored": 0},
        {"HighBit": 16},
        {"HighBit": 3},
        {"SamplesPerPixel": 2},
        {"PhotometricInterpretation": "HSV"},
        {"NumberOfFrames": -1},
        {"PixelRepresentation": 2},
        {"PixelRepresentation": 65535},
    ],
)
def test_impossible_descriptions_are_refused(attributes: dict[str, object]) -> None:
    with pytest.raises(InvalidAttributeError):
        decode_radiograph(build_dicom(attributes=attributes))


def test_a_number_of_frames_that_is_none_is_refused() -> None:
    content = build_dicom(attributes={"NumberOfFrames": "123"}).replace(b"IS\x04\x00123 ", b"IS\x04\x00abc ")
    with pytest.raises(InvalidAttributeError, match="Number of Frames"):
        decode_radiograph(content)


def test_absent_high_bit_and_representation_mean_what_every_writer_means() -> None:
    content = build_dicom(attributes={"HighBit": None, "PixelRepresentation": None})
    np.testing.assert_allclose(decode_radiograph(content).pixels, ramp(12) / 4095, atol=1e-6)


def test_more_memory_than_a_reader_may_take_is_refused_before_anything_is_allocated() -> None:
    with pytest.raises(TooManyPixelsError, match=r"60000 rows x 60000 columns take .* at most 768 MiB"):
        decode_radiograph(build_dicom(attributes={"Rows": 60000, "Columns": 60000}))


@pytest.mark.parametrize("attributes", [{"Rows": 67}, {"Rows": 65}, {"Columns": 79}, {"Columns": 81}, {"Columns": 64}])
def test_rows_or_columns_that_do_not_fit_the_pixels_are_refused(attributes: dict[str, object]) -> None:
    stored = np.rint(draw_chest(1, 66, 80) * 4095).astype(np.uint16)
    with pytest.raises(PixelDataLengthError):
        decode_radiograph(build_dicom(stored, attributes=attributes))


def test_a_header_alone_is_refused() -> None:
    with pytest.raises(MissingPixelDataError):
        decode_radiograph(build_dicom(attributes={"PixelData": None}))


@pytest.mark.parametrize("syntax", ["native", DEFLATED, JPEG_LS])
def test_every_shortened_copy_is_refused(syntax: str) -> None:
    content = build_dicom() if syntax == "native" else build_dicom(syntax=syntax)
    for length in range(1, len(content), 7):
        with pytest.raises(RadiographError):
            decode_radiograph(content[:length])


def test_a_copy_with_a_tail_of_zeros_is_refused() -> None:
    # what a preallocated, half-copied compressed file looks like
    content = build_dicom(syntax=JPEG_LS)
    half = len(content) - 200
    with pytest.raises(RadiographError):
        decode_radiograph(content[:half] + bytes(200))


def test_a_deflated_bomb_is_refused() -> None:
    content = build_dicom(syntax=DEFLATED)
    start = 144 + int.from_bytes(content[140:144], "little")
    deflater = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    bomb = b"".join(deflater.compress(bytes(2**20)) for _ in range(260)) + deflater.flush()
    with pytest.raises(InflationLimitError):
        decode_radiograph(content[:start] + bomb)


def test_a_dicomdir_is_named() -> None:
    dataset = build_dataset(ramp(12))
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    with pytest.raises(OtherObjectError, match="DICOMDIR"):
        decode_radiograph(to_bytes(dataset))


@pytest.mark.parametrize("element", [b"\x08\0\x61\0CS\0\0", b"\x08\0\x70\x20LO\4\0abcd", b"\x09\0\x10\0LO\4\0abcd"])
@pytest.mark.parametrize("before", [b"\x28\0\x10\0US\2\0", b"\xe0\x7f\x10\0OW\0\0"])
def test_a_sound_element_out_of_order_is_read(element: bytes, before: bytes) -> None:
    content = build_dicom()
    at = content.index(before)
    np.testing.assert_allclose(
        decode_radiograph(content[:at] + element + content[at:]).pixels, ramp(12) / 4095, atol=1e-6
    )


@pytest.mark.parametrize(
    "element",
    [
        b"\x08\0\x61\0S\0\0\0",  # no representation of a value
        b"\x08\0\x61\0CS\1\0a",  # an odd length
        b"\0\0\x01\x55US\2\0ab",  # a group that no data set has
    ],
)
def test_disorder_after_a_wrong_length_is_refused(element: bytes) -> None:
    content = build_dicom()
    at = content.index(b"\x28\0\x10\0US\2\0")
    with pytest.raises(DamagedHeaderError):
        decode_radiograph(content[:at] + element + content[at:])


def test_millions_of_elements_are_refused_soon() -> None:
    content = build_dicom()
    at = content.index(b"\x28\0\x10\0US\2\0")
    for element in (bytes(8), b"\x08\0\x61\0CS\0\0"):
        with pytest.raises(DamagedHeaderError):
            decode_radiograph(content[:at] + element * 2_000_000 + content[at:])


def test_float_pixels_are_refused() -> None:
    dataset = build_dataset(ramp(12))
    del dataset.PixelData
    dataset.FloatPixelData = np.zeros((64, 80), np.float32).tobytes()
    with pytest.raises(MissingPixelDataError, match="float"):
        decode_radiograph(to_bytes(dataset))


@pytest.mark.parametrize(
    ("keyword", "value", "field", "expected"),
    [
        ("PatientAge", "abc", "patient_age_years", None),
        ("PatientID", "x" * 200, "patient_id", None),
        ("PatientID", "a\r\nb\0c\x1b[2J", "patient_id", "abc[2J"),
        ("PixelSpacing", ["0", "0"], "pixel_spacing_mm", None),
        ("StationName", "", "station_name", None),
    ],
)
def test_odd_values_do_not_cost_the_picture(keyword: str, value: object, field: str, expected: object) -> None:
    assert getattr(decode_radiograph(build_dicom(attributes={keyword: value})).identity, field) == expected


def test_neither_errors_nor_logs_quote_the_patient(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    content, printed = build_dicom(), []
    for at in range(0, len(content) - 2600, 3):
        damaged = bytearray(content)
        damaged[at] ^= 0x55
        try:
            decode_radiograph(bytes(damaged))
        except RadiographError as refused:
            printed.append("".join(traceback.format_exception(refused)))
    assert len(printed) > 50
    assert "CANARY" not in "".join(printed)
    assert "CANARY" not in caplog.text
