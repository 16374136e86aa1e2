"""What a JPEG or JPEG-LS picture says about itself, read without its decoder (ITU-T T.81 annex B, T.87 annex C)."""

import struct
from dataclasses import dataclass

from imaging.dicom.transfer_syntax import TransferSyntax
from imaging.unreadable import CodestreamMismatchError, DamagedPixelDataError

# start-of-frame markers of T.81 table B.1 (without DHT, JPG and DAC) and of T.87
_FRAME_MARKERS = (set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}) | {0xF7}
_STANDALONE_MARKERS = {0x01, *range(0xD0, 0xD8)}
_FILL = 0xFF


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


def read_start_of_frame(codestream: bytes, syntax: TransferSyntax) -> FrameHeader:
    """Walk the marker segments to the start of frame (T.81 section B.2).

    Parameters
    ----------
    codestream : bytes
        A JPEG or JPEG-LS codestream.
    syntax : TransferSyntax
        Tells which frame markers belong to it.

    Raises
    ------
    DamagedPixelDataError
        No JPEG at all, or no frame header.
    CodestreamMismatchError
        The frame is of a process that belongs to another transfer syntax.
    """
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
        if marker == _FILL:
            position += 1
        elif marker in _STANDALONE_MARKERS:
            position += 2
        else:
            position += 2 + struct.unpack_from(">H", codestream, position + 2)[0]
    raise DamagedPixelDataError("the pixels have no frame header")
