"""JPEG 2000 headers that would make the decoder take gigabytes are refused before it runs."""

import struct

import pytest

from imaging.dicom.jpeg2000 import Jpeg2000Header, read_jpeg2000_header
from imaging.errors import DamagedPixelDataError, RadiographError, TruncatedFileError
from tests.imaging.dicom_factory import JPEG_2000_LOSSLESS, encode, ramp

SOUND = encode(ramp(12), JPEG_2000_LOSSLESS, 12)
COD = SOUND.index(b"\xff\x52")
START_OF_TILE = SOUND.index(b"\xff\x90")


def resized(codestream: bytes, edge: int, tile: int | None = None) -> bytes:
    changed = bytearray(codestream)
    struct.pack_into(">II", changed, 8, edge, edge)
    struct.pack_into(">II", changed, 24, tile or edge, tile or edge)
    return bytes(changed)


def with_precincts(codestream: bytes, exponent: int) -> bytes:
    length = struct.unpack_from(">H", codestream, COD + 2)[0]
    decompositions = codestream[COD + 9]
    sizes = bytes([exponent | exponent << 4] * (decompositions + 1))
    head = bytearray(codestream[: COD + 2 + length])
    struct.pack_into(">H", head, COD + 2, length + len(sizes))
    head[COD + 4] |= 1
    return bytes(head) + sizes + codestream[COD + 2 + length :]


def test_a_sound_header_is_read() -> None:
    assert read_jpeg2000_header(SOUND) == Jpeg2000Header(64, 80, 12, signed=False, components=1, end=len(SOUND) - 2)


def test_tiles_that_are_not_there_are_refused() -> None:
    with pytest.raises(TruncatedFileError, match="1 of 784 tiles"):
        read_jpeg2000_header(resized(SOUND, 7000, tile=256))


def test_usual_precincts_pass() -> None:
    assert read_jpeg2000_header(with_precincts(resized(SOUND, 7000), 7)).rows == 7000


@pytest.mark.parametrize(
    ("codestream", "found"),
    [
        (with_precincts(resized(SOUND, 7000), 2), "precincts"),
        (with_precincts(SOUND, 0)[: COD + 9] + b"\x21" + with_precincts(SOUND, 0)[COD + 10 :], "decompositions"),
        (resized(SOUND, 65535, tile=1), "tiles"),
        (resized(SOUND, 0), "size"),
        (SOUND[:24] + bytes(8) + SOUND[32:], "size"),
        (SOUND[:32] + struct.pack(">II", 50, 50) + SOUND[40:], "tiles"),
        (SOUND[: COD + 1] + b"\x53" + SOUND[COD + 2 :], "second coding style"),
        (SOUND[:COD] + b"\x12\x34" + SOUND[COD + 2 :], "marker"),
        (SOUND[: START_OF_TILE + 4], "cut off"),
        (b"\0\0\0\x0cjP  \r\n\x87\n" + SOUND, "does not begin"),
    ],
)
def test_hostile_headers_are_refused(codestream: bytes, found: str) -> None:
    with pytest.raises(RadiographError, match=found):
        read_jpeg2000_header(codestream)


def test_a_tile_may_not_bring_its_own_coding_style() -> None:
    style = with_precincts(SOUND, 0)[COD : COD + 20]
    codestream = SOUND[: START_OF_TILE + 12] + style + SOUND[START_OF_TILE + 12 :]
    with pytest.raises(DamagedPixelDataError, match="of its own"):
        read_jpeg2000_header(codestream)
