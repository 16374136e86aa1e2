"""From the bytes of a DICOM file to its data elements and the place of its pixels, and how both are written.

PS3.10, and PS3.5 sections 7 and 10 with annex A.
"""

import logging
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from io import BytesIO
from itertools import count, pairwise

from pydicom.datadict import DicomDictionary  # type: ignore[attr-defined]  # documented, and not re-exported
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import UID, MediaStorageDirectoryStorage
from pydicom.valuerep import VR

from imaging.dicom.attributes import required_uid, text
from imaging.errors import (
    DamagedHeaderError,
    InflationLimitError,
    OtherObjectError,
    TransferSyntaxNotAcceptedError,
    TruncatedFileError,
)
from imaging.foreign_errors import foreign_errors_as
from imaging.source import PREAMBLE_BYTES


class Encoding(StrEnum):
    """How the pixels lie in Pixel Data."""

    NATIVE = "native"
    JPEG = "JPEG"
    JPEG_LS = "JPEG-LS"
    JPEG_2000 = "JPEG 2000"
    RLE = "RLE"


@dataclass(frozen=True, slots=True)
class TransferSyntax:
    """One accepted transfer syntax.

    Attributes
    ----------
    uid : str
        Transfer Syntax UID.
    name : str
        Its name in PS3.6 table A-1, shortened.
    encoding : Encoding
        How the pixels lie in Pixel Data.
    implicit_vr, big_endian, deflated : bool
        How the data elements are written.
    """

    uid: str
    name: str
    encoding: Encoding = Encoding.NATIVE
    implicit_vr: bool = False
    big_endian: bool = False
    deflated: bool = False


IMPLICIT_LITTLE_ENDIAN = TransferSyntax("1.2.840.10008.1.2", "Implicit VR Little Endian", implicit_vr=True)
EXPLICIT_LITTLE_ENDIAN = TransferSyntax("1.2.840.10008.1.2.1", "Explicit VR Little Endian")

TRANSFER_SYNTAXES = {
    syntax.uid: syntax
    for syntax in (
        IMPLICIT_LITTLE_ENDIAN,
        EXPLICIT_LITTLE_ENDIAN,
        TransferSyntax("1.2.840.10008.1.2.1.99", "Deflated Explicit VR Little Endian", deflated=True),
        TransferSyntax("1.2.840.10008.1.2.2", "Explicit VR Big Endian", big_endian=True),
        TransferSyntax("1.2.840.10008.1.2.4.50", "JPEG Baseline", Encoding.JPEG),
        TransferSyntax("1.2.840.10008.1.2.4.51", "JPEG Extended", Encoding.JPEG),
        TransferSyntax("1.2.840.10008.1.2.4.57", "JPEG Lossless", Encoding.JPEG),
        TransferSyntax("1.2.840.10008.1.2.4.70", "JPEG Lossless SV1", Encoding.JPEG),
        TransferSyntax("1.2.840.10008.1.2.4.80", "JPEG-LS Lossless", Encoding.JPEG_LS),
        TransferSyntax("1.2.840.10008.1.2.4.81", "JPEG-LS Near-Lossless", Encoding.JPEG_LS),
        TransferSyntax("1.2.840.10008.1.2.4.90", "JPEG 2000 Lossless", Encoding.JPEG_2000),
        TransferSyntax("1.2.840.10008.1.2.4.91", "JPEG 2000", Encoding.JPEG_2000),
        TransferSyntax("1.2.840.10008.1.2.4.201", "High-Throughput JPEG 2000 Lossless", Encoding.JPEG_2000),
        TransferSyntax("1.2.840.10008.1.2.4.202", "High-Throughput JPEG 2000 Lossless RPCL", Encoding.JPEG_2000),
        TransferSyntax("1.2.840.10008.1.2.4.203", "High-Throughput JPEG 2000", Encoding.JPEG_2000),
        TransferSyntax("1.2.840.10008.1.2.5", "RLE Lossless", Encoding.RLE),
    )
}
"""What is read, by its UID; what receives films offers the same."""


def find_transfer_syntax(uid: str) -> TransferSyntax:
    """Return the accepted transfer syntax of a UID.

    Parameters
    ----------
    uid : str
        Transfer Syntax UID (0002,0010) of the file.

    Raises
    ------
    TransferSyntaxNotAcceptedError
        It is another one; the message has its name where PS3.6 knows it.
    """
    if uid in TRANSFER_SYNTAXES:
        return TRANSFER_SYNTAXES[uid]
    name = UID(uid).name if UID(uid).name != uid else "unknown to PS3.6"
    accepted = ", ".join(syntax.name for syntax in TRANSFER_SYNTAXES.values())
    raise TransferSyntaxNotAcceptedError(f"Transfer Syntax UID (0002,0010) is {name}; {accepted} are accepted")


# its messages quote values of the file, which may be a patient's
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)

MAX_INFLATED_BYTES = 256 * 1024 * 1024
"""As many as a file may have."""

_PIXEL_DATA = {0x7FE00010, 0x7FE00008, 0x7FE00009}  # also Float and Double Float Pixel Data
_FIRST_GROUP = 0x0008  # of a data set
_MAX_ELEMENTS = 50_000  # a radiograph's header has hundreds
_GROUPS = {tag >> 16 for tag in DicomDictionary}
_VRS = {vr.value for vr in VR if len(vr.value) == 2}
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
    written_as : str
        Implementation Version Name (0002,0013) of what wrote the file; empty where it says none.
    """

    dataset: Dataset
    syntax: TransferSyntax
    implicit_vr: bool
    rest: memoryview
    written_as: str


def read_header(content: bytes, *, any_syntax: bool = False) -> DicomFile:
    """Parse the data elements of a DICOM file up to its pixels.

    Parameters
    ----------
    content : bytes
        A file which `identify_format` calls "dicom".
    any_syntax : bool
        Whatever encodes the pixels is taken for one whose data elements are explicit little endian, as PS3.5 A.4 says
        of all that compress pixels: for who asks for the header alone.

    Returns
    -------
    DicomFile
        Data elements and the bytes of the pixels, undecoded.

    Raises
    ------
    DamagedHeaderError
        The data elements cannot be parsed, or their disorder shows that a length is wrong.
    TruncatedFileError
        The content ends inside a data element or a deflated stream.
    OtherObjectError
        The file is a DICOMDIR.
    TransferSyntaxNotAcceptedError
        The transfer syntax is not decoded here.
    MissingAttributeError, InvalidUidError
        No usable Transfer Syntax UID.
    InflationLimitError
        A deflated data set is larger than 256 MiB.
    """
    start = PREAMBLE_BYTES + 4 if content[PREAMBLE_BYTES : PREAMBLE_BYTES + 4] == b"DICM" else 0
    syntax, start, written_as = _read_meta(content, start, any_syntax=any_syntax)
    if syntax.deflated:
        content, start = _inflate(content[start:]), 0
    stream = BytesIO(content)
    stream.seek(start)
    with foreign_errors_as(DamagedHeaderError, "the data elements cannot be parsed"):
        dataset = read_dataset(stream, syntax.implicit_vr, not syntax.big_endian, stop_when=_at_pixel_data())
        implicit_vr = bool(dataset.original_encoding[0])
    rest = memoryview(content)[stream.tell() :]
    _check_elements(dataset)
    _check_order(dataset, rest)
    return DicomFile(dataset, syntax, implicit_vr, rest, written_as)


def _read_meta(content: bytes, start: int, *, any_syntax: bool) -> tuple[TransferSyntax, int, str]:
    """Read the File Meta Information, always explicit little endian; return the position after it, and who wrote it."""
    if _begins_data_set(content, start):
        return _syntax_as_written(content, start), start, ""
    stream = BytesIO(content)
    stream.seek(start)
    with foreign_errors_as(DamagedHeaderError, "the File Meta Information cannot be parsed"):
        meta = read_dataset(stream, is_implicit_VR=False, is_little_endian=True, stop_when=_not_group_2)
        is_directory = meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage
    _check_elements(meta)
    if is_directory:
        raise OtherObjectError("a DICOMDIR, the index of a medium; the images that it lists are accepted")
    start, written_as = stream.tell(), text(meta, "ImplementationVersionName") or ""
    said = meta.get_item("TransferSyntaxUID")
    if not (said and said.value and said.value.strip(b"\0 ")) and _begins_data_set(content, start):
        return _syntax_as_written(content, start), start, written_as
    uid = required_uid(meta, "TransferSyntaxUID")
    syntax = TransferSyntax(uid, uid) if any_syntax else find_transfer_syntax(uid)
    if syntax.encoding is Encoding.NATIVE and not syntax.deflated and _begins_data_set(content, start):
        syntax = replace(syntax, big_endian=_is_big_endian(content, start))  # the tags are no claim
    return syntax, start, written_as


def _begins_data_set(content: bytes, start: int) -> bool:
    """Return whether the first tag is one of group 0008, in either order of bytes."""
    return content[start : start + 2] in (b"\x08\0", b"\0\x08")


def _is_big_endian(content: bytes, start: int) -> bool:
    return content[start] == 0


def _syntax_as_written(content: bytes, start: int) -> TransferSyntax:
    """Return the syntax of a data set that comes without one, as some old systems write it, by its first element."""
    explicit = content[start + 4 : start + 6].isalpha()
    if _is_big_endian(content, start):
        return TRANSFER_SYNTAXES["1.2.840.10008.1.2.2"]
    return EXPLICIT_LITTLE_ENDIAN if explicit else IMPLICIT_LITTLE_ENDIAN


def _at_pixel_data() -> Callable[[BaseTag, str | None, int], bool]:
    """Return what ends the header; megabytes of zeros would be parsed as millions of elements otherwise."""
    numbers = count()

    def is_end(tag: BaseTag, _vr: str | None, _length: int) -> bool:
        if tag.group < _FIRST_GROUP:
            raise DamagedHeaderError(f"a data element ({tag.group:04X},{tag.element:04X}), as after a wrong length")
        if next(numbers) > _MAX_ELEMENTS:
            raise DamagedHeaderError(f"more than {_MAX_ELEMENTS} data elements")
        return tag in _PIXEL_DATA

    return is_end


def _not_group_2(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return tag.group != 2


def _inflate(deflated: bytes) -> bytes:
    """Inflate a deflated data set (PS3.5 section A.5) within a bound."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    with foreign_errors_as(DamagedHeaderError, "the deflated data set cannot be inflated"):
        content = inflater.decompress(deflated, MAX_INFLATED_BYTES)
    if inflater.unconsumed_tail:
        raise InflationLimitError(f"a deflated data set of more than {MAX_INFLATED_BYTES} bytes")
    if not inflater.eof:
        raise TruncatedFileError("the deflated data set ends too early")
    return content


def _check_elements(dataset: Dataset) -> None:
    """Refuse what the lenient parser lets pass: elements that are cut off."""
    with foreign_errors_as(DamagedHeaderError, "a data element cannot be parsed"):
        for tag in dataset.keys():  # noqa: SIM118 - a Dataset's own iterator would convert the values
            element: object = dataset.get_item(tag)
            # what is parsed already was a sequence and is whole
            if isinstance(element, RawDataElement) and len(element.value or b"") != element.length != _UNDEFINED_LENGTH:
                raise TruncatedFileError("the content ends inside a data element")


def _check_order(dataset: Dataset, rest: memoryview) -> None:
    """Refuse disorder that comes from a wrong length (PS3.5 section 7.1).

    Some writers append an element where it does not belong. That is harmless: all elements are what elements can be,
    and the parser arrives at the pixels. Where a length is wrong, the parser takes something else for elements.
    """
    tags = list(dataset.keys())
    disorder = [later for earlier, later in pairwise(tags) if later <= earlier]
    if disorder and (len(rest) == 0 or not all(_is_plausible(dataset.get_item(tag)) for tag in tags)):
        where = f"({disorder[0].group:04X},{disorder[0].element:04X})"
        raise DamagedHeaderError(f"the data elements are not in ascending order at {where}, as after a wrong length")


def _is_plausible(element: object) -> bool:
    if not isinstance(element, RawDataElement):
        return True
    is_known = element.VR in _VRS if element.VR else element.tag.group in _GROUPS or element.tag.is_private
    return is_known and element.length % 2 == 0
