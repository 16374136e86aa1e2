"""Drawn things that are no examination: fur and other textures, rooms, charts, forms."""

import numpy as np

from imaging.opencv import cv2
from training.finder.canvas import Bytes, draw_texture, fill, finish
from training.finder.drawings import draw_text


def natural_texture(size: int, generator: np.random.Generator) -> Bytes:
    """Fur, leaves, clouds: a texture with the spectrum of photographs, of one to four regions."""
    canvas = 128 + draw_texture(size, generator, float(generator.uniform(0.8, 1.6))) * generator.uniform(25, 70)
    for _ in range(generator.integers(0, 4)):
        region = draw_texture(size, generator, 2.2) > generator.uniform(-0.5, 1.2)
        other = draw_texture(size, generator, float(generator.uniform(0.7, 1.6))) * generator.uniform(10, 60)
        canvas[region] = (generator.uniform(30, 220) + other)[region]
    return np.asarray(np.clip(canvas, 0, 255), dtype=np.uint8)


def animal(size: int, generator: np.random.Generator) -> Bytes:
    """Draw a furry thing with a head, ears and eyes before a ground."""
    canvas = np.asarray(natural_texture(size, generator), np.float32)
    fur, mask = generator.uniform(30, 230), np.zeros((size, size), np.float32)
    at = (generator.uniform(0.35, 0.65), generator.uniform(0.3, 0.5))
    fill(mask, (at[0] + generator.uniform(-0.1, 0.1), 0.9), (0.3, 0.4), 1.0)
    fill(mask, at, (generator.uniform(0.14, 0.25), generator.uniform(0.14, 0.25)), 1.0)
    for side in (-1, 1):
        fill(mask, (at[0] + side * 0.13, at[1] - 0.18), (0.05, 0.1), 1.0, side * 20)
    grown = fur + draw_texture(size, generator, 0.9) * generator.uniform(10, 40)
    canvas[mask > 0.5] = grown[mask > 0.5]
    for side in (-1, 1):
        fill(canvas, (at[0] + side * 0.07, at[1] - 0.03), (0.025, 0.025), float(generator.choice([5, 240])))
    return finish(canvas, generator)


def indoor_scene(size: int, generator: np.random.Generator) -> Bytes:
    """Straight-edged things of even shade before a wall."""
    canvas = cv2.resize(generator.uniform(40, 220, (2, 2)).astype(np.float32), (size, size))
    for _ in range(generator.integers(3, 14)):
        corners = generator.integers(-20, size + 20, 2) + generator.integers(-size // 3, size // 3, (4, 2))
        cv2.fillConvexPoly(canvas, cv2.convexHull(corners.astype(np.int32)), float(generator.uniform(0, 255)))
    return finish(canvas, generator)


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
