"""Whether a compressed picture agrees with its DICOM header, asked before a decoder runs."""

import struct
from itertools import pairwise
from typing import TYPE_CHECKING

from imaging.dicom.frame_header import read_start_of_frame
from imaging.dicom.jpeg2000 import read_jpeg2000_header
from imaging.dicom.transfer_syntax import Encoding, TransferSyntax
from imaging.unreadable import CodestreamMismatchError, DamagedPixelDataError, TruncatedFileError

if TYPE_CHECKING:
    from imaging.dicom.pixel_layout import PixelLayout

_END_OF_IMAGE = b"\xff\xd9"  # the same two bytes in JPEG, JPEG-LS and JPEG 2000
_MAX_PADDING = 16
_RLE_HEADER_BYTES = 64


def check_codestream(codestream: bytes, syntax: TransferSyntax, layout: "PixelLayout") -> None:
    """Refuse a compressed picture that contradicts its DICOM header.

    Parameters
    ----------
    codestream : bytes
        The joined fragments.
    syntax : TransferSyntax
        Transfer syntax of the file.
    layout : PixelLayout
        What the DICOM header says about the pixels.

    Raises
    ------
    CodestreamMismatchError
        Process, size, precision or number of components differ.
    DamagedPixelDataError
        No such codestream at all, or a geometry that no encoder writes.
    TruncatedFileError
        No end marker: decoders fill the rest with gray and say nothing.
    """
    if syntax.encoding is Encoding.RLE:
        _check_rle(codestream, layout.bits_allocated // 8)
        return
    is_jpeg2000 = syntax.encoding is Encoding.JPEG_2000
    header = read_jpeg2000_header(codestream) if is_jpeg2000 else read_start_of_frame(codestream, syntax)
    if (header.rows, header.columns) != (layout.rows, layout.columns):
        found, told = f"{header.rows} x {header.columns}", f"{layout.rows} x {layout.columns}"
        raise CodestreamMismatchError(f"a codestream of {found} pixels in a header of {told}")
    if header.components != 1:
        raise CodestreamMismatchError(f"a codestream of {header.components} components; 1 is accepted")
    if not layout.bits_stored <= header.precision <= layout.bits_allocated:
        told = f"{layout.bits_stored} bits stored in {layout.bits_allocated} allocated"
        raise CodestreamMismatchError(f"a codestream of {header.precision} bits in a header of {told}")
    if _END_OF_IMAGE not in codestream[-_MAX_PADDING:]:
        raise TruncatedFileError("the codestream has no end marker")


def _check_rle(codestream: bytes, expected_segments: int) -> None:
    """Check the RLE header (PS3.5 section G.5): one segment a byte of the sample, in order, inside the frame."""
    if len(codestream) < _RLE_HEADER_BYTES:
        raise TruncatedFileError("the RLE header is cut off")
    segments, *offsets = struct.unpack_from("<16I", codestream)
    if segments != expected_segments:
        raise CodestreamMismatchError(f"{segments} RLE segments; {expected_segments} are expected")
    bounds = [*offsets[:segments], len(codestream)]
    if bounds[0] != _RLE_HEADER_BYTES or any(later <= earlier for earlier, later in pairwise(bounds)):
        raise DamagedPixelDataError("the RLE segments are not in order")
