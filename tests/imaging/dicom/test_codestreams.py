"""Compressed pictures as they really come: in boxes, with fewer bits than stored, with bytes after their end."""

import struct
from io import BytesIO

import imagecodecs
import numpy as np
import pytest
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from imaging import RadiographError, decode_radiograph
from imaging.errors import CodestreamMismatchError, DamagedPixelDataError, TruncatedFileError
from imaging.phantoms.anatomy import draw_chest
from tests.imaging import dicom_factory as factory
from tests.imaging.dicom_factory import build_dataset, encode, to_bytes

HTJ2K = ("1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203")
CHEST = np.rint(draw_chest(1, 96, 80) * 4095).astype(np.uint16)
SHALLOW = (CHEST >> 4).astype(np.uint8)
CONTROL = decode_radiograph(to_bytes(build_dataset(CHEST))).pixels
JPEGS = (factory.JPEG_LOSSLESS, factory.JPEG_LOSSLESS_SV1, factory.JPEG_LS, factory.JPEG_EXTENDED)
ALL = (*JPEGS, factory.JPEG_2000_LOSSLESS, factory.JPEG_2000, *HTJ2K)
LOSSLESS = tuple(syntax for syntax in ALL if syntax not in (factory.JPEG_EXTENDED, factory.JPEG_2000))


def codestream_of(syntax: str, stored: np.ndarray = CHEST, bits: int = 12) -> bytes:
    return bytes(imagecodecs.htj2k_encode(stored)) if syntax in HTJ2K else encode(stored, syntax, bits)


def dicom(codestream: bytes, syntax: str, stored: np.ndarray = CHEST, bits: int = 12, **attributes: object) -> bytes:
    """Wrap a codestream; the header is that of `stored` but for the attributes."""
    dataset = build_dataset(stored, factory.EXPLICIT, bits)
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.PixelData = encapsulate([codestream])
    dataset["PixelData"].VR = "OB"
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return to_bytes(dataset)


def pixels_of(codestream: bytes, syntax: str, **attributes: object) -> np.ndarray:
    return decode_radiograph(dicom(codestream, syntax, **attributes)).pixels


@pytest.mark.parametrize("syntax", HTJ2K)
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_high_throughput_jpeg_2000(syntax: str, bits: int) -> None:
    stored = SHALLOW if bits == 8 else CHEST if bits == 12 else CHEST * 16
    window = {"WindowCenter": str(2 ** (bits - 1)), "WindowWidth": str(2**bits)}
    content = dicom(codestream_of(syntax, stored), syntax, stored, bits, **window)
    np.testing.assert_allclose(decode_radiograph(content).pixels, stored / (2**bits - 1), atol=1e-6)


def test_lossy_high_throughput_jpeg_2000_comes_close() -> None:
    codestream = bytes(imagecodecs.htj2k_encode(CHEST, level=0.0005, reversible=False))
    np.testing.assert_allclose(pixels_of(codestream, HTJ2K[2]), CONTROL, atol=0.02)


@pytest.mark.parametrize("syntax", HTJ2K)
def test_signed_high_throughput_jpeg_2000(syntax: str) -> None:
    stored = CHEST.astype(np.int16) - np.int16(2048)
    content = dicom(codestream_of(syntax, stored), syntax, stored, WindowCenter="0", WindowWidth="4096")
    np.testing.assert_allclose(decode_radiograph(content).pixels, CONTROL, atol=1e-6)


@pytest.mark.parametrize("syntax", ALL)
@pytest.mark.parametrize("stored_bits", [13, 14, 16])
def test_fewer_bits_than_the_header_stores_lose_nothing(syntax: str, stored_bits: int) -> None:
    pixels = pixels_of(codestream_of(syntax), syntax, BitsStored=stored_bits, HighBit=stored_bits - 1)
    np.testing.assert_allclose(pixels, CONTROL, atol=1e-6 if syntax in LOSSLESS else 0.02)


@pytest.mark.parametrize("syntax", [factory.JPEG_LOSSLESS_SV1, factory.JPEG_LS, factory.JPEG_2000_LOSSLESS])
def test_eight_bits_where_the_header_stores_twelve(syntax: str) -> None:
    window = {"WindowCenter": "128", "WindowWidth": "256"}
    pixels = pixels_of(codestream_of(syntax, SHALLOW, 8), syntax, **window)
    np.testing.assert_allclose(pixels, SHALLOW / 255, atol=1e-6)


def test_eight_lossy_bits_for_twelve_are_refused() -> None:
    with pytest.raises(CodestreamMismatchError, match="8 bits with 12 bits stored in 16 allocated; 12 to 16"):
        pixels_of(codestream_of(factory.JPEG_BASELINE, SHALLOW, 8), factory.JPEG_BASELINE)


def boxed(codestream: bytes, *, brand: bytes = b"jp2 ", long: bool = False, to_the_end: bool = False) -> bytes:
    """Return a JP2 file: signature, file type, header, codestream (ITU-T T.800 annex I)."""
    signature = b"\0\0\0\x0cjP  \r\n\x87\n"
    kind = struct.pack(">I", 20) + b"ftyp" + brand + bytes(4) + brand
    header = struct.pack(">I", 45) + b"jp2h" + struct.pack(">I", 22) + b"ihdr" + bytes(14)
    header += struct.pack(">I", 15) + b"colr" + b"\1\0\0\0\0\0\x11"
    if long:
        box = struct.pack(">I4sQ", 1, b"jp2c", len(codestream) + 16)
    else:
        box = struct.pack(">I4s", 0 if to_the_end else len(codestream) + 8, b"jp2c")
    return signature + kind + header + box + codestream


@pytest.mark.parametrize("syntax", [factory.JPEG_2000_LOSSLESS, factory.JPEG_2000, *HTJ2K])
@pytest.mark.parametrize("how", [{}, {"long": True}, {"to_the_end": True}, {"brand": b"jph "}])
def test_boxes_round_a_codestream_are_skipped(syntax: str, how: dict[str, object]) -> None:
    codestream = codestream_of(syntax)
    boxes = boxed(codestream, **how)  # type: ignore[arg-type]
    np.testing.assert_array_equal(pixels_of(boxes, syntax), pixels_of(codestream, syntax))


def test_boxes_after_the_codestream_are_skipped() -> None:
    syntax = factory.JPEG_2000_LOSSLESS
    boxes = boxed(codestream_of(syntax)) + struct.pack(">I", 108) + b"xml " + b"<" * 100
    np.testing.assert_array_equal(pixels_of(boxes, syntax), CONTROL)


def test_the_boxes_that_an_encoder_writes_are_skipped() -> None:
    boxes = bytes(imagecodecs.jpeg2k_encode(CHEST, level=0, codecformat="JP2", bitspersample=12, reversible=True))
    assert boxes.startswith(b"\0\0\0\x0cjP")
    np.testing.assert_array_equal(pixels_of(boxes, factory.JPEG_2000_LOSSLESS), CONTROL)


@pytest.mark.parametrize(
    "boxes", [boxed(b"")[:-8], boxed(b""), boxed(b"")[:60], b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(40)]
)
def test_boxes_without_a_codestream_are_refused(boxes: bytes) -> None:
    with pytest.raises((DamagedPixelDataError, TruncatedFileError)):
        pixels_of(boxes, factory.JPEG_2000_LOSSLESS)


TAILS = [
    bytes(1),
    bytes(18),
    b" " * 18,
    b"\xff" * 17,
    bytes(10_000),
    b"\xff\xd8\xff\xda",
    np.random.default_rng(1).bytes(777),
]


@pytest.mark.parametrize("syntax", ALL)
@pytest.mark.parametrize("tail", TAILS)
def test_bytes_after_the_end_marker_are_no_part_of_the_picture(syntax: str, tail: bytes) -> None:
    codestream = codestream_of(syntax)
    np.testing.assert_array_equal(pixels_of(codestream + tail, syntax), pixels_of(codestream, syntax))


@pytest.mark.parametrize("syntax", [factory.JPEG_2000_LOSSLESS, factory.JPEG_2000, *HTJ2K])
def test_a_whole_picture_of_stated_length_needs_no_end_marker(syntax: str) -> None:
    codestream = codestream_of(syntax)
    assert codestream.endswith(b"\xff\xd9")
    np.testing.assert_array_equal(pixels_of(codestream[:-2], syntax), pixels_of(codestream, syntax))


@pytest.mark.parametrize("syntax", JPEGS)
def test_a_jpeg_that_may_be_cut_off_needs_its_end_marker(syntax: str) -> None:
    with pytest.raises(TruncatedFileError, match="has no end marker, or too few bytes for 96 rows x 80 columns"):
        pixels_of(codestream_of(syntax)[:-2], syntax)


@pytest.mark.parametrize("syntax", ALL)
@pytest.mark.parametrize("missing", [4, 6, 40, 1000, 3000])
def test_a_cut_off_picture_is_truncated_whether_or_not_zeros_follow(syntax: str, missing: int) -> None:
    codestream = codestream_of(syntax)[:-missing]
    for tail in (b"", bytes(1), bytes(2), bytes(missing)):
        with pytest.raises(RadiographError) as refused:
            pixels_of(codestream + tail, syntax)
        assert refused.value.reason_code == "truncated_file"


@pytest.mark.parametrize("codestream", [*JPEGS, factory.JPEG_2000_LOSSLESS, HTJ2K[0]])
@pytest.mark.parametrize(
    "syntax", [factory.JPEG_BASELINE, factory.JPEG_LOSSLESS_SV1, factory.JPEG_LS, factory.JPEG_2000]
)
def test_a_picture_says_itself_how_it_is_compressed(codestream: str, syntax: str) -> None:
    np.testing.assert_allclose(pixels_of(codestream_of(codestream), syntax), CONTROL, atol=0.02)


@pytest.mark.parametrize("syntax", [*JPEGS[:3], factory.JPEG_2000_LOSSLESS])
@pytest.mark.parametrize("shift", [0, 2])
def test_overlays_in_bits_that_store_no_picture_are_no_part_of_it(syntax: str, shift: int) -> None:
    cells = CHEST << shift
    cells[30:40, 30:40] |= 0x8000
    content = dicom(codestream_of(syntax, cells, 16), syntax, HighBit=11 + shift)
    np.testing.assert_array_equal(decode_radiograph(content).pixels, CONTROL)


def test_rounding_above_the_bits_stored_is_white() -> None:
    rounded = codestream_of(factory.JPEG_LS, (CHEST + 2).clip(0, 4097))
    np.testing.assert_allclose(pixels_of(rounded, factory.JPEG_LS), CONTROL, atol=1e-3)


def test_progressive_and_arithmetic_pictures_are_refused_by_their_names() -> None:
    codestream = codestream_of(factory.JPEG_EXTENDED)
    for marker, name in ((0xC2, "progressive JPEG"), (0xC9, "arithmetic JPEG"), (0xC5, "hierarchical JPEG")):
        with pytest.raises(CodestreamMismatchError, match=f"in {name}"):
            pixels_of(codestream.replace(b"\xff\xc1", bytes([0xFF, marker]), 1), factory.JPEG_EXTENDED)


@pytest.mark.parametrize("bits", [12, 16])
def test_a_signed_codestream_in_an_unsigned_header_keeps_its_bits(bits: int) -> None:
    # PixelRepresentation 0, and an encoder that took the same bits for two's complement
    stored = CHEST << (bits - 12)
    signed = (stored << (16 - bits)).view(np.int16) >> (16 - bits)
    codestream = encode(signed, factory.JPEG_2000_LOSSLESS, bits)
    window = {"WindowCenter": str(2 ** (bits - 1)), "WindowWidth": str(2**bits)}
    content = dicom(codestream, factory.JPEG_2000_LOSSLESS, stored, bits, **window)
    np.testing.assert_allclose(decode_radiograph(content).pixels, CONTROL, atol=1e-3)


def test_a_picture_in_tiles_is_read() -> None:
    stream = BytesIO()
    Image.fromarray(SHALLOW).save(stream, "JPEG2000", tile_size=(32, 32), no_jp2=True, irreversible=False)
    content = dicom(stream.getvalue(), factory.JPEG_2000_LOSSLESS, SHALLOW, 8)
    np.testing.assert_allclose(decode_radiograph(content).pixels, SHALLOW / 255, atol=1e-6)


def test_a_message_says_both_sizes() -> None:
    with pytest.raises(CodestreamMismatchError, match=r"96 rows x 80 columns where Rows \(0028,0010\) is 128"):
        pixels_of(codestream_of(factory.JPEG_LS), factory.JPEG_LS, Rows=128)
