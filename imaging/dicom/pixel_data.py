"""The value of Pixel Data (7FE0,0010), found and measured before any decoder sees it (PS3.5 section 8, annex A.4)."""

import struct
from dataclasses import dataclass

from imaging.dicom.header import DicomFile
from imaging.dicom.transfer_syntax import Encoding
from imaging.unreadable import (
    MissingPixelDataError,
    PixelDataLengthError,
    TransferSyntaxNotAcceptedError,
    TruncatedFileError,
)

_UNDEFINED_LENGTH = 0xFFFFFFFF
_ITEM = 0xFFFEE000
_SEQUENCE_DELIMITATION = 0xFFFEE0DD
_PIXEL_DATA = 0x7FE00010
_LONG_VR = {"OB", "OW", "UN"}


@dataclass(frozen=True, slots=True)
class PixelDataElement:
    """Pixel Data as it is written.

    Attributes
    ----------
    vr : str
        "OB" or "OW"; OW in implicit VR (PS3.5 section A.1).
    length : int
        Value length in bytes; 0xFFFFFFFF for encapsulated pixels.
    rest : memoryview
        Everything after the element's header.
    """

    vr: str
    length: int
    rest: memoryview


def find_pixel_data(file: DicomFile) -> PixelDataElement:
    """Find the Pixel Data element.

    Parameters
    ----------
    file : DicomFile
        A parsed header.

    Returns
    -------
    PixelDataElement
        Its header, unchecked, and the bytes that follow.

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
        return PixelDataElement("OW", struct.unpack_from(order + "I", rest, 4)[0], rest[8:])
    vr = bytes(rest[4:6]).decode("latin-1")
    if vr not in _LONG_VR:
        raise PixelDataLengthError("Pixel Data has another VR than OB and OW")
    return PixelDataElement(vr, struct.unpack_from(order + "I", rest, 8)[0], rest[12:])


def native_value(element: PixelDataElement, expected_bytes: int) -> memoryview:
    """Return native pixels of exactly the expected length, with the byte of padding that may follow.

    Parameters
    ----------
    element : PixelDataElement
        Pixel Data as it is written.
    expected_bytes : int
        Rows x Columns x bytes a sample; one byte of padding to an even length may follow.

    Raises
    ------
    PixelDataLengthError
        Another length, or undefined.
    TruncatedFileError
        The content ends before the value does.
    """
    if element.length == _UNDEFINED_LENGTH:
        raise PixelDataLengthError("encapsulated pixels in a transfer syntax for native ones")
    if element.length not in (expected_bytes, expected_bytes + expected_bytes % 2):
        raise PixelDataLengthError(f"Pixel Data has {element.length} bytes where the header promises {expected_bytes}")
    if len(element.rest) < element.length:
        raise TruncatedFileError(f"Pixel Data has {len(element.rest)} of {element.length} bytes")
    return element.rest[: element.length]


def encapsulated_codestream(element: PixelDataElement, encoding: Encoding) -> bytes:
    """Join the fragments of the one encapsulated frame.

    Parameters
    ----------
    element : PixelDataElement
        Pixel Data as it is written: the Basic Offset Table, the fragments, the delimiter.
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
    if element.length != _UNDEFINED_LENGTH:
        raise TransferSyntaxNotAcceptedError(f"native pixels under a transfer syntax for {encoding.value}")
    items = _items(element.rest)
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
