"""From stored pixels to displayed ones: the grayscale pipeline of PS3.4 annex N and PS3.3 C.11, as one table.

Each step maps one number to one number, so the whole pipeline is computed for every possible bit pattern (256 or
65,536) in float64 and the picture is looked up in it once: 2.5 ms for 2500 x 2048, and no full-size temporary.

1. Bits: unused bits masked, high bit shifted, sign extended (PS3.5 section 8.1.1).
2. Modality LUT Sequence, else Rescale Slope and Intercept (C.11.1).
3. The first table of the VOI LUT Sequence or, without one, the first window (C.11.2) that shows a picture. Without
   either, 8 bits are taken as displayed, as in a PNG or JPEG of the same film; deeper pixels are scaled from the 0.5th
   to the 99.5th percentile of the picture.
4. MONOCHROME1 inverted, once. Presentation LUT Shape INVERSE (C.11.6) accompanies MONOCHROME1 and says the same again,
   so Photometric Interpretation alone decides.
5. Pixel padding (C.7.5.1.1.2) black: it is no part of the picture.

A palette, or three samples a pixel, is a picture in gray here, and as displayed: 2 and 3 are for MONOCHROME alone.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imaging.dicom.attributes import named, single_real, whole_number
from imaging.dicom.header import DicomFile, Encoding
from imaging.dicom.pixel_layout import PixelLayout
from imaging.dicom.voi import has_voi, list_items, list_voi, read_table
from imaging.errors import ColorError, InvalidAttributeError
from imaging.gray import Gray, count_patterns, robust_range
from imaging.opencv import cv2
from imaging.radiograph import Note

Values = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.float32]

_DISPLAY_BITS = 8
_FEW = 1e-4  # of the pixels at either end: hot and dead ones
_SAMPLING = 32
_PALETTE = ("Red", "Green", "Blue")
_GRAY_PALETTE_SHARE = 1 / 32  # colours of one entry differ by so much of the range at most


@dataclass(frozen=True, slots=True)
class _Patterns:
    """The picture as bit patterns, and which of all patterns are padding."""

    picture: Gray
    padding: npt.NDArray[np.bool_]


def display_pixels(file: DicomFile, layout: PixelLayout, patterns: Gray) -> tuple[Pixels, tuple[Note, ...]]:
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
    pixels : ndarray of float32, shape (rows, columns), range [0, 1]
        Displayed pixels in MONOCHROME2 sense, finite.
    notes : tuple of Note
        `WINDOW_NOT_USED` where the header has windows or VOI LUTs and none of them shows a picture.

    Raises
    ------
    InvalidAttributeError
        A modality LUT or rescale value that gives no finite picture.
    BlankError
        Only one value without a window to judge it by.
    ColorError
        A palette in colour.
    """
    stored = stored_values(layout, file.syntax.encoding)
    picture = _patterns(file, layout, patterns, stored)
    if layout.photometric_interpretation == "PALETTE COLOR":
        return _look_up(picture, _palette_values(file, stored), inverted=False), ()
    if layout.samples > 1:
        return _look_up(picture, _unwindowed(picture, stored.astype(np.float64), layout), inverted=False), ()
    return _display_monochrome(file, layout, picture, stored)


def _display_monochrome(
    file: DicomFile, layout: PixelLayout, picture: _Patterns, stored: npt.NDArray[np.int64]
) -> tuple[Pixels, tuple[Note, ...]]:
    inverted = layout.photometric_interpretation == "MONOCHROME1"
    with np.errstate(all="ignore"):
        values, step = modality_values(file, stored)
        inputs = values[_asked_for(file, layout, picture, stored)]
        for shown, least_contrast in list_voi(file, values, inputs, step):
            if not np.isfinite(shown).all():
                continue
            pixels = _look_up(picture, shown, inverted=inverted)
            if _shows_picture(pixels, picture, shown, least_contrast):
                return pixels, ()
            del pixels  # two of them would not fit into memory
    notes = (Note.WINDOW_NOT_USED,) if has_voi(file) else ()
    return _look_up(picture, _unwindowed(picture, values, layout), inverted=inverted), notes


def _asked_for(
    file: DicomFile, layout: PixelLayout, picture: _Patterns, stored: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Return which values a table must have an entry for: those of the picture that a sound one can hold."""
    sound: npt.NDArray[np.bool_] = stored < 2**layout.bits_stored
    if "VOILUTSequence" not in file.dataset:
        return sound  # counting takes time
    occurring: npt.NDArray[np.bool_] = sound & (count_patterns(picture.picture, stored.size) > 0)
    return occurring if occurring.any() else sound


def show_whole_range(file: DicomFile, layout: PixelLayout, patterns: Gray) -> Pixels | None:
    """Show all modality values that occur, whatever window or table the header names: for a viewer with its own.

    Returns
    -------
    ndarray of float32, shape (rows, columns), range [0, 1], or None
        0 is the least value that occurs and 1 the greatest, in MONOCHROME2 sense; padding is 0. None for palettes and
        colour, which are as displayed already, and for a picture of one value.
    """
    if layout.samples > 1 or layout.photometric_interpretation == "PALETTE COLOR":
        return None
    stored = stored_values(layout, file.syntax.encoding)
    picture = _patterns(file, layout, patterns, stored)
    values, _ = modality_values(file, stored)
    occurring = values[(count_patterns(picture.picture, values.size) > 0) & ~picture.padding]
    if occurring.size < 2 or not occurring.max() > occurring.min():
        return None
    shown = np.clip((values - occurring.min()) / (occurring.max() - occurring.min()), 0.0, 1.0)
    return _look_up(picture, shown, inverted=layout.photometric_interpretation == "MONOCHROME1")


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


def modality_values(file: DicomFile, stored: npt.NDArray[np.int64]) -> tuple[Values, float]:
    """Apply the Modality LUT (PS3.3 C.11.1): the table where there is one, else slope and intercept.

    Parameters
    ----------
    file : DicomFile
        A parsed header.
    stored : ndarray of int64, shape (n,)
        Stored values.

    Returns
    -------
    values : ndarray of float64, shape (n,)
        Modality values, finite.
    step : float
        From one modality value to the next, at most 1.

    Raises
    ------
    InvalidAttributeError
        No table, or a slope or an intercept that is no number, or values that are not finite.
    """
    inputs = stored.astype(np.float64)
    if items := list_items(file, "ModalityLUTSequence"):
        table = read_table(items[0], "LUTDescriptor", "LUTData", inputs, big_endian=file.syntax.big_endian)
        return table.apply(inputs), 1.0
    slope, intercept = single_real(file.dataset, "RescaleSlope"), single_real(file.dataset, "RescaleIntercept")
    slope = slope or 1.0  # 0 would leave nothing, and stands for a number that nobody has set
    values = inputs * slope + (intercept or 0.0)
    if not np.isfinite(values).all():
        raise InvalidAttributeError(f"{named('RescaleSlope')} and {named('RescaleIntercept')} give no finite values")
    return values, min(1.0, abs(slope))


def _palette_values(file: DicomFile, stored: npt.NDArray[np.int64]) -> Values:
    """Return the displayed values of a palette in gray (PS3.3 C.7.6.3.1.5)."""
    tables = []
    for color in _PALETTE:
        keyword = f"{color}PaletteColorLookupTable"
        try:
            inputs = stored.astype(np.float64)
            big_endian = file.syntax.big_endian
            table = read_table(file.dataset, f"{keyword}Descriptor", f"{keyword}Data", inputs, big_endian=big_endian)
        except InvalidAttributeError as error:
            raise ColorError(f"a palette that is not read: {error}") from None
        tables.append(table.apply(inputs) / table.white)
    if max(np.abs(tables[0] - other).max() for other in tables[1:]) > _GRAY_PALETTE_SHARE:
        raise ColorError("Photometric Interpretation (0028,0004) is PALETTE COLOR; a palette in gray is accepted")
    return tables[0]


def _look_up(picture: _Patterns, shown: Values, *, inverted: bool) -> Pixels:
    table = np.where(picture.padding, 0.0, 1.0 - shown if inverted else shown).astype(np.float32)
    if not np.isfinite(table).all():
        raise InvalidAttributeError(f"{named('RescaleSlope')} and {named('RescaleIntercept')} give no finite picture")
    return np.asarray(cv2.LUT(picture.picture, table.reshape(1, -1)))


def _shows_picture(pixels: Pixels, picture: _Patterns, shown: Values, least_contrast: float) -> bool:
    """Return whether a window or table leaves some contrast: not all is black, or white, or of nearly one gray."""
    sample = np.sort(pixels[::_SAMPLING, ::_SAMPLING], axis=None)
    tenth = sample.size // 10
    if sample[-1 - tenth] - sample[tenth] > least_contrast:
        return True  # a small part of nearly every picture is enough to see it
    order = np.argsort(shown, kind="stable")
    counts = np.where(picture.padding, 0.0, count_patterns(picture.picture, shown.size))
    cumulated = np.cumsum(counts[order])
    ends = np.searchsorted(cumulated, np.array([_FEW, 1.0 - _FEW]) * cumulated[-1])
    low, high = shown[order[np.minimum(ends, shown.size - 1)]]
    return bool(high - low > least_contrast)


def _unwindowed(picture: _Patterns, values: Values, layout: PixelLayout) -> Values:
    if layout.bits_stored == _DISPLAY_BITS:
        low, high = float(values.min()), float(values.max())
    else:
        low, high = robust_range(picture.picture, values, picture.padding)
    return np.asarray(np.clip((values - low) / (high - low), 0.0, 1.0))


def _patterns(file: DicomFile, layout: PixelLayout, patterns: Gray, stored: npt.NDArray[np.int64]) -> _Patterns:
    """Tell the picture from its padding; padding that covers all of it is none."""
    picture, padding = np.ascontiguousarray(patterns), _padding(file, stored, layout.signed)
    if padding.any() and not count_patterns(picture, stored.size)[~padding].any():
        padding = np.zeros(stored.shape, np.bool_)
    return _Patterns(picture, padding)


def _padding(file: DicomFile, stored: npt.NDArray[np.int64], signed: bool) -> npt.NDArray[np.bool_]:
    """Return which values are padding (PS3.3 C.7.5.1.1.2): Pixel Padding Value to Pixel Padding Range Limit."""
    try:
        limits = [whole_number(file.dataset, f"PixelPadding{end}") for end in ("Value", "RangeLimit")]
    except InvalidAttributeError:
        limits = [None]  # the picture is worth more than the colour of its border
    if limits[0] is None:
        return np.zeros(stored.shape, np.bool_)
    # some writers take the VR US although the pixels are signed
    ends = [value - 65536 if signed and value >= 32768 else value for value in limits if value is not None]
    return (min(ends) <= stored) & (stored <= max(ends))
