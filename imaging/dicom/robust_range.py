"""The range of a picture that no window describes."""

import numpy as np
import numpy.typing as npt

from imaging.opencv import cv2
from imaging.unsuitable import BlankError

_SHARES = np.array([0.005, 0.995])


def robust_range(
    patterns: npt.NDArray[np.uint8] | npt.NDArray[np.uint16],
    values: npt.NDArray[np.float64],
    excluded: npt.NDArray[np.bool_],
) -> tuple[float, float]:
    """Return the values between which nearly all pixels lie.

    Markers and collimator borders saturate; half a percent at either end keeps them from squeezing the lungs. From a
    histogram over all patterns: 2 ms for 2500 x 2048.

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
    histogram = cv2.calcHist([patterns], [0], None, [values.size], [0, values.size]).ravel().astype(np.float64)
    counts = np.where(excluded, 0.0, histogram)
    order = np.argsort(values, kind="stable")
    order = order[counts[order] > 0]
    if order.size == 0 or values[order[0]] == values[order[-1]]:
        raise BlankError("a picture of one gray value")
    cumulated = np.cumsum(counts[order])
    low, high = values[order[np.searchsorted(cumulated, _SHARES * cumulated[-1])]]
    if low == high:
        low, high = values[order[0]], values[order[-1]]
    return float(low), float(high)
