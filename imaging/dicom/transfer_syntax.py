"""The transfer syntaxes (PS3.5 annex A) whose pixels are decoded here."""

from dataclasses import dataclass
from enum import StrEnum

from pydicom.uid import UID

from imaging.errors import TransferSyntaxNotAcceptedError


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
    frame_markers : frozenset of int
        Second byte of the start-of-frame markers that the codestream may have, keys of `imaging.jpeg.PROCESSES`.
    implicit_vr, big_endian, deflated : bool
        How the data elements are written.
    """

    uid: str
    name: str
    encoding: Encoding = Encoding.NATIVE
    frame_markers: frozenset[int] = frozenset()
    implicit_vr: bool = False
    big_endian: bool = False
    deflated: bool = False


_LOSSLESS = frozenset({0xC3})
_JPEG_LS = frozenset({0xF7})

IMPLICIT_LITTLE_ENDIAN = TransferSyntax("1.2.840.10008.1.2", "Implicit VR Little Endian", implicit_vr=True)
EXPLICIT_LITTLE_ENDIAN = TransferSyntax("1.2.840.10008.1.2.1", "Explicit VR Little Endian")

_ACCEPTED = {
    syntax.uid: syntax
    for syntax in (
        IMPLICIT_LITTLE_ENDIAN,
        EXPLICIT_LITTLE_ENDIAN,
        TransferSyntax("1.2.840.10008.1.2.1.99", "Deflated Explicit VR Little Endian", deflated=True),
        TransferSyntax("1.2.840.10008.1.2.2", "Explicit VR Big Endian", big_endian=True),
        TransferSyntax("1.2.840.10008.1.2.4.50", "JPEG Baseline", Encoding.JPEG, frozenset({0xC0})),
        # process 2 and 4 contain process 1, and some writers label it so
        TransferSyntax("1.2.840.10008.1.2.4.51", "JPEG Extended", Encoding.JPEG, frozenset({0xC0, 0xC1})),
        TransferSyntax("1.2.840.10008.1.2.4.57", "JPEG Lossless", Encoding.JPEG, _LOSSLESS),
        TransferSyntax("1.2.840.10008.1.2.4.70", "JPEG Lossless SV1", Encoding.JPEG, _LOSSLESS),
        TransferSyntax("1.2.840.10008.1.2.4.80", "JPEG-LS Lossless", Encoding.JPEG_LS, _JPEG_LS),
        TransferSyntax("1.2.840.10008.1.2.4.81", "JPEG-LS Near-Lossless", Encoding.JPEG_LS, _JPEG_LS),
        TransferSyntax("1.2.840.10008.1.2.4.90", "JPEG 2000 Lossless", Encoding.JPEG_2000),
        TransferSyntax("1.2.840.10008.1.2.4.91", "JPEG 2000", Encoding.JPEG_2000),
        TransferSyntax("1.2.840.10008.1.2.4.201", "High-Throughput JPEG 2000 Lossless", Encoding.JPEG_2000),
        TransferSyntax("1.2.840.10008.1.2.4.202", "High-Throughput JPEG 2000 Lossless RPCL", Encoding.JPEG_2000),
        TransferSyntax("1.2.840.10008.1.2.4.203", "High-Throughput JPEG 2000", Encoding.JPEG_2000),
        TransferSyntax("1.2.840.10008.1.2.5", "RLE Lossless", Encoding.RLE),
    )
}


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
    if uid in _ACCEPTED:
        return _ACCEPTED[uid]
    name = UID(uid).name if UID(uid).name != uid else "unknown to PS3.6"
    accepted = ", ".join(syntax.name for syntax in _ACCEPTED.values())
    raise TransferSyntaxNotAcceptedError(f"Transfer Syntax UID (0002,0010) is {name}; {accepted} are accepted")
