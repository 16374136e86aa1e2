"""RLE pixels (PS3.5 annex G): one segment for each byte of a sample, the most significant first."""

import struct
from itertools import pairwise

import imagecodecs
import numpy as np

from imaging.dicom.pixel_layout import PixelLayout
from imaging.errors import CodestreamMismatchError, DamagedPixelDataError, PixelDataLengthError, TruncatedFileError
from imaging.gray import Gray

_HEADER_BYTES = 64


def decode_rle(codestream: bytes, layout: PixelLayout) -> list[Gray]:
    """Decode the segments of one frame.

    Parameters
    ----------
    codestream : bytes
        The joined fragments.
    layout : PixelLayout
        The description of the pixels.

    Returns
    -------
    list of ndarray of uint8 or uint16, shape (rows, columns)
        One picture a sample. What follows the last pixel of a segment is padding, whatever its bytes are.

    Raises
    ------
    TruncatedFileError, CodestreamMismatchError, DamagedPixelDataError, PixelDataLengthError
        Header or segments are not those of the picture.
    """
    bytes_a_sample = layout.dtype.itemsize
    segments = _find_segments(codestream, layout.samples * bytes_a_sample)
    if layout.samples == 1 and (decoded := _decode_at_once(codestream, layout)) is not None:
        return [decoded]
    planes = [_decode_segment(segment, layout) for segment in segments]
    return [_join(planes[first : first + bytes_a_sample]) for first in range(0, len(planes), bytes_a_sample)]


def _find_segments(codestream: bytes, expected: int) -> list[memoryview]:
    """Read the RLE header (section G.5): the segments in order, inside the frame."""
    if len(codestream) < _HEADER_BYTES:
        raise TruncatedFileError("the RLE header in Pixel Data (7FE0,0010) is cut off")
    count, *offsets = struct.unpack_from("<16I", codestream)
    if count != expected:
        raise CodestreamMismatchError(
            f"Pixel Data (7FE0,0010) has {count} RLE segments; the header needs {expected}, one a byte of a pixel"
        )
    bounds = [*offsets[:count], len(codestream)]
    if bounds[0] < _HEADER_BYTES or any(later <= earlier for earlier, later in pairwise(bounds)):
        raise DamagedPixelDataError("the RLE segments in Pixel Data (7FE0,0010) are not in order")
    return [memoryview(codestream)[start:end] for start, end in pairwise(bounds)]


def _decode_at_once(codestream: bytes, layout: PixelLayout) -> Gray | None:
    """Decode with a decoder that knows the format and is fast, but reads padding as more runs; None if it stumbles."""
    pixels, dtype = layout.rows * layout.columns, layout.dtype
    # the buffer bounds what runs may grow to: 64 times their size; each segment may be padded to an even length
    buffer = bytearray((pixels + pixels % 2) * dtype.itemsize)
    try:
        decoded = imagecodecs.dicomrle_decode(codestream, dtype, out=buffer)
    except (imagecodecs.DicomrleError, ValueError):
        return None
    if not pixels * dtype.itemsize <= len(decoded) <= len(buffer):
        return None
    gray: Gray = np.frombuffer(decoded, layout.dtype, pixels)
    return gray.reshape(layout.rows, layout.columns)


def _decode_segment(segment: memoryview, layout: PixelLayout) -> Gray:
    """Decode one byte of each pixel.

    The decoder fills a buffer of exactly the size of the picture, and stops at what does not fit or is cut off. Where
    buffers of zeros and of ones hold the same afterwards, all of the picture was there.
    """
    pixels = layout.rows * layout.columns
    fillings = (bytearray(pixels), bytearray(b"\xff") * pixels)
    for buffer in fillings:
        try:
            imagecodecs.packbits_decode(bytes(segment), out=buffer)
        except imagecodecs.PackbitsError:
            continue
    if fillings[0] != fillings[1]:
        raise PixelDataLengthError(f"an RLE segment in Pixel Data (7FE0,0010) gives fewer than {pixels} pixels")
    return np.frombuffer(fillings[0], np.uint8).reshape(layout.rows, layout.columns)


def _join(planes: list[Gray]) -> Gray:
    if len(planes) == 1:
        return planes[0]
    most, least = planes
    return np.asarray((most.astype(np.uint16) << 8) | least, np.uint16)
