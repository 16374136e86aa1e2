"""Random changes to whole films: those that a frontal chest film survives, and those that make it another kind."""

import numpy as np
import numpy.typing as npt

from imaging.opencv import cv2

Bytes = npt.NDArray[np.uint8]

MAX_ROTATION_DEGREES = 15.0
MAX_ASPECT_FACTOR = 1.5
MAX_BORDER_CROP = 0.15
MAX_VISIBLE_WHEN_CUT = 0.4
MARKS = ("R", "L", "AP", "PA", "SUPINE", "12:30", "PORTABLE")


def place(film: Bytes, mask: Bytes, size: int, generator: np.random.Generator) -> tuple[Bytes, Bytes]:
    """Crop the borders, squeeze, turn, mirror and shrink a film at random; its lung mask goes with it.

    Films arrive cropped, squashed, padded and askew; and lungs are lungs on whichever side the heart is.

    Parameters
    ----------
    film, mask : numpy.ndarray
        uint8 (rows, columns), padded with black or not.
    size : int
        Rows and columns of the results.
    generator : numpy.random.Generator
        Source of the random numbers.
    """
    top, bottom, left, right = _crop(film, generator)
    film, mask = film[top:bottom, left:right], mask[top:bottom, left:right]
    matrix = _draw_matrix(film.shape, size, generator)
    ground = int(generator.integers(0, 256)) if generator.random() < 0.15 else 0
    placed = cv2.warpAffine(film, matrix, (size, size), flags=cv2.INTER_LINEAR, borderValue=ground)
    return np.asarray(placed), np.asarray(cv2.warpAffine(mask, matrix, (size, size), flags=cv2.INTER_LINEAR))


def find_content(film: Bytes) -> tuple[int, int, int, int]:
    """Return top, bottom, left and right of what is not black padding."""
    rows, columns = np.flatnonzero(film.max(axis=1)), np.flatnonzero(film.max(axis=0))
    if not rows.size:
        return 0, film.shape[0], 0, film.shape[1]
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _crop(film: Bytes, generator: np.random.Generator) -> tuple[int, int, int, int]:
    top, bottom, left, right = find_content(film)
    high, wide = bottom - top, right - left
    cut = generator.uniform(0, MAX_BORDER_CROP, 4) * (high, high, wide, wide) * (generator.random(4) < 0.5)
    top, left = int(top + cut[0]), int(left + cut[2])
    return top, max(int(bottom - cut[1]), top + 1), left, max(int(right - cut[3]), left + 1)


def _draw_matrix(shape: tuple[int, ...], size: int, generator: np.random.Generator) -> npt.NDArray[np.float64]:
    rows, columns = shape
    aspect = _draw_factor(MAX_ASPECT_FACTOR, generator) * columns / rows
    angle = np.deg2rad(generator.uniform(-MAX_ROTATION_DEGREES, MAX_ROTATION_DEGREES))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    share = 1.0 if generator.random() < 0.6 else generator.uniform(0.75, 1.0)
    linear = rotation @ np.diag([size / columns * min(1, aspect), size / rows * min(1, 1 / aspect)]) * share
    if generator.random() < 0.3:
        linear = linear @ np.diag([-1, 1])
    shift = generator.uniform(-0.5, 0.5, 2) * (1 - share) * size
    centre = np.array([columns - 1, rows - 1]) / 2
    return np.column_stack([linear, (size - 1) / 2 + shift - linear @ centre])


def invert(film: Bytes, generator: np.random.Generator) -> Bytes:
    """Exchange black and white, in half of the cases of what is not padding only."""
    if generator.random() < 0.5:
        return 255 - film
    top, bottom, left, right = find_content(film)
    inverted = np.zeros_like(film)
    inverted[top:bottom, left:right] = 255 - film[top:bottom, left:right]
    return inverted


def cut_off(film: Bytes, mask: Bytes, size: int, generator: np.random.Generator) -> Bytes | None:
    """Cut out a part that holds less than two fifths of the lungs; None if twenty tries find none."""
    rows, columns = film.shape
    for _ in range(20):
        share = generator.uniform(0.15, 0.5)
        high, wide = int(rows * share), min(int(columns * share * generator.uniform(0.6, 1.6)), columns - 1)
        top, left = int(generator.integers(0, rows - high)), int(generator.integers(0, columns - wide))
        part = (slice(top, top + high), slice(left, left + wide))
        visible = mask[part].sum(dtype=np.int64) / max(mask.sum(dtype=np.int64), 1)
        if visible < MAX_VISIBLE_WHEN_CUT and film[part].std() >= 8:
            return np.asarray(cv2.resize(film[part], (size, size), interpolation=cv2.INTER_AREA))
    return None


def retouch(film: Bytes, generator: np.random.Generator) -> Bytes:
    """Change tone, sharpness, noise and shading and burn marks in, each in some of the cases."""
    film = _tone(film, generator)
    size = film.shape[0]
    if generator.random() < 0.15:
        film = cv2.createCLAHE(float(generator.uniform(1, 4)), (4, 4)).apply(film)
    if generator.random() < 0.1:
        film = cv2.equalizeHist(film)
    if generator.random() < 0.3:
        smaller = (int(generator.integers(size // 3, size)),) * 2
        film = cv2.resize(cv2.resize(film, smaller, interpolation=cv2.INTER_AREA), (size, size))
    if generator.random() < 0.2:
        film = _add(film, generator.normal(0, generator.uniform(2, 10), film.shape))
    if generator.random() < 0.2:
        film = _add(film, cv2.resize(generator.uniform(-40, 40, (3, 3)), (size, size)))
    return _burn_in(film, generator) if generator.random() < 0.3 else film


def _tone(film: Bytes, generator: np.random.Generator) -> Bytes:
    curve = np.linspace(0, 1, 256) ** _draw_factor(1.8, generator)
    curve = (curve - 0.5) * _draw_factor(1.5, generator) + 0.5 + generator.uniform(-0.15, 0.15)
    return np.asarray(np.rint(np.clip(curve, 0, 1) * 255).astype(np.uint8)[film])


def _add(film: Bytes, change: npt.NDArray[np.float64]) -> Bytes:
    return np.clip(film + change, 0, 255).astype(np.uint8)


def _burn_in(film: Bytes, generator: np.random.Generator) -> Bytes:
    marked, size = film.copy(), film.shape[0]
    for _ in range(generator.integers(1, 4)):
        corner = (int(generator.integers(0, size - 10)), int(generator.integers(8, size)))
        bright = int(generator.integers(120, 256))
        cv2.putText(marked, str(generator.choice(MARKS)), corner, 0, float(generator.uniform(0.25, 0.8)), bright, 1)
    return marked


def _draw_factor(limit: float, generator: np.random.Generator) -> float:
    """Draw a factor between 1 / limit and limit, doubling as likely as halving."""
    return float(np.exp(generator.uniform(-np.log(limit), np.log(limit))))
