"""Drawn pictures that are no chest films: bone-like shapes, text, noise.

Radiographs of hands, hips, teeth and breasts are rare in public collections. Random blurred shapes on a dark ground
look as little like a chest and as much like a radiograph as one likes (outlier exposure, Hendrycks et al., ICLR 2019).
"""

import numpy as np
import numpy.typing as npt

from imaging.opencv import cv2

Bytes = npt.NDArray[np.uint8]
Pixels = npt.NDArray[np.float32]

_LETTERS = list("abcdefgh ijklmnop RSTUV 0123")


def draw_other(size: int, generator: np.random.Generator) -> Bytes:
    """Draw a picture of one of the three sorts, uint8 (size, size)."""
    sort = generator.random()
    if sort < 0.7:
        return draw_shapes(size, generator)
    return draw_text(size, generator) if sort < 0.9 else draw_noise(size, generator)


def draw_shapes(size: int, generator: np.random.Generator) -> Bytes:
    """Lay up to thirteen blurred ellipses, rings, bars and polygons over one another, with a little noise."""
    canvas = np.full((size, size), generator.choice([0, 0, 0, 30, 90, 200]), np.float32)
    for _ in range(generator.integers(1, 14)):
        shape = _draw_shape(size, generator)
        if generator.random() < 0.7:
            canvas += shape * np.float32(generator.choice([1, 1, -1]))
        else:
            canvas = np.maximum(canvas, shape)
    canvas -= canvas.min()
    canvas *= generator.uniform(120, 255) / max(float(canvas.max()), 1.0)
    grain = generator.normal(0, generator.uniform(1, 15), (int(generator.integers(8, size)),) * 2)
    canvas += cv2.resize(grain.astype(np.float32), (size, size))
    return np.clip(canvas, 0, 255).astype(np.uint8)


def _draw_shape(size: int, generator: np.random.Generator) -> Pixels:
    def point() -> tuple[int, int]:
        x, y = generator.integers(-size // 12, size + size // 12, 2)
        return int(x), int(y)

    layer = np.zeros((size, size), np.float32)
    bright = float(generator.uniform(40, 200))
    axes = [int(each) for each in generator.integers(size // 32, size // 2, 2)]
    match generator.integers(4):
        case 0:
            cv2.ellipse(layer, point(), axes, float(generator.uniform(0, 180)), 0, 360, bright, -1)
        case 1:
            cv2.line(layer, point(), point(), bright, int(generator.integers(2, max(3, size // 3))))
        case 2:
            cv2.fillPoly(layer, [np.array([point() for _ in range(generator.integers(3, 7))])], bright)
        case _:
            cv2.ellipse(layer, point(), axes, 0, 0, 360, bright, int(generator.integers(2, 10)))
    return np.asarray(cv2.GaussianBlur(layer, (0, 0), float(generator.uniform(0.6, 8))), dtype=np.float32)


def draw_text(size: int, generator: np.random.Generator) -> Bytes:
    """Fill a page with lines of letters, dark on bright or bright on dark."""
    ground, ink = (20, 230) if generator.random() < 0.4 else (235, 30)
    page = np.full((size, size), ground, np.uint8)
    line = 6
    while line < size:
        words = "".join(generator.choice(_LETTERS, 30))
        left, font = int(generator.integers(0, 12)), int(generator.integers(0, 3))
        cv2.putText(page, words, (left, line), font, float(generator.uniform(0.2, 0.6)), ink, 1)
        line += int(generator.integers(6, 22))
    return page


def draw_noise(size: int, generator: np.random.Generator) -> Bytes:
    """Draw noise of any grain, from a gradient between few points to single pixels."""
    grain = (int(generator.integers(1, size)),) * 2
    noise = generator.normal(generator.uniform(20, 200), generator.uniform(0, 60), grain)
    return np.asarray(np.clip(cv2.resize(noise, (size, size)), 0, 255), dtype=np.uint8)


def draw_crude_chest(size: int, generator: np.random.Generator) -> tuple[Bytes, Bytes]:
    """Draw two dark blurred ellipses side by side on a bright ground, and where they are: uint8 (size, size) each.

    Test files of archives and of image libraries look so. They stand for a chest, and a gate that refused them would
    stop every trial installation at its first file.
    """
    ground, depth = generator.uniform(110, 250), generator.uniform(0.5, 0.95)
    axes = np.array([generator.uniform(0.08, 0.17), generator.uniform(0.16, 0.36)]) * size
    middle = np.array([0.5 + generator.uniform(-0.06, 0.06), 0.45 + generator.uniform(-0.1, 0.12)]) * size
    apart = axes[0] + generator.uniform(0.03, 0.10) * size
    lungs = np.zeros((size, size), np.float32)
    for side in (-1, 1):
        centre = [round(middle[0] + side * apart), round(middle[1])]
        cv2.ellipse(lungs, centre, axes.astype(int).tolist(), 0, 0, 360, 1.0, -1)
    blurred = cv2.GaussianBlur(lungs, (0, 0), float(generator.uniform(0.005, 0.06)) * size)
    grain = generator.normal(0, generator.uniform(0, 12), (int(generator.integers(32, 2 * size)),) * 2)
    film = ground * (1 - depth * blurred) + cv2.resize(grain, (size, size), interpolation=cv2.INTER_AREA)
    return np.clip(film, 0, 255).astype(np.uint8), (lungs * 255).astype(np.uint8)
