"""What DICOM, PNG and JPEG pictures have in common: how large they may be, and how their values become gray."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from imaging.errors import BlankError, ColorError, TooManyPixelsError, TooSmallError
from imaging.opencv import cv2

Gray = npt.NDArray[np.uint8 | np.uint16]

MIN_EDGE = 64
"""Of 14 COVID-19 films shrunk to 16 pixels the model called 7 `normal`: nothing in so few pixels shows a class."""

MAX_PICTURE_BYTES = 768 * 1024 * 1024
"""Memory for one picture while it is read: 134 megapixels of 16 bits, well within the 2 GiB of a reading process."""

_DISPLAYED_BYTES = 4  # a pixel, float32

_SHARES = np.array([0.005, 0.995])

_COLORED_FROM = 8  # of 256 levels: what lossy compression makes of gray stays below
_MAX_COLORED_SHARE = 0.01  # a coloured side marker is no coloured picture


def check_size(rows: int, columns: int, bytes_per_pixel: int) -> None:
    """Refuse pictures of fewer than 64 rows or columns, and those that take too much memory.

    Parameters
    ----------
    rows, columns : int
        Size in pixels.
    bytes_per_pixel : int
        What the decoder needs for a pixel; the displayed pixels come on top.

    Raises
    ------
    TooSmallError, TooManyPixelsError
        Outside these limits.
    """
    if rows < MIN_EDGE or columns < MIN_EDGE:
        raise TooSmallError(f"{rows} rows x {columns} columns; at least {MIN_EDGE} x {MIN_EDGE} pixels are accepted")
    needed = rows * columns * (bytes_per_pixel + _DISPLAYED_BYTES)
    if needed > MAX_PICTURE_BYTES:
        found = f"{rows} rows x {columns} columns take {needed >> 20} MiB of memory"
        raise TooManyPixelsError(f"{found}; at most {MAX_PICTURE_BYTES >> 20} MiB are accepted")


def robust_range(
    patterns: Gray, values: npt.NDArray[np.float64], excluded: npt.NDArray[np.bool_]
) -> tuple[float, float]:
    """Return the values between which nearly all pixels lie.

    Markers and collimator borders saturate; half a percent at either end keeps them from squeezing the lungs.

    Parameters
    ----------
    patterns : ndarray of uint8 or uint16, shape (rows, columns)
        The picture as indices into `values`.
    values : ndarray of float64, shape (n,)
        Value of each pattern.
    excluded : ndarray of bool, shape (n,)
        Patterns that are no part of the picture.

    Returns
    -------
    low, high : float
        The 0.5th and the 99.5th percentile; where these are the same, the least and the greatest value.

    Raises
    ------
    BlankError
        All pixels have one value.
    """
    counts = np.where(excluded, 0.0, count_patterns(patterns, values.size))
    order = np.argsort(values, kind="stable")
    order = order[counts[order] > 0]
    if order.size == 0 or values[order[0]] == values[order[-1]]:
        raise BlankError("a picture of one gray value")
    cumulated = np.cumsum(counts[order])
    low, high = values[order[np.searchsorted(cumulated, _SHARES * cumulated[-1])]]
    if low == high:
        low, high = values[order[0]], values[order[-1]]
    return float(low), float(high)


def count_patterns(patterns: Gray, kinds: int) -> npt.NDArray[np.float64]:
    """Count the pixels of each of `kinds` values: 2 ms for 2500 x 2048."""
    counts = cv2.calcHist([patterns], [0], None, [kinds], [0, kinds])
    return np.asarray(counts.ravel().astype(np.float64))


def take_gray(channels: Sequence[Gray], bits: int) -> Gray:
    """Return the gray values of a picture of three channels, whichever colour space they are in.

    A gray picture has three equal channels (RGB), or no chrominance (YBR: the last two are in the middle of their
    range); either way the first channel is its gray.

    Parameters
    ----------
    channels : sequence of three ndarrays of uint8 or uint16, shape (rows, columns)
        The picture.
    bits : int
        Bits of a sample.

    Raises
    ------
    ColorError
        More than 1 % of the pixels have a colour.
    """
    first, second, third = (np.ascontiguousarray(channel) for channel in channels)
    limit = _COLORED_FROM << max(0, bits - 8)
    middle = np.full_like(first, 1 << (bits - 1))
    as_rgb = _colored_share(second, first, third, first, limit)
    as_ybr = _colored_share(second, middle, third, middle, limit)
    share = min(as_rgb, as_ybr)
    if share > _MAX_COLORED_SHARE:
        raise ColorError(f"{share:.0%} of the pixels have a colour; pictures in gray are accepted")
    return first


def _colored_share(second: Gray, second_gray: Gray, third: Gray, third_gray: Gray, limit: int) -> float:
    differences = cv2.max(cv2.absdiff(second, second_gray), cv2.absdiff(third, third_gray))
    return float(np.count_nonzero(differences > limit) / differences.size)
