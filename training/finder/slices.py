"""Drawn slices of CT: across the chest, from the front, from the side."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from imaging.opencv import cv2
from training.finder.canvas import Bytes, Pixels, draw_texture, fill, finish


def _vessels(canvas: Pixels, inside: npt.NDArray[np.bool_], bright: float, generator: np.random.Generator) -> None:
    """Draw spots and short branches where lung is."""
    size = canvas.shape[0]
    layer = np.zeros_like(canvas)
    rows, columns = np.nonzero(inside)
    for at in generator.integers(0, max(len(rows), 1), int(generator.integers(10, 90))) if len(rows) else ():
        end = generator.normal(0, 0.04 * size, 2)
        start = (int(columns[at]), int(rows[at]))
        cv2.line(layer, start, (int(start[0] + end[0]), int(start[1] + end[1])), 1.0, int(generator.integers(1, 3)))
    if generator.random() < 0.5:  # infiltrates
        layer = np.maximum(
            layer, generator.uniform(0.3, 0.9) * (draw_texture(size, generator, 1.8) > generator.uniform(0.3, 1.8))
        )
    canvas[inside] += bright * layer[inside]


def _lungs_as_mask(size: int, parts: Sequence[tuple[tuple[float, float], tuple[float, float], float]]) -> Pixels:
    mask = np.zeros((size, size), np.float32)
    for centre, axes, turn in parts:
        fill(mask, centre, axes, 1.0, turn)
    return mask


def axial_slice(size: int, generator: np.random.Generator, *, soft_tissue: bool | None = None) -> Bytes:
    """Draw a slice across the chest: an oval body on black, two lungs, heart, vertebra, table."""
    soft = generator.random() < 0.35 if soft_tissue is None else soft_tissue
    wide, high = generator.uniform(0.38, 0.5), generator.uniform(0.24, 0.38)
    middle = (0.5 + generator.uniform(-0.04, 0.04), 0.5 + generator.uniform(-0.06, 0.06))
    body = generator.uniform(110, 170) if soft else generator.uniform(150, 240)
    lung = generator.uniform(0, 15) if soft else generator.uniform(15, 110)
    air = 0.0 if generator.random() < 0.75 else lung
    canvas = np.full((size, size), air, np.float32)
    fill(canvas, middle, (wide, high), body * generator.uniform(0.6, 1.0))
    fill(canvas, middle, (wide * 0.93, high * 0.9), body)
    if generator.random() < 0.3:  # arms or breasts
        for side in (-1, 1):
            fill(canvas, (middle[0] + side * wide * 1.1, middle[1] + 0.05), (0.06, 0.07), body)
    apart, tall = wide * generator.uniform(0.42, 0.54), high * generator.uniform(0.6, 0.78)
    parts = [
        ((middle[0] + side * apart, middle[1] + high * generator.uniform(-0.1, 0.1)),
         (wide * generator.uniform(0.27, 0.38), tall * generator.uniform(0.85, 1.0)), side * generator.uniform(-15, 15))
        for side in (-1, 1)
    ]  # fmt: skip
    mask = _lungs_as_mask(size, parts)
    heart = (middle[0] + generator.uniform(-0.02, 0.08) * wide / 0.45, middle[1] - high * generator.uniform(0.0, 0.35))
    fill(mask, heart, (wide * generator.uniform(0.12, 0.34), high * generator.uniform(0.2, 0.42)), 0.0)
    spine = (middle[0], middle[1] + high * generator.uniform(0.45, 0.62))
    fill(mask, spine, (wide * 0.16, high * 0.26), 0.0)
    inside = mask > 0.5
    canvas[inside] = lung
    _vessels(canvas, inside, body - lung, generator)
    if soft:
        fill(canvas, heart, (wide * 0.2, high * 0.26), body * generator.uniform(1.0, 1.4))
    bone = min(255.0, body * generator.uniform(1.15, 1.8))
    fill(canvas, spine, (wide * 0.13, high * 0.16), bone)
    for turn in np.linspace(0, 360, 13)[:-1] + generator.uniform(0, 30):  # ribs, cut across
        at = (middle[0] + wide * 0.88 * np.cos(np.deg2rad(turn)), middle[1] + high * 0.85 * np.sin(np.deg2rad(turn)))
        fill(canvas, at, (wide * 0.07, high * 0.035), bone, turn + 90)
    if generator.random() < 0.5:
        down = int(size * (middle[1] + high * generator.uniform(1.0, 1.2)))
        cv2.ellipse(canvas, (size // 2, down - size // 3), (size // 2, size // 3), 0, 30, 150, float(body), 2)
    return finish(canvas, generator)


def axial_soft_tissue(size: int, generator: np.random.Generator) -> Bytes:
    """Draw a slice across the chest in the window of the mediastinum: lungs black."""
    return axial_slice(size, generator, soft_tissue=True)


def coronal_slice(size: int, generator: np.random.Generator) -> Bytes:
    """Draw a slice from the front: lungs with vessels and sharp edges, shoulders and liver, black air round it."""
    wide, tall = generator.uniform(0.34, 0.47), generator.uniform(0.36, 0.46)
    middle = (0.5 + generator.uniform(-0.03, 0.03), 0.5 + generator.uniform(-0.05, 0.05))
    body = generator.uniform(140, 250)
    lung = generator.uniform(5, 100)
    canvas = np.zeros((size, size), np.float32)
    top, bottom = int(size * (middle[1] - tall)), int(size * (middle[1] + tall))
    left, right = int(size * (middle[0] - wide)), int(size * (middle[0] + wide))
    shoulder = int(size * generator.uniform(0.05, 0.16))
    cv2.rectangle(canvas, (left, top + shoulder), (right, size if generator.random() < 0.7 else bottom), body, -1)
    fill(canvas, (middle[0], middle[1] - tall + 0.1), (wide * 0.9, 0.13), body)
    neck = size * generator.uniform(0.07, 0.14)
    cv2.rectangle(canvas, (int(size * middle[0] - neck), 0), (int(size * middle[0] + neck), top + shoulder), body, -1)
    base = middle[1] + tall * generator.uniform(0.25, 0.7)
    mask = np.zeros_like(canvas)
    for side in (-1, 1):
        centre = (middle[0] + side * wide * generator.uniform(0.42, 0.55), middle[1] - tall * 0.1)
        fill(mask, centre, (wide * generator.uniform(0.3, 0.42), tall * generator.uniform(0.65, 0.85)), 1.0, side * 6)
    for side in (-1, 1):  # domes of the diaphragm
        dome = (middle[0] + side * wide * 0.5, base + 0.2 + generator.uniform(-0.05, 0.05))
        fill(mask, dome, (wide * 0.5, 0.2), 0.0)
    fill(mask, (middle[0] + 0.03, middle[1] + tall * 0.15), (wide * generator.uniform(0.1, 0.35), tall * 0.35), 0.0)
    inside = mask > 0.5
    canvas[inside] = lung
    _vessels(canvas, inside, body - lung, generator)
    cv2.line(
        canvas,
        (int(size * middle[0]), top),
        (int(size * middle[0]), int(size * (middle[1] - 0.05))),
        lung,
        max(2, size // 40),
    )
    _draw_bones(canvas, middle[0], wide, min(255.0, body * 1.3), generator)
    return finish(canvas, generator)


def _draw_bones(canvas: Pixels, middle: float, wide: float, bone: float, generator: np.random.Generator) -> None:
    """Draw what a slice from the front may meet of vertebrae and ribs."""
    if generator.random() < 0.5:
        for at in np.arange(0.1, 0.95, 0.07):  # vertebrae
            fill(canvas, (middle, at), (0.04, 0.024), bone)
    if generator.random() < 0.6:
        for at in np.arange(0.15, 0.8, 0.075):  # ribs, cut across at the sides
            for side in (-1, 1):
                fill(canvas, (middle + side * wide * 0.9, at), (0.022, 0.014), bone, side * 30)


def sagittal_slice(size: int, generator: np.random.Generator) -> Bytes:
    """Draw a slice from the side: one lung, the vertebrae behind it."""
    body, lung = generator.uniform(120, 220), generator.uniform(5, 90)
    canvas = np.zeros((size, size), np.float32)
    fill(canvas, (0.5, 0.52), (generator.uniform(0.25, 0.36), 0.6), body)
    mask = _lungs_as_mask(size, [((0.48, 0.45), (generator.uniform(0.15, 0.24), generator.uniform(0.25, 0.36)), 0)])
    fill(mask, (0.42, 0.6), (0.1, 0.1), 0.0)
    inside = mask > 0.5
    canvas[inside] = lung
    _vessels(canvas, inside, body - lung, generator)
    for at in np.arange(0.05, 1.0, 0.075):
        fill(canvas, (0.75 + 0.05 * np.sin(3 * at), at), (0.045, 0.026), min(255.0, body * 1.3))
    return finish(canvas, generator)
