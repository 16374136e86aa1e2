"""Photographs of a screen or a light box that shows a film: askew, with its frame, moire and glare."""

import numpy as np

from imaging.opencv import cv2
from training.finder.canvas import Bytes, PickFilm, fit_in


def _photograph(
    pick: PickFilm,
    size: int,
    generator: np.random.Generator,
    *,
    share: tuple[float, float],
    tilt: float,
    surround: Bytes,
) -> Bytes:
    """Draw a monitor with a film on it, seen askew in its surroundings, with moire and glare."""
    screen = np.zeros((size, size), np.uint8)
    bezel = int(generator.integers(6, 22))
    screen[:] = int(generator.choice([8, 25, 60, 190]))
    screen[bezel:-bezel, bezel:-bezel] = int(generator.integers(0, 40))
    fit_in(screen, pick(generator), bezel, bezel, size - 2 * bezel, size - 2 * bezel, stretch=generator.random() < 0.5)
    aspect = generator.uniform(0.7, 1.0)
    wide = size * generator.uniform(*share)
    high = wide * aspect
    centre = np.array([size / 2, size / 2]) + generator.uniform(-0.08, 0.08, 2) * size
    corners = centre + np.array([[-wide, -high], [wide, -high], [wide, high], [-wide, high]]) / 2
    corners = corners + generator.uniform(-tilt, tilt, (4, 2)) * size
    source = np.array([[0, 0], [size, 0], [size, size], [0, size]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, corners.astype(np.float32))
    picture = surround.copy()
    seen = cv2.warpPerspective(screen, matrix, (size, size), flags=cv2.INTER_AREA)
    where = cv2.warpPerspective(np.full_like(screen, 255), matrix, (size, size)) > 127
    picture[where] = _spoil_screen(seen, generator)[where]
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), float(generator.uniform(0.3, 1.2))))


def _spoil_screen(seen: Bytes, generator: np.random.Generator) -> Bytes:
    """Add moire stripes, a reflection, and the grey of a lit black."""
    size = seen.shape[0]
    rows, columns = np.mgrid[:size, :size]
    angle, period = generator.uniform(0, np.pi), generator.uniform(3, 14)
    wave = np.sin(2 * np.pi * (columns * np.cos(angle) + rows * np.sin(angle) + 6 * np.sin(rows / 40)) / period)
    spot = np.exp(
        -((columns - generator.uniform(0, size)) ** 2 + (rows - generator.uniform(0, size)) ** 2)
        / (2 * (size * generator.uniform(0.05, 0.25)) ** 2)
    )
    lit = generator.uniform(0.6, 1.0) * seen + generator.uniform(5, 45)
    return np.asarray(
        np.clip(lit + generator.uniform(3, 14) * wave + generator.uniform(0, 120) * spot, 0, 255), dtype=np.uint8
    )


def _draw_room(size: int, generator: np.random.Generator) -> Bytes:
    """Draw what stands round a monitor: a wall, a desk, something blurred."""
    room = cv2.resize(generator.uniform(20, 220, (int(generator.integers(2, 7)),) * 2), (size, size))
    desk = int(size * generator.uniform(0.7, 1.0))
    room[desk:] = generator.uniform(20, 220)
    for _ in range(generator.integers(0, 6)):
        corner, edges = generator.integers(0, size, 2), generator.integers(10, size // 2, 2)
        cv2.rectangle(room, corner.tolist(), (corner + edges).tolist(), float(generator.uniform(0, 255)), -1)
    return np.asarray(np.clip(cv2.GaussianBlur(room, (0, 0), float(generator.uniform(1, 6))), 0, 255), dtype=np.uint8)


def monitor_in_a_room(pick: PickFilm, size: int, generator: np.random.Generator) -> Bytes:
    """Draw a monitor and what is round it."""
    return _photograph(pick, size, generator, share=(0.6, 0.85), tilt=0.06, surround=_draw_room(size, generator))


def monitor_close_up(pick: PickFilm, size: int, generator: np.random.Generator) -> Bytes:
    """Draw a monitor that nearly fills the photograph: its frame is still seen on most sides."""
    dark = np.full((size, size), int(generator.integers(0, 90)), np.uint8)
    return _photograph(pick, size, generator, share=(0.88, 1.04), tilt=0.05, surround=dark)


def lightbox(pick: PickFilm, size: int, generator: np.random.Generator) -> Bytes:
    """Draw a film hung on a bright box, photographed askew."""
    bright = np.full((size, size), int(generator.integers(200, 256)), np.uint8)
    return _photograph(pick, size, generator, share=(0.55, 0.85), tilt=0.05, surround=bright)


def monitor_from_the_side(pick: PickFilm, size: int, generator: np.random.Generator) -> Bytes:
    """Draw a monitor seen from far aside."""
    return _photograph(pick, size, generator, share=(0.65, 0.9), tilt=0.14, surround=_draw_room(size, generator))
