"""The lungs' frame: what of a film the classifier looks at.

A film's border, its marks, its aspect ratio and how much of neck and abdomen it shows give away the hospital, not
the disease. The classifier therefore sees a box round the lungs, stretched to a square, in which all but the lungs
and a rim round them is black. Both come from the lung probabilities of `inference.lungs`.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imaging.opencv import cv2

Pixels = npt.NDArray[np.float32]

LUNG_PROBABILITY = 0.5
MIN_PART = 0.1
MARGIN = 0.06
RIM = 1 / 24
"""How far round the lungs the film stays visible, as a share of the square's edge: what is dense at the lungs' border
often lies outside of the mask."""
BLUR = 1 / 64
"""Standard deviation of the rim's soft edge, as a share of the square's edge."""


class Box(NamedTuple):
    """Rows top to bottom and columns left to right of a film, in pixels, half open."""

    top: int
    bottom: int
    left: int
    right: int


def find_box(lungs: Pixels, margin: float = MARGIN) -> Box:
    """Return the box round the lungs with a margin, cut at the film's edge; the whole film where no lungs are.

    Parts smaller than a tenth of the largest one are not lungs but errors, and would stretch the box.

    Parameters
    ----------
    lungs : numpy.ndarray
        float32 (rows, columns) in [0, 1], lung probability.
    margin : float
        On each side, as a share of the lungs' height and width.
    """
    rows, columns = lungs.shape
    seen = (lungs >= LUNG_PROBABILITY).astype(np.uint8)
    # by default OpenCV takes another algorithm, which gives the same parts in twice the time
    _, _, parts, _ = cv2.connectedComponentsWithStatsWithAlgorithm(seen, 8, cv2.CV_32S, cv2.CCL_GRANA)
    parts = parts[1:]
    if not len(parts):
        return Box(0, rows, 0, columns)
    areas = parts[:, cv2.CC_STAT_AREA]
    kept = parts[areas >= MIN_PART * areas.max()]
    left, top = kept[:, cv2.CC_STAT_LEFT].min(), kept[:, cv2.CC_STAT_TOP].min()
    right = (kept[:, cv2.CC_STAT_LEFT] + kept[:, cv2.CC_STAT_WIDTH]).max()
    bottom = (kept[:, cv2.CC_STAT_TOP] + kept[:, cv2.CC_STAT_HEIGHT]).max()
    high, wide = margin * (bottom - top), margin * (right - left)
    return Box(
        max(0, round(top - high)),
        min(rows, round(bottom + high)),
        max(0, round(left - wide)),
        min(columns, round(right + wide)),
    )


def frame(pixels: Pixels, lungs: Pixels, size: int) -> Pixels:
    """Cut the box round the lungs out of a film, stretch it to a square and black out the rest: the classifier's input.

    Parameters
    ----------
    pixels : numpy.ndarray
        float32 (rows, columns) in [0, 1], a film.
    lungs : numpy.ndarray
        float32 (rows, columns) in [0, 1], lung probability on the same grid.
    size : int
        Edge of the square in pixels.

    Returns
    -------
    numpy.ndarray
        float32 (size, size) in [0, 1].
    """
    return frame_box(pixels, lungs, find_box(lungs), size)


def frame_box(pixels: Pixels, lungs: Pixels, box: Box, size: int) -> Pixels:
    """Do what `frame` does with a box that is already known."""
    return cut(pixels, box, size) * soften(cut(lungs, box, size))


def soften(lungs: Pixels, share: float = 1.0) -> Pixels:
    """Turn lung probabilities on the square into what stays visible: 1 in the lungs and their rim, 0 elsewhere.

    Parameters
    ----------
    lungs : numpy.ndarray
        float32 (size, size) in [0, 1].
    share : float
        The edge of the lungs' frame as a share of this square's, where the square holds more than the frame.

    Returns
    -------
    numpy.ndarray
        float32 (size, size) in [0, 1], soft at the edge, so that the edge itself shows as little as it can.
    """
    size = lungs.shape[0] * share
    seen = (lungs >= LUNG_PROBABILITY).astype(np.float32)
    reach = 2 * round(size * RIM) + 1
    widened = cv2.dilate(seen, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    return np.asarray(cv2.GaussianBlur(widened, (0, 0), size * BLUR), dtype=np.float32)


def cut(pixels: Pixels, box: Box, size: int) -> Pixels:
    """Return the part of a film in a box, stretched to a square, float32 (size, size) in [0, 1]."""
    return stretch(pixels[box.top : box.bottom, box.left : box.right], size)


def stretch(pixels: Pixels, size: int) -> Pixels:
    """Resize to a square, averaging on the way down and interpolating on the way up."""
    shrinks = min(pixels.shape) > size
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    resized = cv2.resize(pixels, (size, size), interpolation=interpolation)
    return np.asarray(np.clip(resized, 0.0, 1.0), dtype=np.float32)
