"""Pictures that are no upright frontal chest radiographs, as gray PNG files: own work, drawn by chance."""

from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from imaging.phantoms.anatomy import draw_chest

GRAY = (480, 640)


def draw_photograph(seed: int) -> np.ndarray:
    """Boxes and balls under a sky, a little out of focus and grainy: uint8 (rows, columns)."""
    generator = np.random.default_rng(seed)
    rows, columns = GRAY
    picture = np.linspace(90, 170, rows)[:, np.newaxis].repeat(columns, axis=1).astype(np.uint8)
    for _ in range(40):
        x, y = int(generator.integers(columns)), int(generator.integers(rows // 5, rows))
        shade, size = int(generator.integers(256)), int(generator.integers(10, 120))
        if generator.random() < 0.5:
            cv2.rectangle(picture, (x, y), (x + size, y + size), shade, -1)
        else:
            cv2.circle(picture, (x, y), size // 2, shade, -1)
    grain = generator.normal(0, 4, GRAY)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 1.2) + grain, 0, 255).astype(np.uint8)


def draw_text(seed: int) -> np.ndarray:
    """A page of letters, black on white: uint8 (rows, columns)."""
    generator = np.random.default_rng(seed)
    picture = np.full((800, 600), 250, np.uint8)
    for y in range(40, 780, 26):
        line = "".join(generator.choice(list("abcdefghijklmnopqrstuvwxyz   "), 48))
        cv2.putText(picture, line, (24, y), cv2.FONT_HERSHEY_SIMPLEX, 0.55, 20, 1)
    return picture


def draw_rotated(seed: int, quarters: int = 1) -> np.ndarray:
    """A phantom turned by so many quarters: uint8 (rows, columns)."""
    return np.ascontiguousarray(np.rot90(_draw_phantom(seed), quarters))


def draw_inverted(seed: int) -> np.ndarray:
    """A phantom as a negative: uint8 (rows, columns)."""
    return 255 - _draw_phantom(seed)


def _draw_phantom(seed: int) -> np.ndarray:
    return np.rint(draw_chest(seed, 1250, 1024) * 255).astype(np.uint8)


REFUSED: Mapping[str, tuple[Callable[[], np.ndarray], frozenset[str]]] = {
    "photograph.png": (lambda: draw_photograph(1), frozenset({"not_a_chest_radiograph"})),
    # no lungs are in a page of letters either, so both reasons are true
    "text.png": (lambda: draw_text(1), frozenset({"not_a_chest_radiograph", "lungs_cut_off"})),
    "rotated.png": (lambda: draw_rotated(1), frozenset({"rotated"})),
    "upside_down.png": (lambda: draw_rotated(1, 2), frozenset({"rotated"})),
    "inverted.png": (lambda: draw_inverted(1), frozenset({"inverted_polarity"})),
}
"""What the gate refuses: a file name, how it is drawn, and the reason codes that fit."""


def write_refused(folder: Path) -> dict[str, frozenset[str]]:
    """Write one file of each kind that the gate refuses; return the reason codes that fit, by name."""
    for name, (draw, _) in REFUSED.items():
        part = folder / f"{name}.part"
        Image.fromarray(draw()).save(part, format="PNG")
        part.rename(folder / name)
    return {name: reason_codes for name, (_, reason_codes) in REFUSED.items()}
