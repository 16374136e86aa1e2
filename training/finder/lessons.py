"""One lesson: a picture, the lungs in it, and what kind of picture it is."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from imaging import normalize
from imaging.opencv import cv2
from imaging.phantoms.anatomy import draw_chest, draw_lungs
from inference.lungs import KINDS
from training.finder.distortion import cut_off, invert, place, retouch
from training.finder.drawings import draw_crude_chest, draw_other
from training.finder.pictures import PICTURE_SIZE, Pictures

Bytes = npt.NDArray[np.uint8]

SHARES = {"frontal": 0.5, "rotated": 0.1, "inverted": 0.08, "lateral": 0.06, "cut_off": 0.1, "other": 0.16}
PHANTOM_SHARE, CRUDE_SHARE = 0.06, 0.06
"""How many of the frontal films are phantoms: demonstration, self-test and trial files must pass the gate."""
PHANTOMS = 60
DRAWN_SHARE = 0.5
"""How many of the other pictures are drawn, and not found."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the network sees and shall say.

    Attributes
    ----------
    picture : numpy.ndarray
        uint8 (size, size).
    lungs : numpy.ndarray
        uint8 (size, size), 255 where lung is.
    weight : float
        How much the lungs of this lesson count: 0 where nobody can say where they are.
    kind : int
        Place in `inference.lungs.KINDS`.
    """

    picture: Bytes
    lungs: Bytes
    weight: float
    kind: int


class Teacher:
    """Draws lessons from some of the films, all with a lung mask, drawn by hand or by the network itself."""

    def __init__(self, pictures: Pictures, masks: dict[int, Bytes], size: int) -> None:
        self._pictures = pictures
        self._masks = masks
        self._places = sorted(masks)
        self._size = size

    def draw(self, generator: np.random.Generator, *, frontal_only: bool = False) -> Lesson:
        """Draw one lesson, of every kind with its share."""
        kind = "frontal" if frontal_only else str(generator.choice(list(SHARES), p=list(SHARES.values())))
        picture, lungs, weight = getattr(self, f"_draw_{kind}")(generator)
        return Lesson(retouch(picture, generator), lungs, weight, KINDS.index(kind))

    def _draw_film(self, generator: np.random.Generator) -> tuple[Bytes, Bytes]:
        at = self._places[generator.integers(len(self._places))]
        return self._pictures.films[at], self._masks[at]

    def _draw_frontal(self, generator: np.random.Generator) -> tuple[Bytes, Bytes, float]:
        sort = generator.random()
        if sort < PHANTOM_SHARE:
            film, mask = draw_phantom(int(generator.integers(PHANTOMS)), PICTURE_SIZE)
        elif sort < PHANTOM_SHARE + CRUDE_SHARE:
            film, mask = draw_crude_chest(PICTURE_SIZE, generator)
        else:
            film, mask = self._draw_film(generator)
        return *place(film, mask, self._size, generator), 1.0

    def _draw_rotated(self, generator: np.random.Generator) -> tuple[Bytes, Bytes, float]:
        film, mask = place(*self._draw_film(generator), self._size, generator)
        quarters = int(generator.integers(1, 4))
        return np.ascontiguousarray(np.rot90(film, quarters)), np.ascontiguousarray(np.rot90(mask, quarters)), 0.3

    def _draw_inverted(self, generator: np.random.Generator) -> tuple[Bytes, Bytes, float]:
        film, mask = self._draw_film(generator)
        return *place(invert(film, generator), mask, self._size, generator), 0.0

    def _draw_lateral(self, generator: np.random.Generator) -> tuple[Bytes, Bytes, float]:
        picture = self._pictures.laterals[generator.integers(len(self._pictures.laterals))]
        return *place(picture, np.zeros_like(picture), self._size, generator), 0.0

    def _draw_cut_off(self, generator: np.random.Generator) -> tuple[Bytes, Bytes, float]:
        picture = None
        while picture is None:
            picture = cut_off(*self._draw_film(generator), self._size, generator)
        return picture, np.zeros_like(picture), 0.0

    def _draw_other(self, generator: np.random.Generator) -> tuple[Bytes, Bytes, float]:
        if generator.random() < DRAWN_SHARE:
            picture = draw_other(self._size, generator)
            return picture, np.zeros_like(picture), 1.0
        picture = crop_picture(self._pictures.others[generator.integers(len(self._pictures.others))], generator)
        return *place(picture, np.zeros_like(picture), self._size, generator), 1.0


def crop_picture(picture: Bytes, generator: np.random.Generator) -> Bytes:
    """Cut a square out, turn it by quarters and now and then exchange black and white: one picture gives many."""
    size = picture.shape[0]
    edge = int(generator.integers(size // 3, size + 1))
    top, left = generator.integers(0, size - edge + 1, 2)
    part = np.rot90(picture[top : top + edge, left : left + edge], int(generator.integers(0, 4)))
    resized = np.asarray(cv2.resize(np.ascontiguousarray(part), (size, size)))
    return 255 - resized if generator.random() < 0.3 else resized


@cache
def draw_phantom(seed: int, size: int) -> tuple[Bytes, Bytes]:
    """Return a phantom of `imaging.phantoms.files` and its lungs, uint8 (size, size) each."""
    film, lungs = (normalize(draw(seed, 5 * size // 4, size), size) for draw in (draw_chest, draw_lungs))
    return np.rint(film * 255).astype(np.uint8), np.rint(lungs * 255).astype(np.uint8)


def draw_phantoms(generator: np.random.Generator) -> list[Bytes]:
    """Return as many phantoms of each of the two sorts as are learnt from."""
    crude = [draw_crude_chest(PICTURE_SIZE, generator)[0] for _ in range(PHANTOMS)]
    return [draw_phantom(seed, PICTURE_SIZE)[0] for seed in range(PHANTOMS)] + crude
