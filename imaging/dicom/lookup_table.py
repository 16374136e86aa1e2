"""Lookup tables of the header: LUT Descriptor and LUT Data (PS3.3 C.11.1.1), and the Modality LUT (C.11.1)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from imaging.dicom.attributes import single_real
from imaging.dicom.header import DicomFile
from imaging.fence import fence
from imaging.unreadable import InvalidAttributeError

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LookupTable:
    """A table of the header.

    Attributes
    ----------
    first : int
        Input value of the first entry.
    entries : ndarray of float64, shape (n,)
        Output values.
    bits : int
        Bits of an output value, 8 to 16.
    """

    first: int
    entries: Values
    bits: int

    def apply(self, values: Values) -> Values:
        """Map values; those outside the table get its first or last entry (PS3.3 C.11.1.1)."""
        index = np.clip(values - self.first, 0, self.entries.size - 1).astype(np.intp)
        return self.entries[index]


def find_table(file: DicomFile, keyword: str, signed: bool) -> LookupTable | None:
    """Return the first table of a sequence.

    Parameters
    ----------
    file : DicomFile
        A parsed header.
    keyword : str
        "ModalityLUTSequence" or "VOILUTSequence"; of several VOI LUTs the first counts.
    signed : bool
        Whether the input values are signed, and with them the second value of the descriptor.

    Returns
    -------
    LookupTable or None
        None where the sequence is absent or empty.

    Raises
    ------
    InvalidAttributeError
        Descriptor and data do not describe a table.
    """
    with fence(InvalidAttributeError, f"{keyword} cannot be read"):
        sequence = file.dataset.get(keyword)
        if not sequence:
            return None
        return _read_table(sequence[0], signed, file.syntax.big_endian)


def _read_table(item: Dataset, signed: bool, big_endian: bool) -> LookupTable:
    count, first, bits = (int(value) for value in item.LUTDescriptor)
    count = count or 65536  # 0 stands for 2 ** 16 (PS3.3 C.11.1.1)
    if signed and first >= 32768:
        first -= 65536  # the descriptor's VR is US or SS; some writers take US although the input is signed
    data = item.LUTData
    entries = np.frombuffer(data, _dtype(len(data), count, big_endian)) if isinstance(data, bytes) else np.asarray(data)
    if not 8 <= bits <= 16 or entries.ndim != 1 or entries.size < count or entries.size > count + 1:
        raise InvalidAttributeError(f"a lookup table of {entries.size} entries where {count} of {bits} bits are told")
    return LookupTable(first, entries[:count].astype(np.float64), bits)


def _dtype(size_bytes: int, count: int, big_endian: bool) -> str:
    """Tell 8-bit entries, two a word, from 16-bit ones (PS3.3 C.11.1.1.1)."""
    if size_bytes < 2 * count:
        return "u1"
    return ">u2" if big_endian else "<u2"


def modality_values(file: DicomFile, stored: npt.NDArray[np.int64], signed: bool) -> Values:
    """Apply the Modality LUT (PS3.3 C.11.1): the table where there is one, else slope and intercept.

    Parameters
    ----------
    file : DicomFile
        A parsed header.
    stored : ndarray of int64, shape (n,)
        Stored values.
    signed : bool
        Pixel Representation 1.

    Returns
    -------
    ndarray of float64, shape (n,)
        Modality values, finite.

    Raises
    ------
    InvalidAttributeError
        No table, or a slope of 0, or values that are not finite.
    """
    table = find_table(file, "ModalityLUTSequence", signed)
    if table is not None:
        return table.apply(stored.astype(np.float64))
    slope, intercept = single_real(file.dataset, "RescaleSlope"), single_real(file.dataset, "RescaleIntercept")
    if slope == 0:
        raise InvalidAttributeError("RescaleSlope is 0")
    values = stored.astype(np.float64) * (1.0 if slope is None else slope) + (0.0 if intercept is None else intercept)
    if not np.isfinite(values).all():
        raise InvalidAttributeError("RescaleSlope and RescaleIntercept give no finite values")
    return values
