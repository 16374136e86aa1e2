"""Drawn pictures of other examinations: slices of CT, ultrasound, bones, animals' fur and other textures, charts.

Real ones are few and their licences narrow; what a gate has to know of them is their outline, not their findings. As in
`training.finder.montages` the last style of each kind is measured on and not learnt from.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from imaging.opencv import cv2
from training.finder.drawings import draw_shapes, draw_text

Bytes: TypeAlias = npt.NDArray[np.uint8]
Pixels: TypeAlias = npt.NDArray[np.float32]
Draw: TypeAlias = Callable[[int, np.random.Generator], Bytes]


def _fill(
    canvas: Pixels, centre: tuple[float, float], axes: tuple[float, float], value: float, turn: float = 0
) -> None:
    """Fill an ellipse; all as shares of the canvas."""
    size = canvas.shape[0]
    at, half = ([max(round(share * size), 1) for share in pair] for pair in (centre, axes))
    cv2.ellipse(canvas, at, half, turn, 0, 360, value, -1)


def _finish(canvas: Pixels, generator: np.random.Generator, blur: float = 0.8) -> Bytes:
    size = canvas.shape[0]
    blurred = cv2.GaussianBlur(canvas, (0, 0), float(generator.uniform(0.4, 0.4 + blur)))
    grain = generator.normal(0, generator.uniform(1, 9), (size, size))
    grown = blurred + cv2.GaussianBlur(grain, (0, 0), float(generator.uniform(0.3, 1.2))) * 1.5
    return np.asarray(np.clip(grown, 0, 255), dtype=np.uint8)


def _texture(size: int, generator: np.random.Generator, fall: float) -> Pixels:
    """Draw noise whose amplitudes fall with frequency to this power, mean 0, standard deviation 1."""
    frequencies = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    frequencies[0, 0] = 1
    phases = np.exp(2j * np.pi * generator.random(frequencies.shape))
    noise = np.fft.irfft2(phases * frequencies**-fall, s=(size, size))
    return np.asarray((noise - noise.mean()) / noise.std(), dtype=np.float32)


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
            layer, generator.uniform(0.3, 0.9) * (_texture(size, generator, 1.8) > generator.uniform(0.3, 1.8))
        )
    canvas[inside] += bright * layer[inside]


def _lungs_as_mask(size: int, parts: Sequence[tuple[tuple[float, float], tuple[float, float], float]]) -> Pixels:
    mask = np.zeros((size, size), np.float32)
    for centre, axes, turn in parts:
        _fill(mask, centre, axes, 1.0, turn)
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
    _fill(canvas, middle, (wide, high), body * generator.uniform(0.6, 1.0))
    _fill(canvas, middle, (wide * 0.93, high * 0.9), body)
    if generator.random() < 0.3:  # arms or breasts
        for side in (-1, 1):
            _fill(canvas, (middle[0] + side * wide * 1.1, middle[1] + 0.05), (0.06, 0.07), body)
    apart, tall = wide * generator.uniform(0.42, 0.54), high * generator.uniform(0.6, 0.78)
    parts = [
        ((middle[0] + side * apart, middle[1] + high * generator.uniform(-0.1, 0.1)),
         (wide * generator.uniform(0.27, 0.38), tall * generator.uniform(0.85, 1.0)), side * generator.uniform(-15, 15))
        for side in (-1, 1)
    ]  # fmt: skip
    mask = _lungs_as_mask(size, parts)
    heart = (middle[0] + generator.uniform(-0.02, 0.08) * wide / 0.45, middle[1] - high * generator.uniform(0.0, 0.35))
    _fill(mask, heart, (wide * generator.uniform(0.12, 0.34), high * generator.uniform(0.2, 0.42)), 0.0)
    spine = (middle[0], middle[1] + high * generator.uniform(0.45, 0.62))
    _fill(mask, spine, (wide * 0.16, high * 0.26), 0.0)
    inside = mask > 0.5
    canvas[inside] = lung
    _vessels(canvas, inside, body - lung, generator)
    if soft:
        _fill(canvas, heart, (wide * 0.2, high * 0.26), body * generator.uniform(1.0, 1.4))
    bone = min(255.0, body * generator.uniform(1.15, 1.8))
    _fill(canvas, spine, (wide * 0.13, high * 0.16), bone)
    for turn in np.linspace(0, 360, 13)[:-1] + generator.uniform(0, 30):  # ribs, cut across
        at = (middle[0] + wide * 0.88 * np.cos(np.deg2rad(turn)), middle[1] + high * 0.85 * np.sin(np.deg2rad(turn)))
        _fill(canvas, at, (wide * 0.07, high * 0.035), bone, turn + 90)
    if generator.random() < 0.5:
        down = int(size * (middle[1] + high * generator.uniform(1.0, 1.2)))
        cv2.ellipse(canvas, (size // 2, down - size // 3), (size // 2, size // 3), 0, 30, 150, float(body), 2)
    return _finish(canvas, generator)


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
    _fill(canvas, (middle[0], middle[1] - tall + 0.1), (wide * 0.9, 0.13), body)
    neck = size * generator.uniform(0.07, 0.14)
    cv2.rectangle(canvas, (int(size * middle[0] - neck), 0), (int(size * middle[0] + neck), top + shoulder), body, -1)
    base = middle[1] + tall * generator.uniform(0.25, 0.7)
    mask = np.zeros_like(canvas)
    for side in (-1, 1):
        centre = (middle[0] + side * wide * generator.uniform(0.42, 0.55), middle[1] - tall * 0.1)
        _fill(mask, centre, (wide * generator.uniform(0.3, 0.42), tall * generator.uniform(0.65, 0.85)), 1.0, side * 6)
    for side in (-1, 1):  # domes of the diaphragm
        dome = (middle[0] + side * wide * 0.5, base + 0.2 + generator.uniform(-0.05, 0.05))
        _fill(mask, dome, (wide * 0.5, 0.2), 0.0)
    _fill(mask, (middle[0] + 0.03, middle[1] + tall * 0.15), (wide * generator.uniform(0.1, 0.35), tall * 0.35), 0.0)
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
    if generator.random() < 0.5:
        for at in np.arange(0.1, 0.95, 0.07):  # vertebrae
            _fill(canvas, (middle[0], at), (0.04, 0.024), min(255.0, body * 1.3))
    if generator.random() < 0.6:
        for at in np.arange(0.15, 0.8, 0.075):  # ribs, cut across at the sides
            for side in (-1, 1):
                _fill(canvas, (middle[0] + side * wide * 0.9, at), (0.022, 0.014), min(255.0, body * 1.3), side * 30)
    return _finish(canvas, generator)


def sagittal_slice(size: int, generator: np.random.Generator) -> Bytes:
    """Draw a slice from the side: one lung, the vertebrae behind it."""
    body, lung = generator.uniform(120, 220), generator.uniform(5, 90)
    canvas = np.zeros((size, size), np.float32)
    _fill(canvas, (0.5, 0.52), (generator.uniform(0.25, 0.36), 0.6), body)
    mask = _lungs_as_mask(size, [((0.48, 0.45), (generator.uniform(0.15, 0.24), generator.uniform(0.25, 0.36)), 0)])
    _fill(mask, (0.42, 0.6), (0.1, 0.1), 0.0)
    inside = mask > 0.5
    canvas[inside] = lung
    _vessels(canvas, inside, body - lung, generator)
    for at in np.arange(0.05, 1.0, 0.075):
        _fill(canvas, (0.75 + 0.05 * np.sin(3 * at), at), (0.045, 0.026), min(255.0, body * 1.3))
    return _finish(canvas, generator)


def _sector(size: int, generator: np.random.Generator, half_angle: float, start: float) -> Bytes:
    """Speckle within a sector of a ring, with bright layers above and shadows."""
    rows, columns = (grid / size for grid in np.mgrid[:size, :size])
    apex = (0.5 + generator.uniform(-0.03, 0.03), generator.uniform(-0.1, 0.1) - start)
    depth, angle = np.hypot(rows - apex[1], columns - apex[0]), np.arctan2(columns - apex[0], rows - apex[1])
    inside = (np.abs(angle) < half_angle) & (depth > start + 0.05) & (depth < start + generator.uniform(0.75, 1.0))
    grain = np.abs(_texture(size, generator, 0.4)) * 0.5 + np.abs(_texture(size, generator, 1.4)) * 0.7
    layers = 1 + np.sin(depth * generator.uniform(15, 50) + _texture(size, generator, 2)) * generator.uniform(0, 0.7)
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
    return _finish(np.maximum(canvas, soft) + 0.3 * soft, generator, 2.0)


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
    _fill(canvas, (0.5, 0.45), (0.36, 0.42), bone)
    _fill(canvas, (0.5, 0.45), (0.33, 0.39), bone * generator.uniform(0.5, 0.8))
    for side in (-1, 1):
        _fill(canvas, (0.5 + side * 0.15, 0.5), (0.09, 0.07), bone * 0.4)
    _fill(canvas, (0.5, 0.66), (0.06, 0.1), bone * 0.3)
    cv2.rectangle(canvas, (int(0.36 * size), int(0.78 * size)), (int(0.64 * size), int(0.9 * size)), bone, -1)
    return _finish(canvas, generator, 2.5)


def pelvis(size: int, generator: np.random.Generator) -> Bytes:
    """Draw a pelvis: two wings, two hip joints, the spine above them."""
    canvas = np.full((size, size), generator.uniform(30, 90), np.float32)
    bone = generator.uniform(140, 230)
    for side in (-1, 1):
        _fill(canvas, (0.5 + side * 0.24, 0.38), (0.17, 0.22), bone * 0.8, side * 25)
        _fill(canvas, (0.5 + side * 0.16, 0.72), (0.12, 0.09), bone)
        _fill(canvas, (0.5 + side * 0.16, 0.72), (0.07, 0.05), bone * 0.4)
        _fill(canvas, (0.5 + side * 0.34, 0.64), (0.08, 0.08), bone * 1.1)
        start = (int((0.5 + side * 0.36) * size), int(0.68 * size))
        cv2.line(canvas, start, (int((0.5 + side * 0.4) * size), size), bone, size // 9)
    for at in np.arange(0.02, 0.42, 0.09):
        _fill(canvas, (0.5, at), (0.07, 0.036), bone)
    return _finish(canvas, generator, 2.5)


def natural_texture(size: int, generator: np.random.Generator) -> Bytes:
    """Fur, leaves, clouds: a texture with the spectrum of photographs, of one to four regions."""
    canvas = 128 + _texture(size, generator, float(generator.uniform(0.8, 1.6))) * generator.uniform(25, 70)
    for _ in range(generator.integers(0, 4)):
        region = _texture(size, generator, 2.2) > generator.uniform(-0.5, 1.2)
        other = _texture(size, generator, float(generator.uniform(0.7, 1.6))) * generator.uniform(10, 60)
        canvas[region] = (generator.uniform(30, 220) + other)[region]
    return np.asarray(np.clip(canvas, 0, 255), dtype=np.uint8)


def animal(size: int, generator: np.random.Generator) -> Bytes:
    """Draw a furry thing with a head, ears and eyes before a ground."""
    canvas = np.asarray(natural_texture(size, generator), np.float32)
    fur, mask = generator.uniform(30, 230), np.zeros((size, size), np.float32)
    at = (generator.uniform(0.35, 0.65), generator.uniform(0.3, 0.5))
    _fill(mask, (at[0] + generator.uniform(-0.1, 0.1), 0.9), (0.3, 0.4), 1.0)
    _fill(mask, at, (generator.uniform(0.14, 0.25), generator.uniform(0.14, 0.25)), 1.0)
    for side in (-1, 1):
        _fill(mask, (at[0] + side * 0.13, at[1] - 0.18), (0.05, 0.1), 1.0, side * 20)
    grown = fur + _texture(size, generator, 0.9) * generator.uniform(10, 40)
    canvas[mask > 0.5] = grown[mask > 0.5]
    for side in (-1, 1):
        _fill(canvas, (at[0] + side * 0.07, at[1] - 0.03), (0.025, 0.025), float(generator.choice([5, 240])))
    return _finish(canvas, generator)


def indoor_scene(size: int, generator: np.random.Generator) -> Bytes:
    """Straight-edged things of even shade before a wall."""
    canvas = cv2.resize(generator.uniform(40, 220, (2, 2)).astype(np.float32), (size, size))
    for _ in range(generator.integers(3, 14)):
        corners = generator.integers(-20, size + 20, 2) + generator.integers(-size // 3, size // 3, (4, 2))
        cv2.fillConvexPoly(canvas, cv2.convexHull(corners.astype(np.int32)), float(generator.uniform(0, 255)))
    return _finish(canvas, generator)


def bar_chart(size: int, generator: np.random.Generator) -> Bytes:
    """Axes with bars or a curve, words at them."""
    ground, ink = (255, 0) if generator.random() < 0.8 else (15, 230)
    page = np.full((size, size), ground, np.uint8)
    left, bottom = int(size * generator.uniform(0.1, 0.2)), int(size * generator.uniform(0.75, 0.9))
    cv2.line(page, (left, 10), (left, bottom), ink, 1)
    cv2.line(page, (left, bottom), (size - 8, bottom), ink, 1)
    count = int(generator.integers(3, 12))
    edges = np.linspace(left + 6, size - 10, count + 1).astype(int)
    heights = bottom - (generator.random(count + 1) * (bottom - 20)).astype(int)
    if generator.random() < 0.6:
        for start, end, high in zip(edges, edges[1:], heights, strict=False):
            cv2.rectangle(page, (int(start), int(high)), (int(end) - 4, bottom), int(generator.integers(40, 220)), -1)
    for _ in range(generator.integers(0, 4)):
        heights = bottom - (generator.random(count + 1) * (bottom - 20)).astype(int)
        cv2.polylines(
            page, [np.column_stack([edges, heights]).astype(np.int32)], False, int(generator.integers(0, 200)), 2
        )
    for _ in range(5):
        corner = (int(generator.integers(0, size - 50)), int(generator.integers(10, size)))
        cv2.putText(page, "0.25 Index", corner, 0, 0.3, ink, 1)
    return page


def pie_chart(size: int, generator: np.random.Generator) -> Bytes:
    """Draw a circle of sectors."""
    page, start = np.full((size, size), 255, np.uint8), 0.0
    while start < 360:
        end = min(start + generator.uniform(15, 120), 360)
        cv2.ellipse(
            page, (size // 2, size // 2), (size // 3, size // 3), 0, start, end, int(generator.integers(0, 255)), -1
        )
        start = end
    return page


def form(size: int, generator: np.random.Generator) -> Bytes:
    """Draw a form: lines, boxes and words."""
    page = draw_text(size, generator)
    for _ in range(generator.integers(4, 14)):
        corner, edges = generator.integers(0, size, 2), generator.integers(10, size, 2)
        cv2.rectangle(page, corner.tolist(), (corner + edges).tolist(), int(generator.integers(0, 255)), 1)
    return page


SCANS: dict[str, Sequence[Draw]] = {
    "CT, drawn": (axial_slice, coronal_slice, coronal_slice, sagittal_slice, axial_soft_tissue),
    "ultrasound, drawn": (sector_scan, curved_scan, linear_scan),
    "other body parts, drawn": (hand, limb, draw_shapes, skull, pelvis),
    "photographs, drawn": (natural_texture, indoor_scene, animal),
    "charts and pages": (bar_chart, draw_text, form, pie_chart),
}
