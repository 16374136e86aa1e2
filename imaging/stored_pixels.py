"""From a DICOM file to its stored pixels, still as bit patterns of the allocated size."""

from dataclasses import dataclass

import imagecodecs
import numpy as np
import numpy.typing as npt

from imaging.attributes import required_number, whole_number
from imaging.codestream import check_codestream
from imaging.errors import (
    DamagedPixelDataError,
    InvalidAttributeError,
    PixelDataLengthError,
    TooManyPixelsError,
    TooSmallError,
)
from imaging.fence import fence
from imaging.header import DicomFile
from imaging.pixel_data import encapsulated_codestream, find_pixel_data, native_value
from imaging.transfer_syntax import Encoding

MIN_EDGE = 16
MAX_PIXELS = 50_000_000

Patterns = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class PixelLayout:
    """The Image Pixel Module (PS3.3 C.7.6.3), as far as one grayscale frame needs it.

    Attributes
    ----------
    rows, columns : int
        Size in pixels.
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

    Raises
    ------
    TooSmallError, TooManyPixelsError
        Outside these limits.
    """
    if rows < MIN_EDGE or columns < MIN_EDGE:
        raise TooSmallError(f"{rows} x {columns} pixels; at least {MIN_EDGE} x {MIN_EDGE} are accepted")
    if rows * columns > MAX_PIXELS:
        raise TooManyPixelsError(f"{rows} x {columns} pixels; at most {MAX_PIXELS} are accepted")


def read_layout(file: DicomFile) -> PixelLayout:
    """Read and check the description of the pixels.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError, TooSmallError, TooManyPixelsError
        What the header says cannot be one grayscale radiograph.
    """
    dataset = file.dataset
    rows, columns = required_number(dataset, "Rows"), required_number(dataset, "Columns")
    check_size(rows, columns)
    bits_allocated = required_number(dataset, "BitsAllocated")
    bits_stored = required_number(dataset, "BitsStored")
    # absent High Bit is what every writer means by it (PS3.3 C.8.11.3.1.1); absent Pixel Representation is unsigned
    high_bit = whole_number(dataset, "HighBit")
    high_bit = bits_stored - 1 if high_bit is None else high_bit
    representation = whole_number(dataset, "PixelRepresentation") or 0
    if bits_allocated not in (8, 16):
        raise InvalidAttributeError(f"BitsAllocated {bits_allocated}; 8 and 16 are accepted")
    if not 6 <= bits_stored <= bits_allocated:
        raise InvalidAttributeError(f"BitsStored {bits_stored}; 6 to {bits_allocated} are accepted")
    if not bits_stored - 1 <= high_bit < bits_allocated:
        raise InvalidAttributeError(f"HighBit {high_bit} with BitsStored {bits_stored}")
    if representation not in (0, 1):
        raise InvalidAttributeError(f"PixelRepresentation {representation}; 0 and 1 are accepted")
    return PixelLayout(rows, columns, bits_allocated, bits_stored, high_bit, representation == 1)


def decode_pixels(file: DicomFile, layout: PixelLayout) -> Patterns:
    """Decode the frame.

    Parameters
    ----------
    file : DicomFile
        A parsed header with its pixels.
    layout : PixelLayout
        The checked description of the pixels.

    Returns
    -------
    ndarray of uint8 or uint16, shape (rows, columns)
        Bit patterns; for native pixels and RLE all allocated bits, else the decoder's samples. Bit-exact with pydicom
        for lossless syntaxes, within the IDCT's rounding for lossy JPEG.

    Raises
    ------
    UnreadableRadiographError
        The pixels are missing, of the wrong length, contradict the header or cannot be decoded.
    """
    vr, length, value = find_pixel_data(file)
    encoding = file.syntax.encoding
    if encoding is Encoding.NATIVE:
        return _native(file, layout, vr, length, value)
    codestream = encapsulated_codestream(length, value, encoding)
    check_codestream(
        codestream, file.syntax, layout.rows, layout.columns, layout.bits_stored, layout.bits_allocated
    )
    with fence(DamagedPixelDataError, f"the {encoding.value} codestream cannot be decoded"):
        decoded = _decode(codestream, encoding, layout)
    if decoded.shape != (layout.rows, layout.columns) or decoded.dtype.kind not in "iu":
        raise DamagedPixelDataError(f"the {encoding.value} codestream decodes to another shape than the header's")
    return _as_patterns(decoded, layout)


def _native(file: DicomFile, layout: PixelLayout, vr: str | None, length: int, value: memoryview) -> Patterns:
    bytes_a_sample = layout.bits_allocated // 8
    pixels = layout.rows * layout.columns
    whole = native_value(length, value, pixels * bytes_a_sample)
    if bytes_a_sample == 2:
        order = ">" if file.syntax.big_endian else "<"
        return np.frombuffer(whole, order + "u2").astype(np.uint16, copy=False).reshape(layout.rows, layout.columns)
    if file.syntax.big_endian and vr == "OW":
        # two 8-bit samples in each big endian word (PS3.5 section 8.1.1, annex D)
        whole = memoryview(np.frombuffer(value[:length], "<u2").byteswap().tobytes())[:pixels]
    return np.frombuffer(whole, np.uint8).reshape(layout.rows, layout.columns)


def _decode(codestream: bytes, encoding: Encoding, layout: PixelLayout) -> npt.NDArray[np.generic]:
    if encoding is Encoding.JPEG:
        return np.asarray(imagecodecs.jpeg8_decode(codestream))  # libjpeg-turbo: all processes, 2 to 16 bits
    if encoding is Encoding.JPEG_LS:
        return np.asarray(imagecodecs.jpegls_decode(codestream))
    if encoding is Encoding.JPEG_2000:
        return np.asarray(imagecodecs.jpeg2k_decode(codestream, numthreads=1))
    return _decode_rle(codestream, layout)


def _decode_rle(codestream: bytes, layout: PixelLayout) -> Patterns:
    dtype = "<u2" if layout.bits_allocated == 16 else "u1"
    expected_bytes = layout.rows * layout.columns * layout.bits_allocated // 8
    decoded = imagecodecs.dicomrle_decode(codestream, dtype)
    if len(decoded) - expected_bytes not in (0, 1):
        raise PixelDataLengthError(f"RLE holds {len(decoded)} bytes where the header promises {expected_bytes}")
    return np.frombuffer(decoded, dtype, layout.rows * layout.columns).reshape(layout.rows, layout.columns)


def _as_patterns(decoded: npt.NDArray[np.generic], layout: PixelLayout) -> Patterns:
    """Look at a decoder's samples as unsigned patterns of the allocated size; signed ones keep their two's complement."""
    target = np.uint16 if layout.bits_allocated == 16 else np.uint8
    if decoded.dtype.itemsize == target().itemsize:
        return decoded.view(target)
    return decoded.astype(target)
