"""Lookup tables of the header: LUT Descriptor and LUT Data (PS3.3 C.11.1.1).

The descriptor is a claim. Agfa's says 16 bits where the entries hold 12 to 15, others leave the count at 0 or write the
entries as signed numbers; the entries themselves decide, as in the well-known viewers.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

from imaging.dicom.attributes import named
from imaging.dicom.header import DicomFile
from imaging.errors import InvalidAttributeError
from imaging.foreign_errors import foreign_errors_as

Values = npt.NDArray[np.float64]

_WORDS = {"US", "SS", "OW", "OB", "UN"}


@dataclass(frozen=True, slots=True)
class LookupTable:
    """A table of the header.

    Attributes
    ----------
    first : int
        Input value of the first entry.
    entries : ndarray of float64, shape (n,)
        Output values, unsigned.
    white : int
        Output value that is displayed white: the greatest of the descriptor's bits, or the greatest entry where the
        entries have fewer or more bits.
    """

    first: int
    entries: Values
    white: int

    def apply(self, values: Values) -> Values:
        """Map values; those outside the table get its first or last entry (PS3.3 C.11.1.1)."""
        index = np.clip(values - self.first, 0, self.entries.size - 1).astype(np.intp)
        return self.entries[index]


def list_items(file: DicomFile, keyword: str) -> list[Dataset]:
    """Return the items of a LUT sequence; one without descriptor or data is no table.

    Parameters
    ----------
    file : DicomFile
        A parsed header.
    keyword : str
        "ModalityLUTSequence" or "VOILUTSequence".

    Raises
    ------
    InvalidAttributeError
        It is no sequence.
    """
    with foreign_errors_as(InvalidAttributeError, f"{named(keyword)} cannot be read"):
        items = file.dataset.get(keyword) or ()
        return [item for item in items if _holds(item, "LUTDescriptor") and _holds(item, "LUTData")]


def read_table(dataset: Dataset, descriptor: str, data: str, inputs: Values, *, big_endian: bool) -> LookupTable:
    """Read a table from its two attributes.

    Parameters
    ----------
    dataset : Dataset
        Holds them: an item of a LUT sequence, or the file's header.
    descriptor, data : str
        Their keywords.
    inputs : ndarray of float64
        Every value that the table may be asked for; they decide whether its beginning is signed, and whether a table
        that is shorter than its descriptor says is enough.
    big_endian : bool
        Order of the bytes of an entry.

    Raises
    ------
    InvalidAttributeError
        They do not describe a table.
    """
    with foreign_errors_as(InvalidAttributeError, f"{named(descriptor)} and {named(data)} cannot be read"):
        described = _numbers(dataset, descriptor, 3, big_endian=big_endian)
        if described.size != 3:
            raise InvalidAttributeError(f"{named(descriptor)} has {described.size} values; 3 are accepted")
        count, beginning, bits = (int(value) for value in described)
        count = count or 65536  # 0 stands for 2 ** 16 (PS3.3 C.11.1.1)
        entries = _numbers(dataset, data, count, big_endian=big_endian)[:count].astype(np.float64)
    first = _choose_first(beginning, entries.size, inputs)
    if entries.size < 2 or (entries.size < count and inputs.max() > first + entries.size - 1):
        found = f"{named(data)} has {entries.size} entries where {named(descriptor)} says {count}"
        raise InvalidAttributeError(f"{found}; as many are accepted")
    greatest = int(entries.max())
    white = 2**bits - 1 if greatest.bit_length() == bits else max(1, greatest)
    return LookupTable(first, entries, white)


def _choose_first(beginning: int, size: int, inputs: Values) -> int:
    """Return the input of the first entry, unsigned or in two's complement: whichever covers more of the inputs."""
    low, high = float(inputs.min()), float(inputs.max())

    def covered(first: int) -> float:
        return min(high, first + size - 1.0) - max(low, first)

    return max(beginning, beginning - 65536, key=covered) if beginning >= 32768 else beginning


def _holds(item: Dataset, keyword: str) -> bool:
    element = item.get_item(keyword)
    return element is not None and bool(element.value)


def _numbers(dataset: Dataset, keyword: str, count: int, *, big_endian: bool) -> npt.NDArray[np.uint16]:
    """Return unsigned numbers whatever their VR is: LUT Data are never signed (PS3.3 C.11.1.1)."""
    element: object = dataset.get_item(keyword)
    if isinstance(element, RawDataElement) and (element.VR is None or element.VR in _WORDS):
        return _unpack(element.value or b"", count, big_endian=big_endian)
    value = dataset.get(keyword)
    if isinstance(value, bytes):
        return _unpack(value, count, big_endian=big_endian)
    return (np.atleast_1d(np.asarray(value if value is not None else [], np.int64)) & 0xFFFF).astype(np.uint16)


def _unpack(raw: bytes, count: int, *, big_endian: bool) -> npt.NDArray[np.uint16]:
    """Unpack 8-bit entries, two a word, or 16-bit ones (PS3.3 C.11.1.1.1)."""
    if len(raw) in (count, count + count % 2):
        return np.frombuffer(raw, np.uint8).astype(np.uint16)
    return np.frombuffer(raw[: len(raw) // 2 * 2], ">u2" if big_endian else "<u2").astype(np.uint16)
