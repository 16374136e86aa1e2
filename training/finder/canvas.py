"""What all drawn pictures are made with: ellipses, grain, noise as tissue and nature have it, and films laid in."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from imaging.opencv import cv2
from training.finder.distortion import find_content

Bytes: TypeAlias = npt.NDArray[np.uint8]
Pixels: TypeAlias = npt.NDArray[np.float32]
PickFilm: TypeAlias = Callable[[np.random.Generator], Bytes]


def fill(canvas: Pixels, centre: tuple[float, float], axes: tuple[float, float], value: float, turn: float = 0) -> None:
    """Fill an ellipse; all as shares of the canvas."""
    size = canvas.shape[0]
    at, half = ([max(round(share * size), 1) for share in pair] for pair in (centre, axes))
    cv2.ellipse(canvas, at, half, turn, 0, 360, value, -1)


def finish(canvas: Pixels, generator: np.random.Generator, blur: float = 0.8) -> Bytes:
    """Blur a drawing a little and lay grain over it, uint8."""
    size = canvas.shape[0]
    blurred = cv2.GaussianBlur(canvas, (0, 0), float(generator.uniform(0.4, 0.4 + blur)))
    grain = generator.normal(0, generator.uniform(1, 9), (size, size))
    grown = blurred + cv2.GaussianBlur(grain, (0, 0), float(generator.uniform(0.3, 1.2))) * 1.5
    return np.asarray(np.clip(grown, 0, 255), dtype=np.uint8)


def draw_texture(size: int, generator: np.random.Generator, fall: float) -> Pixels:
    """Draw noise whose amplitudes fall with frequency to this power, mean 0, standard deviation 1."""
    frequencies = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    frequencies[0, 0] = 1
    phases = np.exp(2j * np.pi * generator.random(frequencies.shape))
    noise = np.fft.irfft2(phases * frequencies**-fall, s=(size, size))
    return np.asarray((noise - noise.mean()) / noise.std(), dtype=np.float32)


def fit_in(canvas: Bytes, picture: Bytes, top: int, left: int, high: int, wide: int, *, stretch: bool = False) -> None:
    """Lay a picture without its padding into a rectangle of the canvas, whole, centred, or stretched to fill it."""
    if min(high, wide) < 2:
        return
    above, below, before, behind = find_content(picture)
    picture = picture[above:below, before:behind]
    if not stretch:
        scale = min(high / picture.shape[0], wide / picture.shape[1])
        inner_high, inner_wide = (max(1, int(side * scale)) for side in picture.shape)
        top, left = top + (high - inner_high) // 2, left + (wide - inner_wide) // 2
        high, wide = inner_high, inner_wide
    canvas[top : top + high, left : left + wide] = cv2.resize(picture, (wide, high), interpolation=cv2.INTER_AREA)
