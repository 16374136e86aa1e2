"""Random changes to training radiographs, each for a reason.

Class and source are entangled in every public collection, so what betrays a source must not help: how the film was
cropped, its resolution, its JPEG quality, its tone curve, its marks. No horizontal flip: the heart is on one side.
"""

import numpy as np
import numpy.typing as npt

from imaging.opencv import cv2

MAX_ROTATION_DEGREES = 12.0
MAX_SHIFT = 0.10
MIN_DEGRADED_SIZE = 48
JPEG_QUALITIES = (15, 90)
MAX_GAMMA_FACTOR = 1.5
MAX_CONTRAST_FACTOR = 1.3
MAX_BRIGHTNESS = 0.1


def augment(
    context: npt.NDArray[np.uint8], box: npt.NDArray[np.float32], size: int, generator: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Draw a model input from a radiograph at random.

    Parameters
    ----------
    context : numpy.ndarray
        uint8 (rows, columns), the lungs and what is round them.
    box : numpy.ndarray
        float32 (4,): top, bottom, left and right of the lungs' frame, as shares of `context`.
    size : int
        Rows and columns of the result in pixels.
    generator : numpy.random.Generator
        Source of the random numbers.

    Returns
    -------
    numpy.ndarray
        float32 (size, size) in [0, 1].
    """
    film = tone(frame_askew(context, box, size, generator), generator)
    return degrade(film, generator).astype(np.float32) / 255.0


def frame_askew(
    context: npt.NDArray[np.uint8], box: npt.NDArray[np.float32], size: int, generator: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """Cut the frame out with each side moved by up to a tenth, turned by up to 12 degrees.

    The lung finder errs, patients lie askew, and each side moving by itself changes the aspect ratio too: one source
    of public films is squashed to a square, others are not.
    """
    top, bottom, left, right = box * np.repeat(context.shape, 2)
    moved = generator.uniform(-MAX_SHIFT, MAX_SHIFT, 4) * (bottom - top, bottom - top, right - left, right - left)
    top, bottom, left, right = np.array([top, bottom, left, right]) + moved
    angle = np.deg2rad(generator.uniform(-MAX_ROTATION_DEGREES, MAX_ROTATION_DEGREES))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = np.diag([(right - left) / size, (bottom - top) / size]) @ rotation
    centre = np.array([left + right, top + bottom]) / 2.0
    matrix = np.column_stack([linear, centre - linear @ np.full(2, (size - 1) / 2.0)])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    view = cv2.warpAffine(context, matrix, (size, size), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(view, dtype=np.uint8)


def tone(pixels: npt.NDArray[np.uint8], generator: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Change gamma, contrast and brightness: detectors and windowing differ by hospital and by maker."""
    curve = np.linspace(0.0, 1.0, 256) ** _draw_factor(MAX_GAMMA_FACTOR, generator)
    contrast = _draw_factor(MAX_CONTRAST_FACTOR, generator)
    brightness = generator.uniform(-MAX_BRIGHTNESS, MAX_BRIGHTNESS)
    toned = np.clip((curve - 0.5) * contrast + 0.5 + brightness, 0.0, 1.0)
    return np.rint(toned * 255.0).astype(np.uint8)[pixels]


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
