"""From a DICOM file to its stored pixels, still as bit patterns of the allocated size.

imagecodecs is the only decoder: on every syntax it is bit-exact with pydicom and its plugins (lossless) or within the
rounding of the inverse DCT (lossy JPEG), 3 to 8 times faster, and it reads the 12-bit extended JPEG that they do not.
What it refuses is damaged; a second, more lenient decoder would turn damage into a picture.
"""

import imagecodecs
import numpy as np
import numpy.typing as npt

from imaging.dicom.codestream import check_codestream
from imaging.dicom.header import DicomFile
from imaging.dicom.pixel_data import PixelDataElement, encapsulated_codestream, find_pixel_data, native_value
from imaging.dicom.pixel_layout import PixelLayout
from imaging.dicom.transfer_syntax import Encoding
from imaging.fence import fence
from imaging.unreadable import DamagedPixelDataError, PixelDataLengthError

Patterns = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]


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
        Bit patterns: all allocated bits of native pixels and RLE, else the decoder's samples.

    Raises
    ------
    UnreadableRadiographError
        The pixels are missing, of the wrong length, contradict the header or cannot be decoded.
    """
    element = find_pixel_data(file)
    encoding = file.syntax.encoding
    if encoding is Encoding.NATIVE:
        return _native(file, layout, element)
    codestream = encapsulated_codestream(element, encoding)
    check_codestream(codestream, file.syntax, layout)
    with fence(DamagedPixelDataError, f"the {encoding.value} codestream cannot be decoded"):
        decoded = _decode(codestream, encoding, layout)
    if decoded.shape != (layout.rows, layout.columns):
        raise DamagedPixelDataError(f"the {encoding.value} codestream decodes to another shape than the header's")
    return _as_patterns(decoded, layout)


def _native(file: DicomFile, layout: PixelLayout, element: PixelDataElement) -> Patterns:
    shape = layout.rows, layout.columns
    value = native_value(element, layout.rows * layout.columns * layout.bits_allocated // 8)
    if layout.bits_allocated == 16:
        order = ">" if file.syntax.big_endian else "<"
        return np.frombuffer(value, order + "u2").astype(np.uint16, copy=False).reshape(shape)
    samples = np.frombuffer(value, np.uint8)
    if file.syntax.big_endian and element.vr == "OW":
        # two 8-bit samples in each big endian word (PS3.5 section 8.1.1)
        samples = samples.view(np.uint16).byteswap().view(np.uint8)
    return samples[: layout.rows * layout.columns].reshape(shape)


def _decode(codestream: bytes, encoding: Encoding, layout: PixelLayout) -> npt.NDArray[np.generic]:
    if encoding is Encoding.JPEG:
        return np.asarray(imagecodecs.jpeg8_decode(codestream))  # libjpeg-turbo 3: all processes, 2 to 16 bits
    if encoding is Encoding.JPEG_LS:
        return np.asarray(imagecodecs.jpegls_decode(codestream))
    if encoding is Encoding.JPEG_2000:
        return np.asarray(imagecodecs.jpeg2k_decode(codestream, numthreads=1))
    return _decode_rle(codestream, layout)


def _decode_rle(codestream: bytes, layout: PixelLayout) -> npt.NDArray[np.generic]:
    dtype = np.dtype("<u2" if layout.bits_allocated == 16 else "u1")
    pixels = layout.rows * layout.columns
    # the buffer bounds what runs may grow to: 64 times their size; each segment may be padded to an even length
    buffer = bytearray((pixels + pixels % 2) * dtype.itemsize)
    decoded = imagecodecs.dicomrle_decode(codestream, dtype, out=buffer)
    if not pixels * dtype.itemsize <= len(decoded) <= len(buffer):
        raise PixelDataLengthError(f"RLE of {len(decoded)} bytes where the header promises {pixels * dtype.itemsize}")
    return np.frombuffer(decoded, dtype, pixels).reshape(layout.rows, layout.columns)


def _as_patterns(decoded: npt.NDArray[np.generic], layout: PixelLayout) -> Patterns:
    """Look at samples as unsigned patterns of the allocated size; negative ones keep their two's complement."""
    if layout.bits_allocated == 8:
        return decoded.astype(np.uint8, copy=False)
    return decoded.astype(np.uint16, copy=False)
