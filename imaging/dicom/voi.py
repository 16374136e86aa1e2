"""Lookup tables of the header (PS3.3 C.11.1.1), and the VOI LUT (C.11.2): tables and windows, in the order tried.

A LUT Descriptor is a claim. Agfa's says 16 bits where the entries hold 12 to 15, others leave the count at 0 or write
the entries as signed numbers; the entries themselves decide, as in the well-known viewers.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

from imaging.dicom.attributes import code_strings, named, reals
from imaging.dicom.header import DicomFile
from imaging.errors import InvalidAttributeError
from imaging.foreign_errors import foreign_errors_as

Values = npt.NDArray[np.float64]

_WORDS = {"US", "SS", "OW", "OB", "UN"}
_MISSING_SHARE = 1 / 16  # of the entries; so many may lack where the descriptor counts wrongly: the last one goes on


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
        described = _numbers(dataset, descriptor, 0, big_endian=big_endian)
        if described.size < 2:
            raise InvalidAttributeError(f"{named(descriptor)} has {described.size} values; 3 are accepted")
        # the entries say how many bits they have, if need be
        count, beginning, bits = (int(value) for value in [*described, 0][:3])
        count = count or 65536  # 0 stands for 2 ** 16 (PS3.3 C.11.1.1)
        entries = _numbers(dataset, data, count, big_endian=big_endian)[:count].astype(np.float64)
    first = _choose_first(beginning, entries.size, inputs)
    lacking, beyond = count - entries.size, inputs.max() - (first + entries.size - 1)
    if entries.size < 2 or (lacking > count * _MISSING_SHARE and beyond > 0):
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
    """Return unsigned numbers whatever their VR is: LUT Data are never signed (PS3.3 C.11.1.1).

    `count` bytes are as many entries of 8 bits; 0 where there can be none.
    """
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


# of the gray scale; a window may be left over from other pixels (8 bits in one for 12 have a sixteenth and look black),
# a table is made for its own
_LEAST_CONTRAST_IN_WINDOW, _LEAST_CONTRAST_IN_TABLE = 1 / 8, 1 / 256
_FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")
_MAX_EXPONENT = 700.0  # exp overflows float64 beyond 709; the sigmoid is 0 or 1 in float32 long before


def has_voi(file: DicomFile) -> bool:
    """Return whether the header says anything of how the picture is to be shown."""
    return bool(_list_tables(file) or reals(file.dataset, "WindowCenter") or reals(file.dataset, "WindowWidth"))


def list_voi(file: DicomFile, values: Values, inputs: Values, step: float) -> Iterator[tuple[Values, float]]:
    """Yield how the picture is displayed by each usable table, then by each usable window.

    Parameters
    ----------
    file : DicomFile
        A parsed header.
    values : ndarray of float64, shape (n,)
        Modality values.
    inputs : ndarray of float64
        Those of them that a sound picture can hold.
    step : float
        From one modality value to the next, at most 1.

    Yields
    ------
    shown : ndarray of float64, shape (n,), range [0, 1]
        Displayed values.
    least_contrast : float
        Share of the gray scale that a picture has at least; less is none.
    """
    for item in _list_tables(file):
        try:
            table = read_table(item, "LUTDescriptor", "LUTData", inputs, big_endian=file.syntax.big_endian)
        except InvalidAttributeError:
            continue
        yield np.asarray(np.clip(table.apply(values) / table.white, 0.0, 1.0)), _LEAST_CONTRAST_IN_TABLE
    functions = [name for name in code_strings(file.dataset, "VOILUTFunction") if name in _FUNCTIONS] or ["LINEAR"]
    windows = zip(reals(file.dataset, "WindowCenter"), reals(file.dataset, "WindowWidth"), strict=False)
    for number, (center, width) in enumerate(windows):
        function = functions[min(number, len(functions) - 1)]
        # PS3.3 C.11.2.1.2.1 wants 1 at least; small steps of the values make smaller ones, else nobody has set it
        least = 1.0 if function == "LINEAR" and step == 1.0 else 0.0
        if center is not None and width is not None and width > 0 and width >= least:
            yield apply_window(values, center, width, function, step), _LEAST_CONTRAST_IN_WINDOW


def _list_tables(file: DicomFile) -> list[Dataset]:
    try:
        return list_items(file, "VOILUTSequence")
    except InvalidAttributeError:
        return []


def apply_window(values: Values, center: float, width: float, function: str, step: float = 1.0) -> Values:
    """Apply one window.

    Parameters
    ----------
    values : ndarray of float64
        Modality values.
    center, width : float
        Window Center (0028,1050) and Window Width (0028,1051), in units of the modality values; width above 0.
    function : str
        VOI LUT Function (0028,1056): "LINEAR" (C.11.2.1.2.1), "LINEAR_EXACT" (C.11.2.1.3.2) or
        "SIGMOID" (C.11.2.1.3.1).
    step : float
        From one modality value to the next. LINEAR takes it for 1; Rescale Slopes below 1 make it smaller, and a width
        below it is LINEAR_EXACT.

    Returns
    -------
    ndarray of float64, range [0, 1]
        Displayed values.
    """
    if function == "SIGMOID":
        exponent = np.clip(-4.0 * (values - center) / width, -_MAX_EXPONENT, _MAX_EXPONENT)
        return np.asarray(1.0 / (1.0 + np.exp(exponent)))
    if function == "LINEAR" and width >= step:
        center, width = center - step / 2, width - step
    if width == 0:
        return np.where(values <= center, 0.0, 1.0)
    return np.asarray(np.clip((values - center) / width + 0.5, 0.0, 1.0))
