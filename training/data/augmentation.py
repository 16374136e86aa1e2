"""Random changes to training radiographs, each for a reason.

Class and source are entangled in every public collection, so what betrays a source must not help: how the film was
cropped, its resolution, its JPEG quality, its noise, its tone and its haze, its marks. So a view may also take tone and
haze from another film, most often of another hospital. No horizontal flip: the heart is on one side.
"""

import numpy as np
import numpy.typing as npt

from imaging.opencv import cv2
from inference.framing import BLUR, RIM

Bytes = npt.NDArray[np.uint8]

MAX_ROTATION_DEGREES = 12.0
MAX_SHIFT = 0.10
MIN_DEGRADED_SIZE = 48
JPEG_QUALITIES = (15, 90)
MAX_GAMMA_FACTOR = 1.5
MAX_CONTRAST_FACTOR = 1.3
MAX_BRIGHTNESS = 0.1
BORROW_SHARE = 0.3
MAX_LOW_FREQUENCIES = 0.06
MAX_NOISE = 12.0
MAX_CLIP_LIMIT = 4.0
SHOWN = 0.5
EMPTY_GRAYS = (25.0, 230.0)


def augment(
    context: Bytes,
    visible: Bytes,
    box: npt.NDArray[np.float32],
    size: int,
    generator: np.random.Generator,
    style: Bytes | None = None,
    *,
    is_empty: bool = False,
) -> npt.NDArray[np.float32]:
    """Draw a model input from a radiograph at random.

    Parameters
    ----------
    context : numpy.ndarray
        uint8 (rows, columns), the lungs and what is round them.
    visible : numpy.ndarray
        uint8 (rows, columns): 255 where the model may look (`inference.framing.soften`).
    box : numpy.ndarray
        float32 (4,): top, bottom, left and right of the lungs' frame, as shares of `context`.
    size : int
        Rows and columns of the result in pixels.
    generator : numpy.random.Generator
        Source of the random numbers.
    style : numpy.ndarray, optional
        uint8, another film's `context`, from which tone and haze may be taken.
    is_empty : bool
        Whether the lungs are filled with one gray.

    Returns
    -------
    numpy.ndarray
        float32 (size, size) in [0, 1].
    """
    matrix = draw_frame(context.shape, box, size, generator)
    film = tone(warp(context, matrix, size), generator)
    if style is not None:
        film = borrow(film, cv2.resize(style, (size, size), interpolation=cv2.INTER_AREA), generator)
    film = spoil(degrade(film, generator), generator)
    shown = warp(visible, matrix, size).astype(np.float32) / 255.0
    if is_empty:
        film = empty(film, shown, generator)
    return np.asarray(film.astype(np.float32) / 255.0 * shown, dtype=np.float32)


def draw_frame(
    shape: tuple[int, ...], box: npt.NDArray[np.float32], size: int, generator: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Return the affine map, (2, 3), from a view to the context: each side moved by up to a tenth, turned a little.

    The lung finder errs, patients lie askew, and each side moving by itself changes the aspect ratio too: one source
    of public films is squashed to a square, others are not.
    """
    top, bottom, left, right = box * np.repeat(shape, 2)
    moved = generator.uniform(-MAX_SHIFT, MAX_SHIFT, 4) * (bottom - top, bottom - top, right - left, right - left)
    top, bottom, left, right = np.array([top, bottom, left, right]) + moved
    angle = np.deg2rad(generator.uniform(-MAX_ROTATION_DEGREES, MAX_ROTATION_DEGREES))
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = np.diag([(right - left) / size, (bottom - top) / size]) @ rotation
    centre = np.array([left + right, top + bottom]) / 2.0
    return np.column_stack([linear, centre - linear @ np.full(2, (size - 1) / 2.0)])


def warp(picture: Bytes, matrix: npt.NDArray[np.float64], size: int) -> Bytes:
    """Draw the view of a picture that `draw_frame` chose."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    view = cv2.warpAffine(picture, matrix, (size, size), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(view, dtype=np.uint8)


def tone(pixels: Bytes, generator: np.random.Generator) -> Bytes:
    """Change gamma, contrast and brightness: detectors and windowing differ by hospital and by maker."""
    curve = np.linspace(0.0, 1.0, 256) ** _draw_factor(MAX_GAMMA_FACTOR, generator)
    contrast = _draw_factor(MAX_CONTRAST_FACTOR, generator)
    brightness = generator.uniform(-MAX_BRIGHTNESS, MAX_BRIGHTNESS)
    toned = np.clip((curve - 0.5) * contrast + 0.5 + brightness, 0.0, 1.0)
    return np.rint(toned * 255.0).astype(np.uint8)[pixels]


def borrow(film: Bytes, style: Bytes, generator: np.random.Generator) -> Bytes:
    """Take another film's tone, then its haze, each in some of the cases and to a random degree.

    Tone: its histogram. Haze: the amplitudes of its lowest spatial frequencies, while the phases, which hold the
    anatomy, stay (Fourier domain adaptation, Yang and Soatto, CVPR 2020).
    """
    if generator.random() < BORROW_SHARE:
        film = _match_histogram(film, style, generator.uniform())
    if generator.random() < BORROW_SHARE:
        film = _match_amplitudes(film, style, generator.uniform(0.01, MAX_LOW_FREQUENCIES), generator.uniform())
    return film


def _match_histogram(film: Bytes, style: Bytes, degree: float) -> Bytes:
    own, other = (np.bincount(each.ravel(), minlength=256).cumsum() / each.size for each in (film, style))
    levels = np.arange(256)
    curve = degree * np.interp(own, other, levels) + (1 - degree) * levels
    return np.asarray(curve.astype(np.uint8)[film])


def _match_amplitudes(film: Bytes, style: Bytes, share: float, degree: float) -> Bytes:
    own, other = (np.fft.rfft2(each.astype(np.float32)) for each in (film, style))
    amplitudes = np.abs(own)
    phases = own / np.maximum(amplitudes, 1e-6)
    reach = max(1, int(film.shape[0] * share))
    for rows in (slice(0, reach + 1), slice(-reach, None)):
        low = (rows, slice(0, reach + 1))
        amplitudes[low] = (1 - degree) * amplitudes[low] + degree * np.abs(other[low])
    hazy = np.fft.irfft2(amplitudes * phases, s=film.shape)
    return np.asarray(np.clip(hazy, 0, 255), dtype=np.uint8)


def degrade(pixels: Bytes, generator: np.random.Generator) -> Bytes:
    """Lose resolution, then quality, each in half of the cases: both tell the source of a public film apart."""
    size = pixels.shape[0]
    degraded = pixels
    if generator.random() < 0.5:
        smaller = int(generator.integers(min(MIN_DEGRADED_SIZE, size), size + 1))
        degraded = _blur(degraded, smaller)
    if generator.random() < 0.5:
        degraded = _compress(degraded, int(generator.integers(JPEG_QUALITIES[0], JPEG_QUALITIES[1] + 1)))
    return degraded


def spoil(film: Bytes, generator: np.random.Generator) -> Bytes:
    """Add noise, sharpen, equalise and cover a patch, each in some of the cases.

    Detectors differ in noise, and makers in how they sharpen and flatten what they show. A covered patch stands for
    marks and devices, and keeps an answer from hanging on one spot (Zhong et al., AAAI 2020).
    """
    if generator.random() < 0.3:
        film = _to_bytes(film + generator.normal(0.0, generator.uniform(2.0, MAX_NOISE), film.shape))
    if generator.random() < 0.2:
        film = _to_bytes(2.0 * film - cv2.GaussianBlur(film.astype(np.float32), (0, 0), 2.0))
    if generator.random() < 0.2:
        film = cv2.createCLAHE(float(generator.uniform(1.0, MAX_CLIP_LIMIT)), (4, 4)).apply(film)
    if generator.random() < 0.3:
        film = _cover(film, generator)
    return film


def empty(film: Bytes, shown: npt.NDArray[np.floating], generator: np.random.Generator) -> Bytes:
    """Fill the lungs with one gray, and at times the rim round them too, so that little but their outline is left."""
    size = film.shape[0]
    filled = cv2.erode((shown >= SHOWN).astype(np.float32), _draw_disc(int(generator.integers(round(size * RIM) + 1))))
    share = cv2.GaussianBlur(filled, (0, 0), size * BLUR)
    return _to_bytes(film + share * (generator.uniform(*EMPTY_GRAYS) - film))


def _draw_disc(radius: int) -> Bytes:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), dtype=np.uint8)


def _cover(film: Bytes, generator: np.random.Generator) -> Bytes:
    covered, size = film.copy(), film.shape[0]
    top, left = generator.integers(0, size, 2)
    high, wide = generator.integers(size // 10, size // 3, 2)
    covered[top : top + high, left : left + wide] = generator.integers(0, 256)
    return covered


def _to_bytes(pixels: npt.NDArray[np.floating]) -> Bytes:
    return np.asarray(np.clip(pixels, 0, 255), dtype=np.uint8)


def _blur(pixels: Bytes, smaller: int) -> Bytes:
    size = pixels.shape[0]
    small = cv2.resize(pixels, (smaller, smaller), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (size, size), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def _compress(pixels: Bytes, quality: int) -> Bytes:
    _, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


def _draw_factor(limit: float, generator: np.random.Generator) -> float:
    """Draw a factor between 1 / limit and limit, doubling as likely as halving."""
    return float(np.exp(generator.uniform(-np.log(limit), np.log(limit))))
