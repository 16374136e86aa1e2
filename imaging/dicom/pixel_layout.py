"""The Image Pixel Module (PS3.3 C.7.6.3), as far as one grayscale frame needs it."""

from dataclasses import dataclass

from pydicom.dataset import Dataset

from imaging.dicom.attributes import required_number, whole_number
from imaging.unreadable import InvalidAttributeError, TooManyPixelsError
from imaging.unsuitable import TooSmallError

MIN_EDGE = 16
MAX_PIXELS = 50_000_000


@dataclass(frozen=True, slots=True)
class PixelLayout:
    """How the pixels of a radiograph are stored.

    Attributes
    ----------
    rows, columns : int
        Size in pixels, at least 16 each, at most 50 megapixels.
    bits_allocated : int
        8 or 16.
    bits_stored : int
        6 to `bits_allocated` (PS3.3 C.8.11.3).
    high_bit : int
        Place of the most significant bit.
    signed : bool
        Pixel Representation 1, two's complement.
    """

    rows: int
    columns: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool


def check_size(rows: int, columns: int) -> None:
    """Refuse pictures of fewer than 16 rows or columns or more than 50 megapixels.

    Parameters
    ----------
    rows, columns : int
        Size in pixels.

    Raises
    ------
    TooSmallError, TooManyPixelsError
        Outside these limits.
    """
    if rows < MIN_EDGE or columns < MIN_EDGE:
        raise TooSmallError(f"{rows} x {columns} pixels; at least {MIN_EDGE} x {MIN_EDGE} are accepted")
    if rows * columns > MAX_PIXELS:
        raise TooManyPixelsError(f"{rows} x {columns} pixels; at most {MAX_PIXELS} are accepted")


def read_layout(dataset: Dataset) -> PixelLayout:
    """Read and check the description of the pixels.

    Parameters
    ----------
    dataset : Dataset
        Data elements of a DICOM file.

    Returns
    -------
    PixelLayout
        A consistent description.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError, TooSmallError, TooManyPixelsError
        What the header says cannot be one grayscale radiograph.
    """
    rows, columns = required_number(dataset, "Rows"), required_number(dataset, "Columns")
    check_size(rows, columns)
    bits_allocated = required_number(dataset, "BitsAllocated")
    bits_stored = required_number(dataset, "BitsStored")
    # absent, both are what every writer means: no shift (the only value of PS3.3 C.8.11.3), unsigned
    high_bit = whole_number(dataset, "HighBit")
    layout = PixelLayout(
        rows,
        columns,
        bits_allocated,
        bits_stored,
        bits_stored - 1 if high_bit is None else high_bit,
        whole_number(dataset, "PixelRepresentation") == 1,
    )
    _check_bits(layout)
    return layout


def _check_bits(layout: PixelLayout) -> None:
    if layout.bits_allocated not in (8, 16):
        raise InvalidAttributeError(f"BitsAllocated {layout.bits_allocated}; 8 and 16 are accepted")
    if not 6 <= layout.bits_stored <= layout.bits_allocated:
        raise InvalidAttributeError(f"BitsStored {layout.bits_stored}; 6 to {layout.bits_allocated} are accepted")
    if not layout.bits_stored - 1 <= layout.high_bit < layout.bits_allocated:
        raise InvalidAttributeError(f"HighBit {layout.high_bit} with BitsStored {layout.bits_stored}")
