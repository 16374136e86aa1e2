"""Drawn pictures of other examinations: ultrasound and bones; and all that is drawn without a film, by kind.

Real ones are few and their licences narrow; what a gate has to know of them is their outline, not their findings. As in
`training.finder.montages` the last style of each kind is measured on and not learnt from.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from imaging.opencv import cv2
from training.finder.canvas import Bytes, draw_texture, fill, finish
from training.finder.drawings import draw_shapes, draw_text
from training.finder.scenes import animal, bar_chart, form, indoor_scene, natural_texture, pie_chart
from training.finder.slices import axial_slice, axial_soft_tissue, coronal_slice, sagittal_slice

Draw: TypeAlias = Callable[[int, np.random.Generator], Bytes]


def _sector(size: int, generator: np.random.Generator, half_angle: float, start: float) -> Bytes:
    """Speckle within a sector of a ring, with bright layers above and shadows."""
    rows, columns = (grid / size for grid in np.mgrid[:size, :size])
    apex = (0.5 + generator.uniform(-0.03, 0.03), generator.uniform(-0.1, 0.1) - start)
    depth, angle = np.hypot(rows - apex[1], columns - apex[0]), np.arctan2(columns - apex[0], rows - apex[1])
    inside = (np.abs(angle) < half_angle) & (depth > start + 0.05) & (depth < start + generator.uniform(0.75, 1.0))
    grain = np.abs(draw_texture(size, generator, 0.4)) * 0.5 + np.abs(draw_texture(size, generator, 1.4)) * 0.7
    layers = 1 + np.sin(depth * generator.uniform(15, 50) + draw_texture(size, generator, 2)) * generator.uniform(
        0, 0.7
    )
    fading = np.exp(-(depth - start) * generator.uniform(0.3, 2.5))
    shadows = 1 - 0.7 * (np.sin(angle * generator.uniform(5, 20) + generator.uniform(0, 6)) > generator.uniform(0.4, 1))
    picture = generator.uniform(60, 170) * grain * layers * fading * shadows * inside
    if generator.random() < 0.5:
        hole = np.hypot((rows - generator.uniform(0.4, 0.7)) * 1.4, columns - generator.uniform(0.35, 0.65))
        picture[hole < generator.uniform(0.06, 0.16)] *= 0.15
    return _label(np.clip(picture, 0, 255).astype(np.uint8), generator)


def _label(picture: Bytes, generator: np.random.Generator) -> Bytes:
    size = picture.shape[0]
    for _ in range(generator.integers(0, 6)):
        corner = (int(generator.integers(0, size - 40)), int(generator.integers(8, size)))
        cv2.putText(
            picture, str(generator.choice(["MI 1.2", "12 cm", "GEN", "TIS 0.4", "C5-2"])), corner, 0, 0.3, 200, 1
        )
    if generator.random() < 0.4:
        picture[20:-20:8, -4:] = 180
    return picture


def sector_scan(size: int, generator: np.random.Generator) -> Bytes:
    """Ultrasound of a sector probe: a fan from a point."""
    return _sector(size, generator, float(generator.uniform(0.45, 0.85)), 0.0)


def curved_scan(size: int, generator: np.random.Generator) -> Bytes:
    """Ultrasound of a curved probe: a fan with a rounded top."""
    return _sector(size, generator, float(generator.uniform(0.4, 0.7)), float(generator.uniform(0.15, 0.5)))


def linear_scan(size: int, generator: np.random.Generator) -> Bytes:
    """Ultrasound of a linear probe: a rectangle of layers."""
    picture = _sector(size, generator, 1.5, 6.0)
    edge = int(size * generator.uniform(0.05, 0.25))
    picture[:, :edge], picture[:, size - edge :] = 0, 0
    return picture


def _bones(
    size: int, generator: np.random.Generator, strokes: Sequence[tuple[tuple[float, float], tuple[float, float], float]]
) -> Bytes:
    """Draw bones as strokes with bright edges, in soft tissue, on black."""
    canvas, tissue = np.zeros((size, size), np.float32), np.zeros((size, size), np.float32)
    bone, flesh = generator.uniform(120, 220), generator.uniform(30, 90)
    for start, end, thick in strokes:
        (first, last) = points = [(round(x * size), round(y * size)) for x, y in (start, end)]
        cv2.line(tissue, first, last, 1.0, max(3, round(thick * size * generator.uniform(1.8, 2.6))))
        cv2.line(canvas, first, last, bone, max(2, round(thick * size)))
        cv2.line(canvas, first, last, bone * generator.uniform(0.6, 0.9), max(1, round(thick * size * 0.6)))
        for point in points:
            cv2.circle(canvas, point, max(2, round(thick * size * 0.65)), bone, -1)
    soft = cv2.GaussianBlur(tissue, (0, 0), size / 60) * flesh
    return finish(np.maximum(canvas, soft) + 0.3 * soft, generator, 2.0)


def hand(size: int, generator: np.random.Generator) -> Bytes:
    """Draw a hand or a foot: five rays from a root."""
    root, strokes = np.array([0.5, generator.uniform(0.7, 0.85)]), []
    for angle in np.linspace(-0.7, 0.7, 5) * generator.uniform(0.5, 1.0) + generator.uniform(-0.1, 0.1):
        at, way = root + 0.08 * np.array([np.sin(angle), -np.cos(angle)]), np.array([np.sin(angle), -np.cos(angle)])
        for length in np.array([0.2, 0.13, 0.09, 0.06]) * generator.uniform(0.8, 1.1):
            strokes.append((tuple(at), tuple(at + way * length * 0.9), 0.035))
            at = at + way * length
    return _bones(size, generator, [*strokes, (tuple(root), (0.5, 1.0), 0.12)])


def limb(size: int, generator: np.random.Generator) -> Bytes:
    """Draw a knee, an elbow or a lower leg: one or two long bones, and their neighbours beyond a joint."""
    joint, thick = generator.uniform(0.3, 0.7), generator.uniform(0.06, 0.16)
    shift = generator.uniform(0.05, 0.12) if generator.random() < 0.5 else 0.0
    lower = [((0.5 + side * shift, joint + 0.05), (0.5 + side * shift, 1.05), thick * 0.8) for side in (-1, 1)]
    return _bones(size, generator, [((0.5, -0.05), (0.5 + generator.uniform(-0.1, 0.1), joint - 0.04), thick), *lower])


def skull(size: int, generator: np.random.Generator) -> Bytes:
    """Draw a skull: a bright ring with sockets."""
    canvas = np.zeros((size, size), np.float32)
    bone = generator.uniform(110, 220)
    fill(canvas, (0.5, 0.45), (0.36, 0.42), bone)
    fill(canvas, (0.5, 0.45), (0.33, 0.39), bone * generator.uniform(0.5, 0.8))
    for side in (-1, 1):
        fill(canvas, (0.5 + side * 0.15, 0.5), (0.09, 0.07), bone * 0.4)
    fill(canvas, (0.5, 0.66), (0.06, 0.1), bone * 0.3)
    cv2.rectangle(canvas, (int(0.36 * size), int(0.78 * size)), (int(0.64 * size), int(0.9 * size)), bone, -1)
    return finish(canvas, generator, 2.5)


def pelvis(size: int, generator: np.random.Generator) -> Bytes:
    """Draw a pelvis: two wings, two hip joints, the spine above them."""
    canvas = np.full((size, size), generator.uniform(30, 90), np.float32)
    bone = generator.uniform(140, 230)
    for side in (-1, 1):
        fill(canvas, (0.5 + side * 0.24, 0.38), (0.17, 0.22), bone * 0.8, side * 25)
        fill(canvas, (0.5 + side * 0.16, 0.72), (0.12, 0.09), bone)
        fill(canvas, (0.5 + side * 0.16, 0.72), (0.07, 0.05), bone * 0.4)
        fill(canvas, (0.5 + side * 0.34, 0.64), (0.08, 0.08), bone * 1.1)
        start = (int((0.5 + side * 0.36) * size), int(0.68 * size))
        cv2.line(canvas, start, (int((0.5 + side * 0.4) * size), size), bone, size // 9)
    for at in np.arange(0.02, 0.42, 0.09):
        fill(canvas, (0.5, at), (0.07, 0.036), bone)
    return finish(canvas, generator, 2.5)


SCANS: dict[str, Sequence[Draw]] = {
    "CT, drawn": (axial_slice, coronal_slice, coronal_slice, sagittal_slice, axial_soft_tissue),
    "ultrasound, drawn": (sector_scan, curved_scan, linear_scan),
    "other body parts, drawn": (hand, limb, draw_shapes, skull, pelvis),
    "photographs, drawn": (natural_texture, indoor_scene, animal),
    "charts and pages": (bar_chart, draw_text, form, pie_chart),
}
