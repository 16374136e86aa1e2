"""What a compressed picture says about itself, read without its decoder."""

import struct
from dataclasses import dataclass

from imaging.errors import CodestreamMismatchError, DamagedPixelDataError, TruncatedFileError
from imaging.transfer_syntax import Encoding, TransferSyntax

_END_OF_IMAGE = b"\xff\xd9"
# start-of-frame markers of ITU-T T.81 table B.1 (without DHT, JPG and DAC) and of T.87
_FRAME_MARKERS = (set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}) | {0xF7}
_STANDALONE_MARKERS = {0x01, *range(0xD0, 0xD8)}
_MAX_TILES = 65535
_RLE_HEADER_BYTES = 64


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """Geometry of a compressed picture.

    Attributes
    ----------
    rows, columns : int
        Size in pixels.
    precision : int
        Bits a sample.
    components : int
        Samples a pixel.
    """

    rows: int
    columns: int
    precision: int
    components: int


def check_codestream(
    codestream: bytes, syntax: TransferSyntax, rows: int, columns: int, bits_stored: int, bits_allocated: int
) -> None:
    """Refuse a compressed picture that contradicts its DICOM header, before a decoder runs.

    Parameters
    ----------
    codestream : bytes
        The joined fragments.
    syntax : TransferSyntax
        Transfer syntax of the file.
    rows, columns, bits_stored, bits_allocated : int
        What the DICOM header says.

    Raises
    ------
    CodestreamMismatchError
        Process, size, precision or number of components differ.
    DamagedPixelDataError
        No such codestream at all, or a geometry that no encoder writes.
    TruncatedFileError
        No end marker.
    """
    if syntax.encoding is Encoding.RLE:
        _check_rle(codestream, bits_allocated // 8)
        return
    header = _read_siz(codestream) if syntax.encoding is Encoding.JPEG_2000 else _read_sof(codestream, syntax)
    if (header.rows, header.columns) != (rows, columns):
        raise CodestreamMismatchError(
            f"a codestream of {header.rows} x {header.columns} pixels in a header of {rows} x {columns}"
        )
    if header.components != 1:
        raise CodestreamMismatchError(f"a codestream of {header.components} components; 1 is accepted")
    if not bits_stored <= header.precision <= bits_allocated:
        raise CodestreamMismatchError(
            f"a codestream of {header.precision} bits in a header of {bits_stored} bits stored, {bits_allocated} allocated"
        )
    if _END_OF_IMAGE not in codestream[-16:]:
        raise TruncatedFileError("the codestream has no end marker")


def _read_sof(codestream: bytes, syntax: TransferSyntax) -> FrameHeader:
    """Walk the marker segments to the start of frame (ITU-T T.81 section B.2)."""
    if not codestream.startswith(b"\xff\xd8\xff"):
        raise DamagedPixelDataError(f"the pixels do not begin as {syntax.encoding.value}")
    position = 2
    while position + 10 <= len(codestream) and codestream[position] == 0xFF:
        marker = codestream[position + 1]
        if marker in _FRAME_MARKERS:
            if marker not in syntax.frame_markers:
                raise CodestreamMismatchError(f"frame marker FF{marker:02X} under {syntax.name}")
            precision, rows, columns, components = struct.unpack_from(">BHHB", codestream, position + 4)
            return FrameHeader(rows, columns, precision, components)
        if marker == 0xFF or marker in _STANDALONE_MARKERS:
            position += 1 if marker == 0xFF else 2
        else:
            position += 2 + struct.unpack_from(">H", codestream, position + 2)[0]
    raise DamagedPixelDataError("the pixels have no frame header")


def _read_siz(codestream: bytes) -> FrameHeader:
    """Read the SIZ segment, which comes first (ITU-T T.800 section A.5.1)."""
    if not codestream.startswith(b"\xff\x4f\xff\x51") or len(codestream) < 51:
        raise DamagedPixelDataError("the pixels do not begin as JPEG 2000 codestream")
    x1, y1, x0, y0, tile_x, tile_y, tile_x0, tile_y0, components = struct.unpack_from(">8IH", codestream, 8)
    depth, step_x, step_y = struct.unpack_from(">3B", codestream, 42)
    if x1 <= x0 or y1 <= y0 or (step_x, step_y) != (1, 1) or not tile_x or not tile_y:
        raise DamagedPixelDataError("the JPEG 2000 codestream has an impossible size")
    if tile_x0 > x0 or tile_y0 > y0 or tile_x0 + tile_x <= x0 or tile_y0 + tile_y <= y0:
        raise DamagedPixelDataError("the JPEG 2000 codestream has impossible tiles")
    tiles = -(-(x1 - tile_x0) // tile_x) * -(-(y1 - tile_y0) // tile_y)
    if tiles > _MAX_TILES:
        raise DamagedPixelDataError(f"the JPEG 2000 codestream has {tiles} tiles")
    return FrameHeader(y1 - y0, x1 - x0, (depth & 0x7F) + 1, components)


def _check_rle(codestream: bytes, expected_segments: int) -> None:
    """Check the RLE header (PS3.5 section G.5): one segment a byte of the sample, in order, inside the frame."""
    if len(codestream) < _RLE_HEADER_BYTES:
        raise TruncatedFileError("the RLE header is cut off")
    segments, *offsets = struct.unpack_from("<16I", codestream)
    if segments != expected_segments:
        raise CodestreamMismatchError(f"{segments} RLE segments; {expected_segments} are expected")
    used = [*offsets[:segments], len(codestream)]
    if used[0] != _RLE_HEADER_BYTES or any(later <= earlier for earlier, later in zip(used, used[1:], strict=False)):
        raise DamagedPixelDataError("the RLE segments are not in order")
