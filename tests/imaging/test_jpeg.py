"""JPEG headers, read without a decoder."""

import struct
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from imaging.errors import DamagedPixelDataError, TruncatedFileError
from imaging.jpeg import JpegHeader, is_whole, read_jpeg_header


def saved(**options: object) -> bytes:
    stream = BytesIO()
    Image.fromarray(np.zeros((96, 80), np.uint8)).save(stream, format="JPEG", **options)
    return stream.getvalue()


PLAIN = saved()


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def test_a_header_is_read() -> None:
    header = read_jpeg_header(PLAIN)
    assert header == JpegHeader(0xC0, 96, 80, 8, 1, scan_start=PLAIN.index(b"\xff\xda"))
    assert is_whole(PLAIN, header)


def test_the_markers_of_a_thumbnail_are_not_those_of_the_picture() -> None:
    exif = b"Exif\0\0" + PLAIN
    content = PLAIN[:2] + segment(0xE1, exif) + PLAIN[2:]
    header = read_jpeg_header(content)
    assert (header.rows, header.columns, header.exif) == (96, 80, exif)
    assert is_whole(content, header)
    assert not is_whole(content[:-2], header)


def test_a_picture_has_a_bit_for_each_code_at_least() -> None:
    header = read_jpeg_header(PLAIN)
    assert not is_whole(PLAIN, replace(header, rows=9600))
    assert not is_whole(PLAIN, replace(header, rows=960, frame_marker=0xC3))
    assert is_whole(PLAIN, replace(header, rows=9600, frame_marker=0xC9))  # arithmetic codes have fractions of bits


def test_fill_bytes_and_restart_markers_are_passed_over() -> None:
    content = PLAIN[:2] + b"\xff\xff\xff" + PLAIN[3:]
    assert read_jpeg_header(content).rows == 96
    assert read_jpeg_header(PLAIN[:2] + b"\xff\x01" + PLAIN[2:]).rows == 96


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", DamagedPixelDataError),
        (b"\x89PNG", DamagedPixelDataError),
        (PLAIN[:2] + b"\0" + PLAIN[2:], DamagedPixelDataError),
        (PLAIN.replace(b"\xff\xc0", b"\xff\xe5"), DamagedPixelDataError),
        (PLAIN[:2], DamagedPixelDataError),
        (PLAIN[:30], TruncatedFileError),
        (PLAIN[: PLAIN.index(b"\xff\xda")], TruncatedFileError),
        (PLAIN[:2] + segment(0xE0, bytes(60_000))[:-5], TruncatedFileError),
    ],
)
def test_what_is_no_jpeg_or_has_no_picture_is_refused(content: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_jpeg_header(content)
