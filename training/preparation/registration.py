"""Whether two films that look alike are the same one.

The films are registered (enhanced correlation coefficient, affine: Evangelidis and Psarakis, IEEE PAMI 30 (2008) 1858),
then the fine structure of their thumbnails, ribs and vessels rather than the shape that all chests share, is correlated
in each neighbourhood. The median over the neighbourhoods is little moved by an arrow, a letter or a changed window.
"""

import numpy as np
import numpy.typing as npt

from imaging.opencv import cv2
from training.preparation.fingerprint import SIZE, Thumbnail
from training.preparation.neighbours import Variant

SAME_FILM = 0.8
"""Least median correlation. Measured on 1,236 films: different patients reach 0.59, films of one patient from different
days 0.76; of copies 97 % or more are above it (resized, JPEG quality 20, gamma 0.6 to 1.6, windowed, padded, cropped by
5 %, mirrored), 85 % to 93 % when cropped by 10 %, equalised or turned by 3 degrees, 81 % with an arrow and letters."""

Picture = npt.NDArray[np.float32]

_ALIGNED_SIZE = 64
_ITERATIONS, _ENOUGH = 15, 1e-3
_SMALLEST_OVERLAP = 0.6
_LARGEST_CHANGE_OF_AREA = 0.35
_FINE, _COARSE, _NEIGHBOURHOOD = 0.7, 2.5, 6.0  # standard deviations, thumbnail pixels


def correlate_films(film: Thumbnail, other: Thumbnail, variant: Variant) -> float:
    """Return how far a film's fine structure agrees with another's.

    Parameters
    ----------
    film, other : ndarray of uint8, shape (SIZE, SIZE)
        Thumbnails.
    variant : Variant
        The part of `film` which looks like the whole of `other`.

    Returns
    -------
    float
        Median local correlation in [-1, 1]; -1 if the films cannot be registered.
    """
    part, whole = _to_picture(variant.take(film)), _to_picture(other)
    warp = _register(part, whole)
    if warp is None:
        return -1.0
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpAffine(part, warp, (SIZE, SIZE), flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=-1.0)
    inside = cv2.erode((warped >= 0).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    if inside.mean() < _SMALLEST_OVERLAP:
        return -1.0
    local = _correlate_locally(_fine_structure(whole), _fine_structure(np.where(warped >= 0, warped, whole)))
    return float(np.median(local[inside]))


def _to_picture(thumbnail: Thumbnail) -> Picture:
    return thumbnail.astype(np.float32) / np.float32(255)


def _register(part: Picture, whole: Picture) -> Picture | None:
    """Return the affine map from `whole` to `part`, float32 (2, 3), or None."""
    size = (_ALIGNED_SIZE, _ALIGNED_SIZE)
    small, template = (cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (part, whole))
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _ITERATIONS, _ENOUGH)
    try:
        _, warp = cv2.findTransformECC(
            template, small, np.eye(2, 3, dtype=np.float32), cv2.MOTION_AFFINE, criteria, None, 3
        )
    except cv2.error:  # it does not converge: nothing in common
        return None
    linear = warp[:, :2]
    if abs(np.linalg.det(linear) - 1.0) > _LARGEST_CHANGE_OF_AREA:
        return None
    # pixel centres: position x at the small size is scale * x + (scale - 1) / 2 at the thumbnail's
    scale = SIZE / _ALIGNED_SIZE
    offset = scale * warp[:, 2:] + (scale - 1.0) / 2.0 * (1.0 - linear.sum(axis=1, keepdims=True))
    return np.hstack([linear, offset]).astype(np.float32)


def _fine_structure(picture: Picture) -> Picture:
    return _blur(picture, _FINE) - _blur(picture, _COARSE)


def _correlate_locally(first: Picture, second: Picture) -> Picture:
    power = _blur(first * first, _NEIGHBOURHOOD) * _blur(second * second, _NEIGHBOURHOOD)
    agreement: Picture = _blur(first * second, _NEIGHBOURHOOD) / np.sqrt(power + np.float32(1e-9))
    return agreement


def _blur(picture: Picture, standard_deviation: float) -> Picture:
    blurred: Picture = cv2.GaussianBlur(picture, (0, 0), standard_deviation)
    return blurred
