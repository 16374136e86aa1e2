"""From the bytes of a DICOM file to its data elements and the place of its pixels (PS3.10 and PS3.5, section 7)."""

import logging
import zlib
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import MediaStorageDirectoryStorage

from imaging.dicom.attributes import required_uid
from imaging.dicom.transfer_syntax import (
    EXPLICIT_LITTLE_ENDIAN,
    IMPLICIT_LITTLE_ENDIAN,
    TransferSyntax,
    find_transfer_syntax,
)
from imaging.fence import fence
from imaging.formats import PREAMBLE_BYTES
from imaging.unreadable import DamagedHeaderError, InflationLimitError, TruncatedFileError
from imaging.unsuitable import OtherObjectError

# its messages quote values of the file, which may be a patient's
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)

MAX_INFLATED_BYTES = 128 * 1024 * 1024
"""50 megapixels of 16 bits and a large header."""

_PIXEL_DATA = {0x7FE00010, 0x7FE00008, 0x7FE00009}  # also Float and Double Float Pixel Data
_UNDEFINED_LENGTH = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class DicomFile:
    """A parsed header and the rest of the file.

    Attributes
    ----------
    dataset : Dataset
        All data elements before Pixel Data.
    syntax : TransferSyntax
        How data elements and pixels are written.
    implicit_vr : bool
        Whether the data elements really have implicit VR, whatever the transfer syntax says.
    rest : memoryview
        From the first byte of the Pixel Data element to the end of the file; empty without Pixel Data.
    """

    dataset: Dataset
    syntax: TransferSyntax
    implicit_vr: bool
    rest: memoryview


def read_header(content: bytes) -> DicomFile:
    """Parse the data elements of a DICOM file up to its pixels.

    Parameters
    ----------
    content : bytes
        A file which `identify_format` calls "dicom".

    Returns
    -------
    DicomFile
        Data elements and the bytes of the pixels, undecoded.

    Raises
    ------
    DamagedHeaderError
        The data elements cannot be parsed or stand in the wrong order.
    TruncatedFileError
        The content ends inside a data element or a deflated stream.
    OtherObjectError
        The file is a DICOMDIR.
    TransferSyntaxNotAcceptedError
        The transfer syntax is not decoded here.
    MissingAttributeError, InvalidUidError
        No usable Transfer Syntax UID.
    InflationLimitError
        A deflated data set is larger than 128 MiB.
    """
    start = PREAMBLE_BYTES + 4 if content[PREAMBLE_BYTES : PREAMBLE_BYTES + 4] == b"DICM" else 0
    syntax, start = _read_meta(content, start)
    if syntax.deflated:
        content, start = _inflate(content[start:]), 0
    stream = BytesIO(content)
    stream.seek(start)
    with fence(DamagedHeaderError, "the data elements cannot be parsed"):
        dataset = read_dataset(stream, syntax.implicit_vr, not syntax.big_endian, stop_when=_at_pixel_data)
        implicit_vr = bool(dataset.original_encoding[0])
    _check_elements(dataset)
    return DicomFile(dataset, syntax, implicit_vr, memoryview(content)[stream.tell() :])


def _read_meta(content: bytes, start: int) -> tuple[TransferSyntax, int]:
    """Read the File Meta Information, always explicit little endian; return the position after it."""
    if content[start : start + 2] == b"\x08\x00":
        # a data set alone, as some old systems write it: only little endian can be told safely
        explicit = content[start + 4 : start + 6].isalpha()
        return (EXPLICIT_LITTLE_ENDIAN if explicit else IMPLICIT_LITTLE_ENDIAN), start
    stream = BytesIO(content)
    stream.seek(start)
    with fence(DamagedHeaderError, "the File Meta Information cannot be parsed"):
        meta = read_dataset(stream, is_implicit_VR=False, is_little_endian=True, stop_when=_not_group_2)
        is_directory = meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage
    _check_elements(meta)
    if is_directory:
        raise OtherObjectError("a DICOMDIR, the index of a medium; the images that it lists are accepted")
    return find_transfer_syntax(required_uid(meta, "TransferSyntaxUID")), stream.tell()


def _at_pixel_data(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return tag in _PIXEL_DATA


def _not_group_2(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return tag.group != 2


def _inflate(deflated: bytes) -> bytes:
    """Inflate a deflated data set (PS3.5 section A.5) within a bound."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    with fence(DamagedHeaderError, "the deflated data set cannot be inflated"):
        content = inflater.decompress(deflated, MAX_INFLATED_BYTES)
    if inflater.unconsumed_tail:
        raise InflationLimitError(f"a deflated data set of more than {MAX_INFLATED_BYTES} bytes")
    if not inflater.eof:
        raise TruncatedFileError("the deflated data set ends too early")
    return content


def _check_elements(dataset: Dataset) -> None:
    """Refuse what the lenient parser lets pass: elements cut off, and disorder, the sign of a wrong length."""
    tags = list(dataset.keys())
    if any(later <= earlier for earlier, later in pairwise(tags)):
        raise DamagedHeaderError("data elements are not in ascending order (PS3.5 section 7.1)")
    with fence(DamagedHeaderError, "a data element cannot be parsed"):
        for tag in tags:
            element: object = dataset.get_item(tag)
            # what is parsed already was a sequence and is whole
            if isinstance(element, RawDataElement) and len(element.value or b"") != element.length != _UNDEFINED_LENGTH:
                raise TruncatedFileError("the content ends inside a data element")
