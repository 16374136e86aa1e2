"""Random changes to training radiographs, each for a reason.

Class and source are entangled in every public collection, so what betrays a source must not help: its aspect ratio,
its borders, its resolution, its JPEG quality, its tone curve. No horizontal flip: the heart is on one side.
"""

import numpy as np
import numpy.typing as npt

from imaging.opencv import cv2

MAX_ROTATION_DEGREES = 15.0
MAX_ASPECT_FACTOR = 1.35
MAX_BORDER_CROP = 0.15
MIN_DEGRADED_SIZE = 64
JPEG_QUALITIES = (15, 90)
MAX_GAMMA_FACTOR = 1.5
MAX_CONTRAST_FACTOR = 1.3
MAX_BRIGHTNESS = 0.1


def augment(pixels: npt.NDArray[np.uint8], size: int, generator: np.random.Generator) -> npt.NDArray[np.float32]:
    """Change a normalised radiograph at random.

    Parameters
    ----------
    pixels : numpy.ndarray
        uint8 (rows, columns), the output of `imaging.normalize` times 255, best somewhat larger than `size`.
    size : int
        Rows and columns of the result in pixels.
    generator : numpy.random.Generator
        Source of the random numbers.

    Returns
    -------
    numpy.ndarray
        float32 (size, size) in [0, 1].
    """
    top, bottom, left, right = crop_borders(pixels, generator)
    film = tone(pixels[top:bottom, left:right], generator)
    return degrade(place(film, size, generator), generator).astype(np.float32) / 255.0


def crop_borders(pixels: npt.NDArray[np.uint8], generator: np.random.Generator) -> tuple[int, int, int, int]:
    """Return top, bottom, left and right of a random crop of what is not black padding.

    Collimation, black margins and burnt-in marks differ by hospital.
    """
    rows = np.flatnonzero(pixels.max(axis=1) > 0)
    columns = np.flatnonzero(pixels.max(axis=0) > 0)
    if not rows.size:
        return 0, pixels.shape[0], 0, pixels.shape[1]
    height, width = rows[-1] + 1 - rows[0], columns[-1] + 1 - columns[0]
    cut = generator.uniform(0.0, MAX_BORDER_CROP, 4) * (height, height, width, width)
    top, left = int(rows[0] + cut[0]), int(columns[0] + cut[2])
    bottom, right = int(rows[-1] + 1 - cut[1]), int(columns[-1] + 1 - cut[3])
    return top, max(bottom, top + 1), left, max(right, left + 1)


def tone(pixels: npt.NDArray[np.uint8], generator: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Change gamma, contrast and brightness: detectors and windowing differ by hospital and by maker."""
    curve = np.linspace(0.0, 1.0, 256) ** _draw_factor(MAX_GAMMA_FACTOR, generator)
    contrast = _draw_factor(MAX_CONTRAST_FACTOR, generator)
    brightness = generator.uniform(-MAX_BRIGHTNESS, MAX_BRIGHTNESS)
    toned = np.clip((curve - 0.5) * contrast + 0.5 + brightness, 0.0, 1.0)
    return np.rint(toned * 255.0).astype(np.uint8)[pixels]


def place(film: npt.NDArray[np.uint8], size: int, generator: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Change the aspect ratio, rotate, and fit the film into a square on black, as `normalize` does.

    Aspect jitter: one source is squashed to a square and others are padded; afterwards padding says nothing.
    Rotation: patients lie askew.
    """
    height, width = film.shape
    aspect = _draw_factor(MAX_ASPECT_FACTOR, generator) * width / height
    angle = np.deg2rad(generator.uniform(-MAX_ROTATION_DEGREES, MAX_ROTATION_DEGREES))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = rotation @ np.diag([size / width * min(1.0, aspect), size / height * min(1.0, 1.0 / aspect)])
    centre = np.array([width - 1, height - 1]) / 2.0
    matrix = np.column_stack([linear, (size - 1) / 2.0 - linear @ centre])
    return np.asarray(cv2.warpAffine(film, matrix, (size, size), flags=cv2.INTER_LINEAR), dtype=np.uint8)


def degrade(pixels: npt.NDArray[np.uint8], generator: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Lose resolution, then quality, each in half of the cases: both tell the source of a public film apart."""
    size = pixels.shape[0]
    degraded = pixels
    if generator.random() < 0.5:
        smaller = int(generator.integers(min(MIN_DEGRADED_SIZE, size), size + 1))
        degraded = _blur(degraded, smaller)
    if generator.random() < 0.5:
        degraded = _compress(degraded, int(generator.integers(JPEG_QUALITIES[0], JPEG_QUALITIES[1] + 1)))
    return degraded


def _blur(pixels: npt.NDArray[np.uint8], smaller: int) -> npt.NDArray[np.uint8]:
    size = pixels.shape[0]
    small = cv2.resize(pixels, (smaller, smaller), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (size, size), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def _compress(pixels: npt.NDArray[np.uint8], quality: int) -> npt.NDArray[np.uint8]:
    _, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


def _draw_factor(limit: float, generator: np.random.Generator) -> float:
    """Draw a factor between 1 / limit and limit, doubling as likely as halving."""
    return float(np.exp(generator.uniform(-np.log(limit), np.log(limit))))
