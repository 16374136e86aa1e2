"""RLE segments end where their pixels do; what follows is padding."""

import struct
from itertools import pairwise

import numpy as np
import pytest
from pydicom.encaps import encapsulate

from imaging import RadiographError, decode_radiograph
from imaging.errors import CodestreamMismatchError, DamagedPixelDataError, PixelDataLengthError
from imaging.phantoms.anatomy import draw_chest
from tests.imaging.dicom_factory import RLE, build_dataset, to_bytes

ODD = np.rint(draw_chest(1, 97, 81) * 4095).astype(np.uint16)
SHALLOW = (ODD >> 4).astype(np.uint8)


def decode(segments: list[bytes], stored: np.ndarray, bits: int, *, gap: int = 0) -> np.ndarray:
    """Write segments, the first of them `gap` bytes after the header, and read them."""
    offsets = [64 + gap + sum(map(len, segments[:number])) for number in range(len(segments))]
    header = struct.pack("<16I", len(segments), *offsets, *[0] * (15 - len(segments)))
    dataset = build_dataset(stored, RLE, bits)
    frame = header + bytes(gap) + b"".join(segments)
    dataset.PixelData = encapsulate([frame + b"\0" * (len(frame) % 2)])
    return decode_radiograph(to_bytes(dataset)).pixels


def pack(plane: np.ndarray) -> bytes:
    """Pack runs of equal bytes, and the rest literally (PS3.5 section G.3)."""
    data, packed = plane.tobytes(), bytearray()
    starts = [0, *(np.flatnonzero(np.diff(plane.ravel())) + 1).tolist(), len(data)]
    for start, end in pairwise(starts):
        for first in range(start, end, 128):
            length = min(128, end - first)
            packed += bytes([257 - length if length > 1 else 0, data[start]])
    return bytes(packed)


DEEP_SEGMENTS = [pack((ODD >> 8).astype(np.uint8)), pack((ODD & 255).astype(np.uint8))]
PADDING = [
    b"",
    b"\0",
    b" ",
    b"   ",
    b"\0\0\0\0",
    b"\xff",
    b"\xff" * 9,
    b"\x80" * 3,
    b"\x05abcdef",
    b"\x7fxyz",
    b"\x81z" * 50,
]


@pytest.mark.parametrize("padding", PADDING)
def test_a_segment_is_padded_with_anything(padding: bytes) -> None:
    np.testing.assert_allclose(decode([pack(SHALLOW) + padding], SHALLOW, 8), SHALLOW / 255, atol=1e-6)


@pytest.mark.parametrize("first", PADDING)
@pytest.mark.parametrize("second", PADDING[:5])
def test_both_segments_of_sixteen_bits_are_padded_with_anything(first: bytes, second: bytes) -> None:
    pixels = decode([DEEP_SEGMENTS[0] + first, DEEP_SEGMENTS[1] + second], ODD, 12)
    np.testing.assert_allclose(pixels, ODD / 4095, atol=1e-6)


@pytest.mark.parametrize("gap", [2, 64])
def test_segments_may_begin_after_a_gap(gap: int) -> None:
    np.testing.assert_allclose(decode(DEEP_SEGMENTS, ODD, 12, gap=gap), ODD / 4095, atol=1e-6)


@pytest.mark.parametrize("missing", [2, 7, 500])
@pytest.mark.parametrize("padding", [b"", b"\0", b" ", b"\x80\x80"])
def test_a_segment_of_too_few_pixels_is_refused(missing: int, padding: bytes) -> None:
    segment = pack(SHALLOW.ravel()[:-missing]) + padding
    with pytest.raises(PixelDataLengthError, match="fewer than 7857 pixels"):
        decode([segment], SHALLOW, 8)


def test_a_run_across_the_end_of_the_picture_is_no_pixel_of_it() -> None:
    segment = pack(SHALLOW.ravel()[:-4]) + bytes([257 - 100, 9])
    with pytest.raises(PixelDataLengthError):
        decode([segment], SHALLOW, 8)


def test_segments_of_another_number_or_order_are_refused() -> None:
    with pytest.raises(CodestreamMismatchError, match="1 RLE segments; the header needs 2, one a byte of a pixel"):
        decode(DEEP_SEGMENTS[:1], ODD, 12)
    with pytest.raises(DamagedPixelDataError, match="not in order"):
        decode([b"", DEEP_SEGMENTS[1]], ODD, 12)
    with pytest.raises(RadiographError):
        decode([DEEP_SEGMENTS[0][:9], DEEP_SEGMENTS[1]], ODD, 12)
