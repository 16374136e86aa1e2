"""What a film looks like, small enough to compare each film with all others.

The film is cut free of flat borders and squashed to a square thumbnail, so that copies which another data set resized,
squashed, padded or re-encoded give the same thumbnail. Its perceptual hash are the signs of the 16 x 16 lowest
frequencies (Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010): 256 bits, because
chest radiographs are so alike that with the usual 64 bits 0.28 % of all pairs of different films look like copies.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imaging import Radiograph
from imaging.opencv import cv2

Thumbnail = npt.NDArray[np.uint8]

VERSION = 1
"""Changes whenever the same film would give another fingerprint."""

SIZE = 128
"""Edge of a thumbnail, pixels: ribs and vessels tell one film of a patient from the next."""

_FLAT = 0.06
_SMALLEST_SHARE = 0.25
_HASHED_SIZE, _FREQUENCIES = 64, 16


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """A film's looks.

    Attributes
    ----------
    pixel_sha256 : str
        Hash over the displayed pixels, hex: the same for a film that was re-encoded without loss.
    rows, columns : int
        Size of the film, pixels.
    thumbnail : ndarray of uint8, shape (SIZE, SIZE)
    """

    pixel_sha256: str
    rows: int
    columns: int
    thumbnail: Thumbnail


def take_fingerprint(radiograph: Radiograph) -> Fingerprint:
    """Return the fingerprint of a film."""
    pixels = radiograph.pixels
    rows, columns = pixels.shape
    gray = np.rint(pixels * np.float32(65535)).astype("<u2")
    digest = hashlib.sha256(f"{rows}x{columns}:".encode() + gray.tobytes()).hexdigest()
    small = cv2.resize(_cut_flat_borders(pixels), (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return Fingerprint(digest, rows, columns, np.rint(np.clip(small, 0.0, 1.0) * 255).astype(np.uint8))


def _cut_flat_borders(pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    top, bottom = _find_inner(pixels.max(axis=1) - pixels.min(axis=1))
    left, right = _find_inner(pixels.max(axis=0) - pixels.min(axis=0))
    inner = pixels[top:bottom, left:right]
    return inner if inner.size >= _SMALLEST_SHARE * pixels.size else pixels


def _find_inner(spread: npt.NDArray[np.float32]) -> tuple[int, int]:
    lively = np.flatnonzero(spread > _FLAT)
    return (int(lively[0]), int(lively[-1]) + 1) if lively.size else (0, spread.size)


def hash_thumbnail(thumbnail: Thumbnail) -> npt.NDArray[np.uint64]:
    """Return the perceptual hash of a thumbnail, uint64 (4,)."""
    small = cv2.resize(thumbnail.astype(np.float32), (_HASHED_SIZE, _HASHED_SIZE), interpolation=cv2.INTER_AREA)
    frequencies = cv2.dct(small)[:_FREQUENCIES, :_FREQUENCIES].ravel()
    # the first is the mean brightness, which says nothing
    return np.packbits(frequencies > np.median(frequencies[1:])).view(np.uint64)
