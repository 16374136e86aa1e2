"""What a JPEG or JPEG-LS picture says about itself, read without its decoder (ITU-T T.81 annex B, T.87 annex C)."""

import struct
from dataclasses import dataclass

from imaging.errors import DamagedPixelDataError, TruncatedFileError

JPEG_START = b"\xff\xd8\xff"
END_OF_IMAGE = b"\xff\xd9"  # the same two bytes end a JPEG, a JPEG-LS and a JPEG 2000 picture

_START_OF_SCAN = 0xDA
_APP1 = 0xE1
_STANDALONE_MARKERS = {0x01, *range(0xD0, 0xD8)}
_FILL = 0xFF
_SAMPLES_A_CODE = {0xC0: 64, 0xC1: 64, 0xC2: 64, 0xC3: 1}

PROCESSES = {
    0xC0: "baseline JPEG",
    0xC1: "extended JPEG",
    0xC2: "progressive JPEG",
    0xC3: "lossless JPEG",
    0xC5: "hierarchical JPEG",
    0xC6: "hierarchical JPEG",
    0xC7: "hierarchical JPEG",
    0xC9: "arithmetic JPEG",
    0xCA: "progressive arithmetic JPEG",
    0xCB: "lossless arithmetic JPEG",
    0xCD: "hierarchical JPEG",
    0xCE: "hierarchical JPEG",
    0xCF: "hierarchical JPEG",
    0xF7: "JPEG-LS",
}
"""By the second byte of their start-of-frame marker (T.81 table B.1, without DHT, JPG and DAC; T.87)."""


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """Everything before the first scan.

    Attributes
    ----------
    frame_marker : int
        Second byte of the start-of-frame marker, a key of `PROCESSES`.
    rows, columns : int
        Size in pixels.
    precision : int
        Bits a sample.
    components : int
        Samples a pixel.
    scan_start : int
        Where the first scan begins; an end marker before it belongs to a thumbnail.
    exif : bytes
        The first Exif segment; empty without one.
    """

    frame_marker: int
    rows: int
    columns: int
    precision: int
    components: int
    scan_start: int
    exif: bytes = b""


def read_jpeg_header(codestream: bytes) -> JpegHeader:
    """Walk the marker segments to the first scan (T.81 section B.2).

    Parameters
    ----------
    codestream : bytes
        A JPEG or JPEG-LS codestream.

    Raises
    ------
    DamagedPixelDataError
        No JPEG at all, or no frame header before the first scan.
    TruncatedFileError
        The content ends before the first scan.
    """
    if not codestream.startswith(JPEG_START):
        raise DamagedPixelDataError("the picture does not begin as a JPEG")
    frame: tuple[int, int, int, int, int] | None = None
    exif, position = b"", 2
    while position + 4 <= len(codestream):
        if codestream[position] != _FILL:
            raise DamagedPixelDataError("the segments of the JPEG do not follow one another")
        marker = codestream[position + 1]
        if marker == _START_OF_SCAN:
            return _build_header(frame, position, exif)
        if marker == _FILL:
            position += 1
        elif marker in _STANDALONE_MARKERS:
            position += 2
        else:
            length = struct.unpack_from(">H", codestream, position + 2)[0]
            if marker in PROCESSES and position + 10 <= len(codestream):
                frame = (marker, *struct.unpack_from(">BHHB", codestream, position + 4))
            elif marker == _APP1 and not exif and codestream.startswith(b"Exif\0\0", position + 4):
                exif = codestream[position + 4 : position + 2 + length]
            position += 2 + length
    raise TruncatedFileError("the JPEG ends before its picture begins")


def _build_header(frame: tuple[int, int, int, int, int] | None, scan_start: int, exif: bytes) -> JpegHeader:
    if frame is None:
        raise DamagedPixelDataError("the JPEG has no frame header")
    marker, precision, rows, columns, components = frame
    return JpegHeader(marker, rows, columns, precision, components, scan_start, exif)


def is_whole(codestream: bytes, header: JpegHeader) -> bool:
    """Return whether an end marker follows the first scan, and enough bytes for the picture lie between them.

    Decoders fill what is missing with gray and say nothing. Entropy-coded data never hold the two bytes of the marker
    (T.81 section F.1.2.3, T.87 section A.1); a Huffman code has one bit at least for a sample (lossless) or for a block
    of 8 x 8. What follows the marker is no part of the picture.
    """
    end = codestream.rfind(END_OF_IMAGE)
    bits = header.rows * header.columns // _SAMPLES_A_CODE.get(header.frame_marker, header.rows * header.columns or 1)
    return end > header.scan_start and (end - header.scan_start) * 8 >= bits
