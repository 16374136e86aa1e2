"""Pictures that hold chest films and are not one: several side by side, screens, photographs of a monitor, pages.

Each kind is drawn in several styles. The last one of each is not learnt from: it is what the gate is measured on.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from imaging.opencv import cv2
from training.finder.canvas import Bytes, PickFilm, fit_in
from training.finder.monitors import lightbox, monitor_close_up, monitor_from_the_side, monitor_in_a_room

Draw: TypeAlias = Callable[[PickFilm, int, np.random.Generator], Bytes]

_WORDS = ("File", "Edit", "View", "Series 1", "W 400 L 40", "Zoom 1.2", "CHEST", "Im: 1/2", "PATIENT", "12:30")


def _grid(pick: PickFilm, size: int, generator: np.random.Generator, rows: int, columns: int) -> Bytes:
    """Lay films out in rows and columns on a ground, with a gap or without; now and then one film twice."""
    canvas = np.full((size, size), generator.choice([0, 0, 255, int(generator.integers(0, 256))]), np.uint8)
    gap = int(generator.choice([0, 1, 2, int(generator.integers(3, 16))]))
    stretch, same = generator.random() < 0.4, generator.random() < 0.15
    high, wide = (size - gap * (rows - 1)) // rows, (size - gap * (columns - 1)) // columns
    shape = 1.0 if rows != columns else generator.uniform(0.7, 1.0)
    if rows != columns and generator.random() < 0.75:  # as a wide or tall picture: films keep their proportions
        edge = round(min(high, wide) * generator.uniform(0.85, 1.35))
        high, wide = min(high, edge), min(wide, edge)
    high = int(high * shape)
    top, left = (size - rows * high - gap * (rows - 1)) // 2, (size - columns * wide - gap * (columns - 1)) // 2
    if generator.random() < 0.7:
        canvas[:top], canvas[top + rows * high + gap * (rows - 1) :] = 0, 0
        canvas[:, :left], canvas[:, left + columns * wide + gap * (columns - 1) :] = 0, 0
    film = pick(generator)
    for row in range(rows):
        for column in range(columns):
            place = (top + row * (high + gap), left + column * (wide + gap))
            fit_in(canvas, film if same else pick(generator), *place, high, wide, stretch=bool(stretch))
    return canvas


def two_side_by_side(pick: PickFilm, size: int, generator: np.random.Generator) -> Bytes:
    """Two films next to each other."""
    return _grid(pick, size, generator, 1, 2)


def two_above_each_other(pick: PickFilm, size: int, generator: np.random.Generator) -> Bytes:
    """Two films, one above the other."""
    return _grid(pick, size, generator, 2, 1)


def before_and_after(pick: PickFilm, size: int, generator: np.random.Generator) -> Bytes:
    """Two films side by side as in a journal: letters in the corners, a caption below."""
    canvas = np.full((size, size), 255, np.uint8)
    high, wide = int(size * generator.uniform(0.42, 0.7)), size // 2 - int(generator.integers(1, 6))
    top = int(size * generator.uniform(0.02, 0.2))
    for place, letter in ((0, "A"), (size - wide, "B")):
        fit_in(canvas, pick(generator), top, place, high, wide, stretch=True)
        cv2.putText(canvas, letter, (place + 5, top + high - 6), 0, 0.6, 255, 1)
    _write_lines(canvas, top + high + 12, 3, size - 3, 0, generator)
    return canvas


def four(pick: PickFilm, size: int, generator: np.random.Generator) -> Bytes:
    """Two rows of two films."""
    return _grid(pick, size, generator, 2, 2)


def strip(pick: PickFilm, size: int, generator: np.random.Generator) -> Bytes:
    """Three or four films in a row."""
    return _grid(pick, size, generator, 1, int(generator.integers(3, 5)))


def six(pick: PickFilm, size: int, generator: np.random.Generator) -> Bytes:
    """Two rows of three films, or three of two."""
    return _grid(pick, size, generator, *((2, 3) if generator.random() < 0.5 else (3, 2)))


def nine(pick: PickFilm, size: int, generator: np.random.Generator) -> Bytes:
    """Three rows of three films."""
    return _grid(pick, size, generator, 3, 3)


def _write_lines(canvas: Bytes, top: int, left: int, right: int, ink: int, generator: np.random.Generator) -> None:
    line = top
    while line < canvas.shape[0] - 2 and line < top + 70:
        words = " ".join(generator.choice(_WORDS, 6))
        cv2.putText(canvas, words[: max(1, (right - left) // 6)], (left, line), 0, 0.3, int(ink), 1)
        line += 10


def _draw_window(
    pick: PickFilm,
    size: int,
    generator: np.random.Generator,
    *,
    bars: tuple[int, int, int, int],
    ground: int,
    panel: int,
    ink: int,
) -> Bytes:
    """Draw a film amid bars of so many pixels above, below, left and right, with icons and words on them."""
    canvas = np.full((size, size), panel, np.uint8)
    above, below, before, behind = bars
    canvas[above : size - below, before : size - behind] = ground
    room = (above, before, size - above - below, size - before - behind)
    fit_in(canvas, pick(generator), *room, stretch=generator.random() < 0.3)
    _draw_buttons(canvas, bars, ink, generator)
    for _ in range(generator.integers(2, 7)):
        corner = (int(generator.integers(before, size - 50)), int(generator.integers(above + 8, size - below)))
        cv2.putText(canvas, str(generator.choice(_WORDS)), corner, 0, 0.3, int(generator.integers(150, 256)), 1)
    return canvas


def _draw_buttons(canvas: Bytes, bars: tuple[int, int, int, int], ink: int, generator: np.random.Generator) -> None:
    size, step = canvas.shape[0], int(generator.integers(9, 20))
    above, below, before, behind = bars
    sides = ((above, 0, True), (below, size - below, True), (before, 0, False), (behind, size - behind, False))
    for thick, start, lies in sides:
        if thick < 6:
            continue
        for at in range(3, size - step, step):
            corner = (at, start + 2) if lies else (start + 2, at)
            edge = min(thick - 4, step - 3)
            colour = int(np.clip(ink + generator.integers(-60, 60), 0, 255))
            cv2.rectangle(canvas, corner, (corner[0] + edge, corner[1] + edge), colour, int(generator.choice([-1, 1])))
        if lies and generator.random() < 0.7:
            cv2.putText(canvas, " ".join(generator.choice(_WORDS, 5)), (3, start + thick - 3), 0, 0.3, ink, 1)


def dark_viewer(pick: PickFilm, size: int, generator: np.random.Generator) -> Bytes:
    """Draw a viewer with dark bars above and at the left."""
    bars = (*generator.integers(10, 34, 1).tolist(), int(generator.integers(0, 14)), int(generator.integers(12, 60)), 0)
    panel = int(generator.integers(20, 80))
    return _draw_window(pick, size, generator, bars=bars, ground=0, panel=panel, ink=170)


def light_viewer(pick: PickFilm, size: int, generator: np.random.Generator) -> Bytes:
    """Draw a window with light bars on two to four sides."""
    bars = (int(generator.integers(12, 36)), int(generator.integers(6, 24)), *generator.integers(0, 50, 2).tolist())
    panel, ground = int(generator.integers(190, 250)), int(generator.choice([0, 40, 255]))
    return _draw_window(pick, size, generator, bars=bars, ground=ground, panel=panel, ink=90)


def browser(pick: PickFilm, size: int, generator: np.random.Generator) -> Bytes:
    """Draw a web page: a bar above, a film of a part of the width, text below or beside it."""
    canvas = np.full((size, size), int(generator.integers(235, 256)), np.uint8)
    canvas[: int(generator.integers(14, 40))] = int(generator.integers(150, 230))
    wide, top = int(size * generator.uniform(0.4, 0.8)), int(generator.integers(40, 70))
    high = min(int(wide * generator.uniform(0.8, 1.2)), size - top - 5)
    left = int(generator.integers(0, size - wide))
    fit_in(canvas, pick(generator), top, left, high, wide, stretch=True)
    _write_lines(canvas, 12, 3, size, 60, generator)
    _write_lines(canvas, top + high + 10, 5, size, 40, generator)
    return canvas


def viewer_with_list(pick: PickFilm, size: int, generator: np.random.Generator) -> Bytes:
    """Draw a viewer with a list of small films or of text at the right, and bars above and below."""
    list_wide = int(size * generator.uniform(0.18, 0.35))
    bars = (int(generator.integers(8, 26)), int(generator.integers(8, 20)), 0, list_wide)
    panel = int(generator.choice([30, 60, 225]))
    canvas = _draw_window(pick, size, generator, bars=bars, ground=0, panel=panel, ink=255 - panel)
    edge = list_wide - 6
    for top in range(bars[0] + 3, size - bars[1] - edge, edge + 4):
        fit_in(canvas, pick(generator), top, size - list_wide + 3, edge, edge)
    return canvas


def small_on_a_page(pick: PickFilm, size: int, generator: np.random.Generator) -> Bytes:
    """Draw a thumbnail on an empty page."""
    canvas = np.full((size, size), int(generator.choice([0, 255, 255, int(generator.integers(0, 256))])), np.uint8)
    edge = int(size * generator.uniform(0.12, 0.48))
    high = int(edge * generator.uniform(0.8, 1.25))
    top, left = int(generator.integers(0, size - high)), int(generator.integers(0, size - edge))
    fit_in(canvas, pick(generator), top, left, high, edge, stretch=True)
    return canvas


def small_with_text(pick: PickFilm, size: int, generator: np.random.Generator) -> Bytes:
    """Draw a thumbnail in a report, with lines of text."""
    canvas = small_on_a_page(pick, size, generator)
    ink = 255 - int(np.median(canvas))
    for _ in range(generator.integers(1, 4)):
        _write_lines(canvas, int(generator.integers(8, size - 30)), 4, size - 4, ink, generator)
    return canvas


def few_pixels(pick: PickFilm, size: int, generator: np.random.Generator) -> Bytes:
    """Draw a thumbnail of 12 to 30 pixels, enlarged."""
    edge = int(generator.integers(12, 31))
    small = cv2.resize(pick(generator), (edge, edge), interpolation=cv2.INTER_AREA)
    way = cv2.INTER_NEAREST if generator.random() < 0.5 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(small, (size, size), interpolation=way))


def contact_sheet(pick: PickFilm, size: int, generator: np.random.Generator) -> Bytes:
    """Thumbnails in some of the places of a sheet, each with a name below it."""
    canvas = np.full((size, size), int(generator.choice([0, 255])), np.uint8)
    ink, edge = 255 - int(canvas[0, 0]), int(generator.integers(40, 76))
    for top in range(6, size - edge - 12, edge + 16):
        for left in range(6, size - edge, edge + 10):
            if generator.random() < 0.7:
                fit_in(canvas, pick(generator), top, left, edge, edge)
                cv2.putText(canvas, "IMG 01", (left, top + edge + 10), 0, 0.28, ink, 1)
    return canvas


MONTAGES: dict[str, Sequence[Draw]] = {
    "two films": (two_side_by_side, two_side_by_side, two_above_each_other, before_and_after),
    "several films": (four, four, strip, six, nine),
    "screenshots": (dark_viewer, light_viewer, browser, viewer_with_list),
    "monitor photographs": (monitor_in_a_room, monitor_close_up, lightbox, monitor_from_the_side),
    "thumbnails": (small_on_a_page, small_with_text, few_pixels, contact_sheet),
}
