"""What a JPEG 2000 picture says about itself, read without its decoder (ITU-T T.800 annexes A and I, T.814 for HTJ2K).

The decoder allocates for what the headers promise, before it looks whether data follow. A file of 250 bytes that
promises precincts of 4 x 4 pixels in 49 megapixels made OpenJPEG 2.5.4 take 6.4 GiB and 10 seconds; hence the bounds.
"""

import struct
from dataclasses import dataclass

from imaging.errors import DamagedPixelDataError, TruncatedFileError
from imaging.jpeg import END_OF_IMAGE

_START = b"\xff\x4f\xff\x51"
_BOXES_START = b"\0\0\0\x0cjP"
JPEG_2000_STARTS = (_START, _BOXES_START)
_CODESTREAM_BOX = b"jp2c"
_SIZ_AT = 2
_COD, _COC, _START_OF_TILE_PART, _START_OF_DATA = 0xFF52, 0xFF53, 0xFF90, 0xFF93
_MAX_TILES = 65535
_MAX_PRECINCTS = 100_000
_MAX_DECOMPOSITIONS = 32
_UNDIVIDED = 15  # precinct exponent without precincts
_LEAST_TILE_PART = 14  # bytes; 0 stands for "to the end"


@dataclass(frozen=True, slots=True)
class Jpeg2000Header:
    """Geometry of a JPEG 2000 codestream.

    Attributes
    ----------
    rows, columns : int
        Size in pixels.
    precision : int
        Bits a sample.
    signed : bool
        Whether the samples are signed.
    components : int
        Samples a pixel.
    end : int or None
        Where the tile-parts end by the lengths that they state; None where the last one states none.
    """

    rows: int
    columns: int
    precision: int
    signed: bool
    components: int
    end: int | None = None


def unwrap_codestream(content: bytes) -> bytes:
    """Return the codestream in the boxes of a JP2 or JPH file (section I.5.4); DICOM wants none (PS3.5 section A.4.4).

    What is in no boxes is returned as it is.
    """
    position = 0 if content.startswith(_BOXES_START) else len(content)
    while position + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, position)
        start = position + 8
        if length == 1 and start + 8 <= len(content):  # the length stands in the next 8 bytes
            length, start = struct.unpack_from(">Q", content, start)[0], start + 8
        if kind == _CODESTREAM_BOX:
            return content[start : position + length if length else None]
        if length < start - position:
            break  # 0, to the end of the file, or a length that stands still
        position += length
    return content


def read_jpeg2000_header(codestream: bytes) -> Jpeg2000Header:
    """Read and bound the geometry of a JPEG 2000 codestream.

    Parameters
    ----------
    codestream : bytes
        A codestream without boxes.

    Returns
    -------
    Jpeg2000Header
        Size, depth, components and end.

    Raises
    ------
    DamagedPixelDataError
        No codestream, or sizes, tiles or precincts that no encoder of radiographs writes.
    TruncatedFileError
        It ends in its headers, or in a tile-part.
    """
    if not codestream.startswith(_START):
        raise DamagedPixelDataError("the picture in Pixel Data (7FE0,0010) does not begin as a JPEG 2000 codestream")
    try:
        header, tiles = _read_siz(codestream)
        first_tile = _check_main_header(codestream, header, tiles)
        end = _check_tile_parts(codestream, first_tile, tiles)
    except (struct.error, IndexError):
        raise TruncatedFileError("the JPEG 2000 codestream is cut off") from None
    return Jpeg2000Header(header.rows, header.columns, header.precision, header.signed, header.components, end)


def has_end_of_codestream(codestream: bytes, header: Jpeg2000Header) -> bool:
    """Return whether the end marker is there; where tile-parts state their lengths, it follows the last of them."""
    if header.end is None:
        return codestream.rfind(END_OF_IMAGE) > 0
    return codestream.startswith(END_OF_IMAGE, header.end)


def _read_siz(codestream: bytes) -> tuple[Jpeg2000Header, int]:
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
    precision, signed = (depth & 0x7F) + 1, bool(depth & 0x80)
    return Jpeg2000Header(y1 - y0, x1 - x0, precision, signed, components), tiles


def _divided(length: int, part: int) -> int:
    return -(-length // part)


def _check_main_header(codestream: bytes, header: Jpeg2000Header, tiles: int) -> int:
    """Walk the main header and bound the coding style (section A.6.1); return where the first tile-part begins."""
    position = _SIZ_AT
    while (marker := _marker(codestream, position)) != _START_OF_TILE_PART:
        if marker == _COD:
            _check_coding_style(codestream, position, header, tiles)
        elif marker == _COC:
            raise DamagedPixelDataError("a JPEG 2000 codestream with a second coding style")
        position += 2 + _length(codestream, position)
    return position


def _check_tile_parts(codestream: bytes, position: int, tiles: int) -> int | None:
    """Walk all tile-part headers; return where the last one ends, None where it states no length.

    The decoder leaves tiles black that are not there, and says nothing.
    """
    found: set[int] = set()
    end: int | None = position
    while end is not None and codestream.startswith(_START_OF_TILE_PART.to_bytes(2), end):
        tile, part_bytes = struct.unpack_from(">HI", codestream, end + 4)
        _check_tile_part(codestream, end)
        found.add(tile)
        end = end + part_bytes if part_bytes >= _LEAST_TILE_PART else None  # less than a header would stand still
    if len(found) < tiles or (end is not None and end > len(codestream)):
        raise TruncatedFileError(
            f"the JPEG 2000 codestream ends inside a tile-part, {len(found)} of {tiles} tiles begun"
        )
    return end


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


def _check_coding_style(codestream: bytes, position: int, header: Jpeg2000Header, tiles: int) -> None:
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
