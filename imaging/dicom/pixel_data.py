"""The value of Pixel Data (7FE0,0010), found and measured before any decoder sees it (PS3.5 section 8, annex A.4)."""

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imaging.dicom.header import DicomFile, Encoding
from imaging.dicom.jpeg2000 import JPEG_2000_STARTS
from imaging.dicom.pixel_layout import PixelLayout
from imaging.errors import (
    MissingPixelDataError,
    PixelDataLengthError,
    TransferSyntaxNotAcceptedError,
    TruncatedFileError,
)
from imaging.jpeg import JPEG_START

_UNDEFINED_LENGTH = 0xFFFFFFFF
_ITEM = 0xFFFEE000
_SEQUENCE_DELIMITATION = 0xFFFEE0DD
_PIXEL_DATA = 0x7FE00010
_LONG_VR = {"OB", "OW", "UN"}
_CODESTREAM_STARTS = (JPEG_START, *JPEG_2000_STARTS)
_ROWS_COMPARED = 256
_SAME_PICTURE = 4  # a row differs from the next one by so many times the usual at most


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
        raise MissingPixelDataError("no Pixel Data (7FE0,0010) in the file")
    order = ">" if file.syntax.big_endian else "<"
    if len(rest) < 12:
        raise TruncatedFileError("the content ends inside the header of Pixel Data (7FE0,0010)")
    group, element = struct.unpack_from(order + "HH", rest)
    if group << 16 | element != _PIXEL_DATA:
        raise MissingPixelDataError(f"float pixels ({group:04X},{element:04X}); Pixel Data (7FE0,0010) is accepted")
    if file.implicit_vr:
        return PixelDataElement("OW", struct.unpack_from(order + "I", rest, 4)[0], rest[8:])
    vr = bytes(rest[4:6]).decode("latin-1")
    if vr not in _LONG_VR:
        raise PixelDataLengthError("Pixel Data (7FE0,0010) has another VR than OB and OW")
    return PixelDataElement(vr, struct.unpack_from(order + "I", rest, 8)[0], rest[12:])


def native_value(element: PixelDataElement, layout: PixelLayout, *, big_endian: bool) -> memoryview:
    """Return native pixels, without what follows the picture.

    Parameters
    ----------
    element : PixelDataElement
        Pixel Data as it is written.
    layout : PixelLayout
        The description of the pixels.
    big_endian : bool
        Order of the bytes of a sample.

    Raises
    ------
    PixelDataLengthError
        Fewer bytes than the picture has, undefined length, or so many more that Rows or Columns must be wrong.
    TruncatedFileError
        The content ends before the value does.
    """
    expected = layout.native_bytes
    if element.length == _UNDEFINED_LENGTH:
        raise PixelDataLengthError(
            "Pixel Data (7FE0,0010) is encapsulated under a Transfer Syntax UID (0002,0010) for native pixels"
        )
    needed = f"{layout.rows} rows x {layout.columns} columns of {layout.bits_allocated} bits need {expected}"
    found = f"Pixel Data (7FE0,0010) has {element.length} bytes where {needed}"
    if element.length < expected:
        raise PixelDataLengthError(found)
    if len(element.rest) < element.length:
        raise TruncatedFileError(f"Pixel Data (7FE0,0010) has {len(element.rest)} of {element.length} bytes")
    value = element.rest[: element.length]
    if not _is_excess(value, layout, big_endian=big_endian):
        raise PixelDataLengthError(
            f"{found}, and the rest is more picture: Rows or Columns is wrong; padding is accepted"
        )
    return value[:expected]


def _is_excess(value: memoryview, layout: PixelLayout, *, big_endian: bool) -> bool:
    """Return whether what follows the picture is no part of it (PS3.5 section 8.1.1, note on excess padding).

    Rows or Columns that are too small by one leave a row or a column of pixels; from that length on the data decide.
    """
    expected = layout.native_bytes
    excess = value[expected:]
    if len(excess) < min(expected // layout.rows, expected // layout.columns):
        return True
    if len(excess) >= expected:
        return False
    if bytes(excess).count(excess[:1]) == len(excess):  # one byte, again and again
        return True
    row_bytes = expected // layout.rows
    start = max(0, expected - _ROWS_COMPARED * row_bytes)
    dtype = layout.dtype.newbyteorder(">" if big_endian else "<")
    picture = np.frombuffer(value[start:expected], dtype).astype(np.float32)
    following = np.frombuffer(excess[: len(excess) // 2 * 2][:row_bytes], dtype).astype(np.float32)
    return not _is_more_picture(picture, following, row_bytes // dtype.itemsize, 1 if layout.planar else layout.samples)


def _is_more_picture(
    picture: npt.NDArray[np.float32], following: npt.NDArray[np.float32], row: int, pixel: int
) -> bool:
    """Return whether rows do not lie below one another as they are divided, or go on after the end of the picture."""
    usual = _difference(picture, row)
    if min(_difference(picture, row - pixel), _difference(picture, row + pixel)) < usual:
        return True
    last = picture[-row:][: following.size]
    return bool(np.abs(following - last).mean() <= _SAME_PICTURE * usual)


def _difference(samples: npt.NDArray[np.float32], distance: int) -> float:
    """Return how much samples that lie so far apart differ in the mean; least where that is a row."""
    return float(np.abs(samples[distance:] - samples[:-distance]).mean())


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
        One codestream, perhaps with padding.

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
        raise TransferSyntaxNotAcceptedError(
            f"native pixels under a Transfer Syntax UID (0002,0010) for {encoding.value}; {encoding.value} is accepted"
        )
    items = _items(element.rest)
    # the first item is the Basic Offset Table, which some writers leave out
    has_offsets = not items or not bytes(items[0][:8]).startswith(_CODESTREAM_STARTS)
    codestream = b"".join(items[1:] if has_offsets else items)
    if not codestream:
        raise PixelDataLengthError("Pixel Data (7FE0,0010) is encapsulated and has no fragment")
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
            raise PixelDataLengthError("something else than an item in the encapsulated Pixel Data (7FE0,0010)")
        if length > len(value) - position:
            raise TruncatedFileError("the content ends inside a fragment of Pixel Data (7FE0,0010)")
        items.append(value[position : position + length])
        position += length
    if items and position == len(value):
        return items  # without delimiter, and yet no fragment is cut off; the codestream says whether it is whole
    raise TruncatedFileError("the content ends before the delimiter of Pixel Data (7FE0,0010)")
