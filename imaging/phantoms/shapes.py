"""The canvas of the synthetic chest, and the shapes that are drawn on it; all are float32 in [0, 1]."""

import numpy as np
import numpy.typing as npt

from imaging.opencv import cv2

Pixels = npt.NDArray[np.float32]

ROWS, COLUMNS = 640, 512  # a film's full size is reached by interpolation


def blank() -> Pixels:
    """Return an empty canvas."""
    return np.zeros((ROWS, COLUMNS), np.float32)


def blurred(mask: Pixels, sigma: float) -> Pixels:
    """Return a canvas with soft edges; ``sigma`` in pixels."""
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), sigma))


def fill(*outlines: list[tuple[float, float]]) -> Pixels:
    """Fill smooth closed outlines; points are (x, y) as shares of the canvas."""
    mask = blank()
    for outline in outlines:
        points = np.array([(x * COLUMNS, y * ROWS) for x, y in outline])
        cv2.fillPoly(mask, [_smooth(points).astype(np.int32)], 1.0)
    return mask


def _smooth(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Cut the corners of a closed outline three times (Chaikin 1974)."""
    for _ in range(3):
        following = np.roll(points, -1, axis=0)
        points = np.stack([0.75 * points + 0.25 * following, 0.25 * points + 0.75 * following], axis=1).reshape(-1, 2)
    return points


def mirrored(outline: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the outline of the other side."""
    return [(1.0 - x, y) for x, y in outline]


def draw_ellipse(mask: Pixels, center: tuple[float, float], axes: tuple[float, float], angle: float) -> None:
    """Fill an ellipse; centre and half axes are shares of the canvas, the angle is in degrees."""
    place = (int(center[0] * COLUMNS), int(center[1] * ROWS))
    cv2.ellipse(mask, place, (int(axes[0] * COLUMNS), int(axes[1] * ROWS)), angle, 0, 360, 1.0, -1)


def draw_stroke(mask: Pixels, course: npt.NDArray[np.float64], width: int) -> None:
    """Draw a line through points (x, y) in pixels."""
    cv2.polylines(mask, [np.rint(course).astype(np.int32)], False, 1.0, width, cv2.LINE_AA)
