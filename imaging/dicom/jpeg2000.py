"""What a JPEG 2000 codestream says about itself, read without its decoder (ITU-T T.800 annex A).

The decoder allocates for what the headers promise, before it looks whether data follow. A file of 250 bytes that
promises precincts of 4 x 4 pixels in 49 megapixels made OpenJPEG 2.5.4 take 6.4 GiB and 10 seconds; hence the bounds.
"""

import struct

from imaging.dicom.frame_header import FrameHeader
from imaging.unreadable import DamagedPixelDataError

_SIZ_AT = 2
_COD, _COC, _START_OF_TILE_PART, _START_OF_DATA = 0xFF52, 0xFF53, 0xFF90, 0xFF93
_MAX_TILES = 65535
_MAX_PRECINCTS = 100_000
_MAX_DECOMPOSITIONS = 32
_UNDIVIDED = 15  # precinct exponent without precincts


def read_jpeg2000_header(codestream: bytes) -> FrameHeader:
    """Read and bound the geometry of a JPEG 2000 codestream.

    Parameters
    ----------
    codestream : bytes
        A codestream without the boxes of a JP2 file (PS3.5 section A.4.4).

    Returns
    -------
    FrameHeader
        Size, precision and components.

    Raises
    ------
    DamagedPixelDataError
        No codestream, or sizes, tiles or precincts that no encoder of radiographs writes.
    """
    if not codestream.startswith(b"\xff\x4f\xff\x51") or len(codestream) < 51:
        raise DamagedPixelDataError("the pixels do not begin as JPEG 2000 codestream")
    header, tiles = _read_siz(codestream)
    try:
        _check_segments(codestream, header, tiles)
    except (struct.error, IndexError):
        raise DamagedPixelDataError("the JPEG 2000 headers are cut off") from None
    return header


def _read_siz(codestream: bytes) -> tuple[FrameHeader, int]:
    """Read the SIZ segment, which comes first (section A.5.1); return it with the number of tiles."""
    x1, y1, x0, y0, tile_x, tile_y, tile_x0, tile_y0, components = struct.unpack_from(">8IH", codestream, 8)
    depth, step_x, step_y = struct.unpack_from(">3B", codestream, 42)
    if x1 <= x0 or y1 <= y0 or (step_x, step_y) != (1, 1) or not tile_x or not tile_y:
        raise DamagedPixelDataError("the JPEG 2000 codestream has an impossible size")
    if tile_x0 > x0 or tile_y0 > y0 or tile_x0 + tile_x <= x0 or tile_y0 + tile_y <= y0:
        raise DamagedPixelDataError("the JPEG 2000 codestream has impossible tiles")
    tiles = _divided(x1 - tile_x0, tile_x) * _divided(y1 - tile_y0, tile_y)
    if tiles > _MAX_TILES:
        raise DamagedPixelDataError(f"a JPEG 2000 codestream of {tiles} tiles; at most {_MAX_TILES} are accepted")
    return FrameHeader(y1 - y0, x1 - x0, (depth & 0x7F) + 1, components), tiles


def _divided(length: int, part: int) -> int:
    return -(-length // part)


def _check_segments(codestream: bytes, header: FrameHeader, tiles: int) -> None:
    """Walk the main header and all tile-part headers; bound the coding style (section A.6.1)."""
    position = _SIZ_AT
    while (marker := _marker(codestream, position)) != _START_OF_TILE_PART:
        if marker == _COD:
            _check_coding_style(codestream, position, header, tiles)
        elif marker == _COC:
            raise DamagedPixelDataError("a JPEG 2000 codestream with a second coding style")
        position += 2 + _length(codestream, position)
    while position < len(codestream) and _marker(codestream, position) == _START_OF_TILE_PART:
        part_bytes = struct.unpack_from(">I", codestream, position + 6)[0]
        _check_tile_part(codestream, position)
        if part_bytes < 14:  # 0 stands for "to the end"; less than a header would stand still
            return
        position += part_bytes


def _check_tile_part(codestream: bytes, position: int) -> None:
    while (marker := _marker(codestream, position)) != _START_OF_DATA:
        if marker in (_COD, _COC):
            raise DamagedPixelDataError("a JPEG 2000 tile with a coding style of its own")
        position += 2 + _length(codestream, position)


def _marker(codestream: bytes, position: int) -> int:
    marker = int(struct.unpack_from(">H", codestream, position)[0])
    if marker < 0xFF00:
        raise DamagedPixelDataError("something else than a marker in the JPEG 2000 headers")
    return marker


def _length(codestream: bytes, position: int) -> int:
    return int(struct.unpack_from(">H", codestream, position + 2)[0])


def _check_coding_style(codestream: bytes, position: int, header: FrameHeader, tiles: int) -> None:
    has_precincts = codestream[position + 4] & 1
    decompositions = codestream[position + 9]
    if decompositions > _MAX_DECOMPOSITIONS:
        raise DamagedPixelDataError(f"a JPEG 2000 codestream of {decompositions} decompositions")
    sizes = codestream[position + 14 : position + 15 + decompositions] if has_precincts else b""
    exponents = [(size & 15, size >> 4) for size in sizes] or [(_UNDIVIDED, _UNDIVIDED)] * (decompositions + 1)
    precincts = tiles
    for resolution, (x, y) in enumerate(exponents):
        scale = 2 ** (decompositions - resolution)
        precincts += _divided(_divided(header.columns, scale), 2**x) * _divided(_divided(header.rows, scale), 2**y)
    if precincts > _MAX_PRECINCTS:
        raise DamagedPixelDataError(f"a JPEG 2000 codestream of {precincts} precincts; {_MAX_PRECINCTS} are accepted")
