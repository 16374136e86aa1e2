"""Films without their lungs, for the audit that asks whether a model needs them."""

import numpy as np
import numpy.typing as npt

from imaging.opencv import cv2
from inference.framing import LUNG_PROBABILITY, MIN_PART, Box

Pixels = npt.NDArray[np.float32]

DILATION = 0.02
"""How far the lungs' hull is widened, as a share of the film's longer side: a lung's outline belongs to it."""

BORDER = 0.125
"""Depth of the border on each side, as a share of the film's height and width."""

COARSE = 128
SURROUNDINGS = 10.0
"""Standard deviation in pixels of the surroundings' blur, on a film of `COARSE` pixels."""


def find_lung_hull(lungs: Pixels) -> npt.NDArray[np.bool_]:
    """Return where the lungs are, generously: the convex hull of each part, dilated.

    The hull takes in what dense disease hides from a lung finder and smooths the outline, which else would tell a
    child's lungs from an adult's.

    Parameters
    ----------
    lungs : numpy.ndarray
        float32 (rows, columns) in [0, 1], lung probability.

    Returns
    -------
    numpy.ndarray
        bool (rows, columns).
    """
    seen = (lungs >= LUNG_PROBABILITY).astype(np.uint8)
    outlines, _ = cv2.findContours(seen, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    areas = [cv2.contourArea(outline) for outline in outlines]
    hull = np.zeros_like(seen)
    for outline, area in zip(outlines, areas, strict=True):
        if area >= MIN_PART * max(areas):
            cv2.fillConvexPoly(hull, cv2.convexHull(outline), 1)
    reach = 2 * round(DILATION * max(lungs.shape)) + 1
    return np.asarray(cv2.dilate(hull, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))) > 0)


def remove_lungs(film: Pixels, lungs: Pixels) -> Pixels:
    """Replace the lungs by their blurred surroundings, so that neither they nor a hard edge round them are left.

    Parameters
    ----------
    film : numpy.ndarray
        float32 (rows, columns) in [0, 1].
    lungs : numpy.ndarray
        float32 (rows, columns) in [0, 1], lung probability on the same grid.
    """
    hull = find_lung_hull(lungs)
    return np.asarray(np.where(hull, _blur_surroundings(film, hull), film), dtype=np.float32)


def keep_border(film: Pixels, lungs: Pixels, content: Box) -> Pixels:
    """Keep only the outer eighth of a film, less any lung in it; the rest becomes the mean of what is kept.

    Parameters
    ----------
    film : numpy.ndarray
        float32 (rows, columns) in [0, 1].
    lungs : numpy.ndarray
        float32 (rows, columns) in [0, 1], lung probability on the same grid.
    content : Box
        Where the film itself lies, without padding.
    """
    down, across = round(BORDER * (content.bottom - content.top)), round(BORDER * (content.right - content.left))
    kept = np.zeros(film.shape, dtype=np.bool_)
    kept[content.top : content.bottom, content.left : content.right] = True
    kept[content.top + down : content.bottom - down, content.left + across : content.right - across] = False
    kept &= ~find_lung_hull(lungs)
    mean = np.float32(film[kept].mean() if kept.any() else film.mean())
    return np.asarray(np.where(kept, film, mean), dtype=np.float32)


def _blur_surroundings(film: Pixels, hole: npt.NDArray[np.bool_]) -> Pixels:
    """Return the mean of the pixels around the hole, the nearer the more (normalised convolution)."""
    known = cv2.resize((~hole).astype(np.float32), (COARSE, COARSE), interpolation=cv2.INTER_AREA)
    values = cv2.resize(np.where(hole, np.float32(0), film), (COARSE, COARSE), interpolation=cv2.INTER_AREA)
    share = cv2.GaussianBlur(known, (0, 0), SURROUNDINGS)
    blurred = cv2.GaussianBlur(values, (0, 0), SURROUNDINGS) / np.maximum(share, 1e-6)
    rows, columns = film.shape
    filled = cv2.resize(blurred, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(filled, 0.0, 1.0), dtype=np.float32)
