"""The value of Pixel Data (7FE0,0010), found and measured before any decoder sees it (PS3.5 section 8 and annex A.4)."""

import struct

from imaging.errors import (
    MissingPixelDataError,
    PixelDataLengthError,
    TransferSyntaxNotAcceptedError,
    TruncatedFileError,
)
from imaging.header import DicomFile
from imaging.transfer_syntax import Encoding

_UNDEFINED_LENGTH = 0xFFFFFFFF
_ITEM = 0xFFFEE000
_SEQUENCE_DELIMITATION = 0xFFFEE0DD
_PIXEL_DATA = 0x7FE00010
_LONG_VR = {b"OB", b"OW", b"OF", b"OD", b"UN"}


def find_pixel_data(file: DicomFile) -> tuple[str | None, int, memoryview]:
    """Find the Pixel Data element.

    Parameters
    ----------
    file : DicomFile
        A parsed header.

    Returns
    -------
    vr : str or None
        "OB" or "OW"; None in implicit VR, where it is OW (PS3.5 section A.1).
    length : int
        Value length in bytes as written; 0xFFFFFFFF for encapsulated pixels.
    value : memoryview
        Everything after the element's header.

    Raises
    ------
    MissingPixelDataError
        No Pixel Data, or float pixels.
    TruncatedFileError
        The content ends inside the element's header.
    """
    rest = file.rest
    if len(rest) == 0:
        raise MissingPixelDataError("no Pixel Data element")
    order = ">" if file.syntax.big_endian else "<"
    if len(rest) < 12:
        raise TruncatedFileError("the content ends inside the Pixel Data element's header")
    group, element = struct.unpack_from(order + "HH", rest)
    if group << 16 | element != _PIXEL_DATA:
        raise MissingPixelDataError("float pixels; Pixel Data (7FE0,0010) is accepted")
    if file.implicit_vr:
        return None, struct.unpack_from(order + "I", rest, 4)[0], rest[8:]
    vr = bytes(rest[4:6])
    if vr not in _LONG_VR:
        raise PixelDataLengthError("Pixel Data has a VR other than OB and OW")
    return vr.decode(), struct.unpack_from(order + "I", rest, 8)[0], rest[12:]


def native_value(length: int, value: memoryview, expected_bytes: int) -> memoryview:
    """Return native pixels of exactly the expected length.

    Parameters
    ----------
    length : int
        Value length as written.
    value : memoryview
        Everything after the element's header.
    expected_bytes : int
        Rows x Columns x bytes a sample; one byte of padding to an even length may follow.

    Raises
    ------
    PixelDataLengthError
        Another length, or undefined.
    TruncatedFileError
        The content ends before the value does.
    """
    if length == _UNDEFINED_LENGTH:
        raise PixelDataLengthError("encapsulated pixels in a transfer syntax for native ones")
    if length not in (expected_bytes, expected_bytes + expected_bytes % 2):
        raise PixelDataLengthError(f"Pixel Data has {length} bytes where the header promises {expected_bytes}")
    if len(value) < length:
        raise TruncatedFileError(f"Pixel Data has {len(value)} of {length} bytes")
    return value[:expected_bytes]


def encapsulated_codestream(length: int, value: memoryview, encoding: Encoding) -> bytes:
    """Join the fragments of the one encapsulated frame.

    Parameters
    ----------
    length : int
        Value length as written.
    value : memoryview
        Everything after the element's header: the Basic Offset Table, the fragments, the delimiter.
    encoding : Encoding
        For the message.

    Returns
    -------
    bytes
        One codestream, perhaps with a byte of padding.

    Raises
    ------
    TransferSyntaxNotAcceptedError
        Native pixels under a transfer syntax for encapsulated ones.
    TruncatedFileError
        The content ends before the delimiter.
    PixelDataLengthError
        Something else than an item, or no fragment.
    """
    if length != _UNDEFINED_LENGTH:
        raise TransferSyntaxNotAcceptedError(f"native pixels under a transfer syntax for {encoding.value}")
    items = _items(value)
    codestream = b"".join(items[1:])  # the first item is the Basic Offset Table
    if not codestream:
        raise PixelDataLengthError("encapsulated Pixel Data without a fragment")
    return codestream


def _items(value: memoryview) -> list[memoryview]:
    items: list[memoryview] = []
    position = 0
    while position + 8 <= len(value):
        group, element, length = struct.unpack_from("<HHI", value, position)
        tag, position = group << 16 | element, position + 8
        if tag == _SEQUENCE_DELIMITATION:
            return items
        if tag != _ITEM:
            raise PixelDataLengthError("something else than an item in encapsulated Pixel Data")
        if length > len(value) - position:
            raise TruncatedFileError("the content ends inside a fragment of the pixels")
        items.append(value[position : position + length])
        position += length
    raise TruncatedFileError("the content ends before the delimiter of the pixels")
