"""The Image Pixel Module (PS3.3 C.7.6.3), as far as one frame needs it."""

from dataclasses import dataclass

import numpy as np

from imaging.dicom.attributes import code_string, named, required_number, whole_number
from imaging.dicom.header import DicomFile, Encoding
from imaging.errors import InvalidAttributeError
from imaging.gray import check_size

JPEG_2000_BYTES = 2
"""More memory for a sample while it is decoded: OpenJPEG takes seven for one of 16 bits, before it is displayed."""


@dataclass(frozen=True, slots=True)
class PixelLayout:
    """How the pixels of a radiograph are stored.

    Attributes
    ----------
    rows, columns : int
        Size in pixels, at least 64 each.
    samples : int
        Samples a pixel, 1 or 3.
    photometric_interpretation : str
        "MONOCHROME1", "MONOCHROME2", "PALETTE COLOR" or one of three samples.
    bits_allocated : int
        8 or 16.
    bits_stored : int
        6 to `bits_allocated` (PS3.3 C.8.11.3).
    high_bit : int
        Place of the most significant bit.
    signed : bool
        Pixel Representation 1, two's complement.
    planar : bool
        Planar Configuration 1: native samples lie in planes, not pixel by pixel.
    """

    rows: int
    columns: int
    samples: int
    photometric_interpretation: str
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    planar: bool = False

    @property
    def dtype(self) -> np.dtype[np.uint8] | np.dtype[np.uint16]:
        """Type of a sample's bit pattern."""
        return np.dtype(np.uint16) if self.bits_allocated == 16 else np.dtype(np.uint8)

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return self.rows * self.columns

    @property
    def native_bytes(self) -> int:
        """Bytes of the picture without compression."""
        # two pixels of YBR_FULL_422 share their chrominance (PS3.3 C.7.6.3.1.2)
        samples = 2 if self.photometric_interpretation == "YBR_FULL_422" else self.samples
        return self.pixels * samples * self.bits_allocated // 8


def read_layout(file: DicomFile) -> PixelLayout:
    """Read and check the description of the pixels.

    Parameters
    ----------
    file : DicomFile
        A parsed header of a suitable object.

    Returns
    -------
    PixelLayout
        A consistent description.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError, TooSmallError, TooManyPixelsError
        What the header says cannot be one radiograph.
    """
    dataset = file.dataset
    rows, columns = required_number(dataset, "Rows"), required_number(dataset, "Columns")
    bits_allocated = required_number(dataset, "BitsAllocated")
    bits_stored = required_number(dataset, "BitsStored")
    # absent, both are what every writer means: no shift (the only value of PS3.3 C.8.11.3), unsigned
    high_bit = whole_number(dataset, "HighBit")
    representation = whole_number(dataset, "PixelRepresentation") or 0
    layout = PixelLayout(
        rows,
        columns,
        required_number(dataset, "SamplesPerPixel"),
        code_string(dataset, "PhotometricInterpretation"),
        bits_allocated,
        bits_stored,
        bits_stored - 1 if high_bit is None else high_bit,
        signed=representation == 1,
        planar=whole_number(dataset, "PlanarConfiguration") == 1,
    )
    decoder_bytes = JPEG_2000_BYTES if file.syntax.encoding is Encoding.JPEG_2000 else 0
    check_size(rows, columns, layout.samples * (bits_allocated // 8 + decoder_bytes))
    _check_bits(layout, representation)
    return layout


def _check_bits(layout: PixelLayout, representation: int) -> None:
    allocated, stored = layout.bits_allocated, layout.bits_stored
    if allocated not in (8, 16):
        raise InvalidAttributeError(f"{named('BitsAllocated')} is {allocated}; 8 and 16 are accepted")
    if not 6 <= stored <= allocated:
        raise InvalidAttributeError(f"{named('BitsStored')} is {stored}; 6 to {allocated} are accepted")
    if not stored - 1 <= layout.high_bit < allocated:
        accepted = f"{stored - 1} to {allocated - 1} are accepted"
        raise InvalidAttributeError(f"{named('HighBit')} is {layout.high_bit} with {stored} bits stored; {accepted}")
    if representation not in (0, 1):
        accepted = "0 (unsigned) and 1 (signed) are accepted"
        raise InvalidAttributeError(f"{named('PixelRepresentation')} is {representation}; {accepted}")
