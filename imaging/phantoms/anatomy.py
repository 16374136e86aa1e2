"""The picture of a synthetic chest: drawn shapes, no patient's data, no model; pictures are float32 in [0, 1]."""

import numpy as np
import numpy.typing as npt

from imaging.opencv import cv2

Pixels = npt.NDArray[np.float32]

ROWS, COLUMNS = 640, 512  # a film's full size is reached by interpolation

_NOISE_TILE = 256
_MARK = "SYNTHETIC"


def draw_chest(seed: int, rows: int, columns: int) -> Pixels:
    """Draw a chest in posterior-anterior view, with "SYNTHETIC" burnt in.

    Parameters
    ----------
    seed : int
        Decides size, position and density of the parts and the noise.
    rows, columns : int
        Size in pixels, at least 16.

    Returns
    -------
    ndarray of float32, shape (rows, columns), range [0, 1]
        MONOCHROME2 sense.
    """
    generator = np.random.default_rng(seed)
    canvas = _draw_anatomy(generator)
    pixels = cv2.resize(canvas, (columns, rows), interpolation=cv2.INTER_LINEAR)
    pixels += _noise(generator, rows, columns)
    _burn_in(pixels)
    return np.asarray(cv2.max(cv2.min(pixels, 1.0), 0.0))


def draw_lungs(seed: int, rows: int, columns: int) -> Pixels:
    """Return where the lungs of `draw_chest` lie: float32 (rows, columns), 1 in the lungs, 0 outside, soft edges."""
    # The lungs are the first thing that is drawn from the seed.
    lungs = _lungs(np.random.default_rng(seed))
    return np.asarray(cv2.resize(lungs, (columns, rows), interpolation=cv2.INTER_LINEAR))


def _draw_anatomy(generator: np.random.Generator) -> Pixels:
    lungs = _lungs(generator)
    body = 0.62 * _blurred(_body(generator), 9) * (0.92 + 0.12 * _vertical_gradient())
    canvas = body * (1.0 - (0.62 + generator.uniform(-0.04, 0.04)) * lungs)
    canvas += 0.13 * _blurred(_ribs(generator), 1.6) * (0.35 + 0.65 * lungs)
    canvas += 0.10 * _blurred(_vessels(generator), 2.2) * lungs
    canvas = np.maximum(canvas, 0.60 * _blurred(_heart(generator), 6))
    canvas = np.maximum(canvas, 0.70 * _blurred(_spine(), 7))
    canvas -= 0.13 * _blurred(_trachea(), 3)
    canvas += 0.12 * _blurred(_clavicles(generator), 2)
    return np.asarray(canvas, np.float32)


def _vertical_gradient() -> Pixels:
    return np.linspace(0.0, 1.0, ROWS, dtype=np.float32)[:, None]


def _body(generator: np.random.Generator) -> Pixels:
    wide = generator.uniform(-0.02, 0.02)
    half = [(0.41, -0.1), (0.40, 0.06), (0.24, 0.12), (0.04 - wide, 0.20), (-0.1, 0.36), (0.04 - wide, 0.55)]
    half += [(0.07 - wide, 0.8), (0.06 - wide, 1.1)]
    return _fill(half + _mirrored(half)[::-1])


def _lungs(generator: np.random.Generator) -> Pixels:
    """Return the lungs, 0 to 1; the right one (left in the picture) stands higher over the liver."""
    low = generator.uniform(-0.025, 0.025)
    right = [(0.40, 0.13), (0.27, 0.16), (0.16, 0.34), (0.115, 0.60), (0.12, 0.785 + low), (0.20, 0.735 + low)]
    right += [(0.32, 0.715 + low), (0.425, 0.765 + low), (0.435, 0.55), (0.44, 0.32)]
    left = [(0.60, 0.13), (0.73, 0.16), (0.84, 0.34), (0.885, 0.60), (0.88, 0.81 + low), (0.80, 0.765 + low)]
    left += [(0.68, 0.755 + low), (0.60, 0.78 + low), (0.57, 0.55), (0.56, 0.32)]
    return _blurred(_fill(right, left), 4)


def _heart(generator: np.random.Generator) -> Pixels:
    mask = _blank()
    wide = generator.uniform(0.9, 1.12)
    _draw_ellipse(mask, (0.555, 0.645), (0.135 * wide, 0.125), 28)
    _draw_ellipse(mask, (0.465, 0.64), (0.065 * wide, 0.11), -8)
    _draw_ellipse(mask, (0.565, 0.335), (0.045, 0.045), 0)  # aortic knob
    return mask


def _spine() -> Pixels:
    mask = _fill([(0.455, -0.1), (0.545, -0.1), (0.55, 1.1), (0.45, 1.1)])
    for level in range(18):  # discs between the vertebrae
        y = int((0.03 + level * 0.055) * ROWS)
        cv2.line(mask, (int(0.455 * COLUMNS), y), (int(0.545 * COLUMNS), y), 0.8, 5)
    return mask


def _trachea() -> Pixels:
    mask = _fill([(0.482, -0.05), (0.518, -0.05), (0.518, 0.33), (0.482, 0.33)])
    for x in (0.42, 0.585):  # main bronchi
        cv2.line(mask, (COLUMNS // 2, int(0.32 * ROWS)), (int(x * COLUMNS), int(0.40 * ROWS)), 0.8, 11)
    return mask


def _ribs(generator: np.random.Generator) -> Pixels:
    mask = _blank()
    spacing = generator.uniform(0.066, 0.074)
    for rib in range(10):
        top = 0.10 + rib * spacing
        reach = 0.20 + 0.19 * np.sin(min(rib + 2, 8) / 8 * np.pi / 2)
        for side in (-1, 1):
            _draw_stroke(mask, _rib_course(top, reach, side, 0.11), 9)  # posterior, falling outwards
            if rib < 7:
                _draw_stroke(mask, _rib_course(top + 0.23, reach * 0.92, side, -0.10), 7)  # anterior, rising outwards
    return mask


def _rib_course(top: float, reach: float, side: int, fall: float) -> npt.NDArray[np.float64]:
    along = np.linspace(0.12 if fall > 0 else 0.38, 1.0, 24)
    x = 0.5 + side * reach * np.sin(along * np.pi / 2)
    y = top + fall * along**2 - 0.02 * np.sin(along * np.pi)
    return np.stack([x * COLUMNS, y * ROWS], axis=1)


def _clavicles(generator: np.random.Generator) -> Pixels:
    mask = _blank()
    rise = generator.uniform(0.02, 0.05)
    for side in (-1, 1):
        along = np.linspace(0.0, 1.0, 24)
        x = 0.5 + side * (0.05 + 0.36 * along)
        y = 0.185 - rise * along + 0.015 * np.sin(along * 2 * np.pi)
        _draw_stroke(mask, np.stack([x * COLUMNS, y * ROWS], axis=1), 13)
    return mask


def _vessels(generator: np.random.Generator) -> Pixels:
    """Return the branching markings that leave the hila."""
    mask = _blank()
    for side in (-1, 1):
        hilum = np.array([(0.5 + side * 0.085) * COLUMNS, 0.43 * ROWS])
        for angle in generator.uniform(-1.25, 1.25, 22):
            length = generator.uniform(40, 150)
            bend = generator.uniform(-0.35, 0.35)
            along = np.linspace(0.0, 1.0, 10)
            turned = angle + bend * along
            course = hilum + length * along[:, None] * np.stack([side * np.cos(turned), np.sin(turned)], axis=1)
            _draw_stroke(mask, course, int(generator.integers(2, 6)))
    return mask


def _noise(generator: np.random.Generator, rows: int, columns: int) -> Pixels:
    """Return quantum noise; one tile is repeated, which is a tenth of the time and looks the same."""
    tile = generator.standard_normal((_NOISE_TILE, _NOISE_TILE), np.float32) * np.float32(0.008)
    repeats = (-(-rows // _NOISE_TILE), -(-columns // _NOISE_TILE))
    return np.tile(tile, repeats)[:rows, :columns]


def _burn_in(pixels: Pixels) -> None:
    rows, columns = pixels.shape
    scale = columns / 420
    strip = np.zeros((max(1, round(rows * 0.06)), columns), np.uint8)  # OpenCV 5 writes text on 8 bits only
    place = (round(columns * 0.03), round(strip.shape[0] * 0.8))
    cv2.putText(strip, _MARK, place, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, max(1, round(scale * 2)), cv2.LINE_AA)
    for part in (pixels[: strip.shape[0]], pixels[-strip.shape[0] :]):
        np.maximum(part, strip / np.float32(255), out=part)


def _blank() -> Pixels:
    """Return an empty canvas."""
    return np.zeros((ROWS, COLUMNS), np.float32)


def _blurred(mask: Pixels, sigma: float) -> Pixels:
    """Return a canvas with soft edges; ``sigma`` in pixels."""
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), sigma))


def _fill(*outlines: list[tuple[float, float]]) -> Pixels:
    """Fill smooth closed outlines; points are (x, y) as shares of the canvas."""
    mask = _blank()
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


def _mirrored(outline: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the outline of the other side."""
    return [(1.0 - x, y) for x, y in outline]


def _draw_ellipse(mask: Pixels, center: tuple[float, float], axes: tuple[float, float], angle: float) -> None:
    """Fill an ellipse; centre and half axes are shares of the canvas, the angle is in degrees."""
    place = (int(center[0] * COLUMNS), int(center[1] * ROWS))
    cv2.ellipse(mask, place, (int(axes[0] * COLUMNS), int(axes[1] * ROWS)), angle, 0, 360, 1.0, -1)


def _draw_stroke(mask: Pixels, course: npt.NDArray[np.float64], width: int) -> None:
    """Draw a line through points (x, y) in pixels."""
    cv2.polylines(mask, [np.rint(course).astype(np.int32)], False, 1.0, width, cv2.LINE_AA)
