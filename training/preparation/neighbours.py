"""Which pairs of films look alike enough to be compared in detail.

Each film's perceptual hash is compared with the hashes of all others, and of crops and the mirror image of all others,
by counting bits: 20,000 films are 2.8e9 pairs. A tree of distances (BK-tree) would visit nearly every node at this
radius.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imaging.opencv import cv2
from training.preparation.fingerprint import SIZE, Thumbnail, hash_thumbnail

NEAR_BITS = 68
"""Of 256. Measured on 1,236 films: 0.02 % of the pairs of different films, and 97 % of re-encoded, resized, windowed,
equalised or annotated copies are at most so far apart."""

_BLOCK = 8
"""Films that are compared with all others at once: what is counted stays in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A part of a film, or its mirror image: fractions of the edge that are cut off at top, bottom, left, right."""

    top: float = 0.0
    bottom: float = 0.0
    left: float = 0.0
    right: float = 0.0
    mirrored: bool = False

    def take(self, thumbnail: Thumbnail) -> Thumbnail:
        """Return the part, as large as the whole."""
        top, left = round(self.top * SIZE), round(self.left * SIZE)
        bottom, right = SIZE - round(self.bottom * SIZE), SIZE - round(self.right * SIZE)
        part = thumbnail[top:bottom, left:right]
        whole = part if part.shape == (SIZE, SIZE) else cv2.resize(part, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
        return np.ascontiguousarray(whole[:, ::-1]) if self.mirrored else whole


WHOLE, MIRROR = Variant(), Variant(mirrored=True)
VARIANTS = (
    WHOLE,
    MIRROR,
    *(Variant(cut, cut, cut, cut) for cut in (0.05, 0.1)),
    *(Variant(top=0.1), Variant(bottom=0.1), Variant(left=0.1), Variant(right=0.1)),
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two films of which one looks like a variant of the other; both are positions in the sequence of thumbnails."""

    film: int
    other: int
    variant: Variant


def find_candidates(thumbnails: Sequence[Thumbnail], near_bits: int = NEAR_BITS) -> Iterator[Candidate]:
    """Yield the pairs of films that may be the same.

    Parameters
    ----------
    thumbnails : sequence of ndarray of uint8, shape (SIZE, SIZE)
        One for each film.
    near_bits : int
        Largest Hamming distance of two hashes of 256 bits.

    Yields
    ------
    Candidate
        `variant` of film `film` looks like the whole of film `other`; a pair may come with several variants.
    """
    if len(thumbnails) < 2:
        return
    whole = _hash_all(thumbnails, WHOLE)

    def find(variant: Variant) -> list[Candidate]:
        hashes = whole if variant is WHOLE else _hash_all(thumbnails, variant)
        near = _find_near(hashes, whole, near_bits, symmetric=variant in (WHOLE, MIRROR))
        return [Candidate(film, other, variant) for film, other in near]

    # NumPy and OpenCV let go of the interpreter while they count
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
        for found in threads.map(find, VARIANTS):
            yield from found


def _hash_all(thumbnails: Sequence[Thumbnail], variant: Variant) -> npt.NDArray[np.uint64]:
    return np.stack([hash_thumbnail(variant.take(thumbnail)) for thumbnail in thumbnails], axis=1)


def _find_near(
    hashes: npt.NDArray[np.uint64], whole: npt.NDArray[np.uint64], near_bits: int, *, symmetric: bool
) -> Iterator[tuple[int, int]]:
    """Yield the pairs at most so many bits apart; of a symmetric comparison each pair once."""
    count = whole.shape[1]
    for start in range(0, count, _BLOCK):
        first = start if symmetric else 0
        block = hashes[:, start : start + _BLOCK, np.newaxis]
        different = np.empty((block.shape[1], count - first), np.uint64)
        distances = np.zeros(different.shape, np.uint16)
        for word in range(whole.shape[0]):
            np.bitwise_xor(block[word], whole[word, first:], out=different)
            distances += np.bitwise_count(different)
        for film, other in np.argwhere(distances <= near_bits):
            pair = int(film) + start, int(other) + first
            if pair[0] < pair[1] or (pair[0] > pair[1] and not symmetric):
                yield pair
