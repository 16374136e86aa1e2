"""From stored pixels to displayed ones: the grayscale pipeline of PS3.4 annex N and PS3.3 C.11, as one table.

Each step maps one number to one number, so the whole pipeline is computed for every possible bit pattern (256 or
65,536) in float64 and the picture is looked up in it once: 2.5 ms for 2500 x 2048, and no full-size temporary.

1. Bits: unused bits masked, high bit shifted, sign extended (PS3.5 section 8.1.1).
2. Modality LUT Sequence, else Rescale Slope and Intercept (C.11.1).
3. VOI LUT Sequence, else the first window (C.11.2). Without either, 8 bits are taken as displayed, as in a PNG or JPEG
   of the same film; deeper pixels are scaled from the 0.5th to the 99.5th percentile of the picture.
4. MONOCHROME1 inverted, once. Presentation LUT Shape INVERSE (C.11.6) accompanies MONOCHROME1 and says the same again,
   so Photometric Interpretation alone decides.
5. Pixel padding (C.7.5.1.1.2) black: it is no part of the picture.
"""

import numpy as np
import numpy.typing as npt

from imaging.dicom.attributes import code_string, whole_number
from imaging.dicom.header import DicomFile
from imaging.dicom.lookup_table import modality_values
from imaging.dicom.pixel_layout import PixelLayout
from imaging.dicom.robust_range import robust_range
from imaging.dicom.stored_pixels import Patterns
from imaging.dicom.transfer_syntax import Encoding
from imaging.dicom.voi import apply_voi
from imaging.opencv import cv2
from imaging.unreadable import InvalidAttributeError

Values = npt.NDArray[np.float64]

_DISPLAY_BITS = 8


def display_pixels(file: DicomFile, layout: PixelLayout, patterns: Patterns) -> npt.NDArray[np.float32]:
    """Run the grayscale pipeline.

    Parameters
    ----------
    file : DicomFile
        The header with its lookup tables.
    layout : PixelLayout
        The description of the pixels.
    patterns : ndarray of uint8 or uint16, shape (rows, columns)
        Stored pixels as bit patterns.

    Returns
    -------
    ndarray of float32, shape (rows, columns), range [0, 1]
        Displayed pixels in MONOCHROME2 sense, finite.

    Raises
    ------
    InvalidAttributeError
        A lookup table, window or rescale value that gives no finite picture.
    BlankError
        Only one value without a window to judge it by.
    """
    stored = stored_values(layout, file.syntax.encoding)
    padding = _padding(file, stored, layout.signed)
    with np.errstate(all="ignore"):
        values = modality_values(file, stored, layout.signed)
        shown = apply_voi(file, values)
    if shown is None:
        shown = _unwindowed(patterns, values, padding, layout)
    if code_string(file.dataset, "PhotometricInterpretation") == "MONOCHROME1":
        shown = 1.0 - shown
    table = np.where(padding, 0.0, shown).astype(np.float32)
    if not np.isfinite(table).all():
        raise InvalidAttributeError("window or rescale values give no finite picture")
    return np.asarray(cv2.LUT(np.ascontiguousarray(patterns), table.reshape(1, -1)))


def stored_values(layout: PixelLayout, encoding: Encoding) -> npt.NDArray[np.int64]:
    """Return the stored value of every possible bit pattern.

    Parameters
    ----------
    layout : PixelLayout
        The description of the pixels.
    encoding : Encoding
        Unsigned samples of a JPEG family decoder are values already; a lossy one may exceed Bits Stored by its
        rounding, and masking would turn such white pixels black.

    Returns
    -------
    ndarray of int64, shape (2 ** bits_allocated,)
        Value by pattern.
    """
    patterns = np.arange(2**layout.bits_allocated, dtype=np.int64)
    if encoding in (Encoding.NATIVE, Encoding.RLE):
        patterns >>= layout.high_bit + 1 - layout.bits_stored
    elif not layout.signed:
        return patterns
    values = np.asarray(patterns & (2**layout.bits_stored - 1))
    if layout.signed:
        sign = 2 ** (layout.bits_stored - 1)
        values = (values ^ sign) - sign
    return values


def _unwindowed(patterns: Patterns, values: Values, padding: npt.NDArray[np.bool_], layout: PixelLayout) -> Values:
    if layout.bits_stored == _DISPLAY_BITS:
        low, high = float(values.min()), float(values.max())
    else:
        low, high = robust_range(patterns, values, padding)
    return np.asarray(np.clip((values - low) / (high - low), 0.0, 1.0))


def _padding(file: DicomFile, stored: npt.NDArray[np.int64], signed: bool) -> npt.NDArray[np.bool_]:
    """Tell which values are padding (PS3.3 C.7.5.1.1.2): Pixel Padding Value to Pixel Padding Range Limit."""
    limits = [whole_number(file.dataset, f"PixelPadding{end}") for end in ("Value", "RangeLimit")]
    if limits[0] is None:
        return np.zeros(stored.shape, np.bool_)
    # some writers take the VR US although the pixels are signed
    told = [value - 65536 if signed and value >= 32768 else value for value in limits if value is not None]
    return (min(told) <= stored) & (stored <= max(told))
