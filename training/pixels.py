"""Decoding and normalising a data set once, through the same `imaging` that serves."""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imaging import RadiographError, decode_radiograph, normalize, read_source
from training.dataset import Case
from training.overlap import hash_films

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Radiographs:
    """Normalised radiographs in memory.

    Attributes
    ----------
    cases : tuple of Case
        Those that could be read.
    pixels : numpy.ndarray
        uint8 (cases, size, size): [0, 1] in steps of 1/255, a quarter of the memory of float32 and far finer than
        what augmentation changes.
    source_sha256 : tuple of str
        Hash of each file, hex.
    """

    cases: tuple[Case, ...]
    pixels: npt.NDArray[np.uint8]
    source_sha256: tuple[str, ...]

    def to_batch(self, indices: slice) -> npt.NDArray[np.float32]:
        """Return model input, float32 (batch, size, size, 1) in [0, 1]."""
        return self.pixels[indices, :, :, np.newaxis].astype(np.float32) / 255.0


def read_radiographs(cases: Sequence[Case], size: int, *, progress: Iterable[Case] | None = None) -> Radiographs:
    """Read, decode and normalise the files of a data set; one that `imaging` refuses is left out and counted.

    Parameters
    ----------
    cases : sequence of Case
        What to read.
    size : int
        Rows and columns in pixels.
    progress : iterable of Case, optional
        The same cases, wrapped in a progress bar.

    Raises
    ------
    OSError
        A file vanished or cannot be opened.
    """
    pixels = np.zeros((len(cases), size, size), dtype=np.uint8)
    kept: list[Case] = []
    hashes: list[str] = []
    refused: Counter[str] = Counter()
    for case in progress if progress is not None else cases:
        source = read_source(case.path)
        try:
            normal = normalize(decode_radiograph(source.content).pixels, size)
        except RadiographError as error:
            refused[error.reason_code] += 1
            continue
        pixels[len(kept)] = np.rint(normal * 255.0).astype(np.uint8)
        kept.append(case)
        hashes.append(source.sha256)
    for reason_code, count in sorted(refused.items()):
        log.warning("%d files of the data set left out: %s", count, reason_code)
    return Radiographs(tuple(kept), pixels[: len(kept)], tuple(hashes))


def hash_training_data(radiographs: Radiographs) -> str:
    """Return one SHA-256, in hex, over the sorted hashes and reference labels: the same films give the same hash."""
    return hash_films(radiographs.cases, radiographs.source_sha256)
