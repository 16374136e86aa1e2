"""The one way from a radiograph's pixels to model input, for training and for serving."""

import numpy as np
import numpy.typing as npt

from imaging.opencv import cv2


def normalize(pixels: npt.NDArray[np.float32], size: int) -> npt.NDArray[np.float32]:
    """Fit a radiograph into a square, aspect ratio kept, centred, padded with black.

    Pixels are averaged over their area on the way down (no aliasing) and interpolated linearly on the way up. Large
    pictures are halved first: 1.4 ms instead of 10.6 ms for 2500 x 2048, and 0.0005 apart on a real film in the mean.

    Parameters
    ----------
    pixels : ndarray of float32, shape (rows, columns), range [0, 1]
        A radiograph's pixels; not changed.
    size : int
        Edge of the square, pixels, at least 1.

    Returns
    -------
    ndarray of float32, shape (size, size), range [0, 1]
        The picture on black (0).
    """
    rows, columns = _fitted(pixels.shape[0], pixels.shape[1], size)
    halved = _halve(pixels, rows, columns)
    shrinks = rows < halved.shape[0] or columns < halved.shape[1]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    fitted = cv2.resize(halved, (columns, rows), interpolation=interpolation)
    square = np.zeros((size, size), np.float32)
    top, left = (size - rows) // 2, (size - columns) // 2
    np.clip(fitted, 0.0, 1.0, out=square[top : top + rows, left : left + columns])
    return square


def _fitted(rows: int, columns: int, size: int) -> tuple[int, int]:
    longest = max(rows, columns)
    return max(1, round(rows * size / longest)), max(1, round(columns * size / longest))


def _halve(pixels: npt.NDArray[np.float32], rows: int, columns: int) -> npt.NDArray[np.float32]:
    """Halve while at least twice the wanted size is left, so that the last step still averages."""
    while pixels.shape[0] >= 4 * rows and pixels.shape[1] >= 4 * columns:
        odd = pixels.shape[0] % 2 or pixels.shape[1] % 2
        # area averaging has a fast path for exactly 2 : 1 only; just beyond it, linear interpolation averages two
        interpolation = cv2.INTER_LINEAR if odd else cv2.INTER_AREA
        pixels = cv2.resize(pixels, (pixels.shape[1] // 2, pixels.shape[0] // 2), interpolation=interpolation)
    return pixels
