"""Reading, framing and drawing a data set, through the same `imaging` and `inference` that serve."""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from imaging import RadiographError, decode_radiograph, normalize, read_source
from inference.bundle import SHIPPED_BUNDLE
from inference.classifier import FILM_SIZE
from inference.framing import Box, cut, find_box, frame, soften
from training.data.augmentation import augment
from training.data.dataset import UNKNOWN, Case
from training.data.gate import Gate
from training.data.overlap import hash_films

log = logging.getLogger(__name__)

CONTEXT_MARGIN = 0.22
"""What is kept round the lungs, as a share of their size: augmentation moves and turns the frame within it."""
CONTEXT_FACTOR = 10 / 7
"""The kept part has this many pixels for one of the model's input: the frame in it then loses no resolution."""


@dataclass(frozen=True, slots=True)
class Radiographs:
    """Framed radiographs in memory, uint8 in steps of 1/255: finer than what augmentation changes.

    Attributes
    ----------
    cases : tuple of Case
        Those that could be read.
    framed : numpy.ndarray
        uint8 (cases, size, size), the model's input as it is served.
    context : numpy.ndarray
        uint8 (cases, c, c) with c = `CONTEXT_FACTOR` * size: the lungs with `CONTEXT_MARGIN` round them.
    visible : numpy.ndarray
        uint8, as `context`: 255 where the model may look (`inference.framing.soften`).
    boxes : numpy.ndarray
        float32 (cases, 4): top, bottom, left and right of the frame, as shares of the context.
    source_sha256 : tuple of str
        Hash of each file, hex.
    """

    cases: tuple[Case, ...]
    framed: npt.NDArray[np.uint8]
    context: npt.NDArray[np.uint8]
    visible: npt.NDArray[np.uint8]
    boxes: npt.NDArray[np.float32]
    source_sha256: tuple[str, ...]

    def draw_view(
        self,
        index: int,
        size: int,
        generator: np.random.Generator,
        style: int | None = None,
        *,
        is_empty: bool = False,
    ) -> npt.NDArray[np.float32]:
        """Return one augmented model input, float32 (size, size) in [0, 1], perhaps in the style of another film.

        An empty one shows the lungs' outline and nothing in it.
        """
        other = None if style is None else self.context[style]
        film = self.context[index], self.visible[index], self.boxes[index]
        return augment(*film, size, generator, other, is_empty=is_empty)

    def to_batch(self, indices: slice) -> npt.NDArray[np.float32]:
        """Return model input, float32 (batch, size, size, 1) in [0, 1]."""
        return self.framed[indices, :, :, np.newaxis].astype(np.float32) / 255.0


def read_radiographs(
    cases: Sequence[Case], size: int, *, lungs: Path = SHIPPED_BUNDLE, progress: Iterable[Case] | None = None
) -> Radiographs:
    """Read and frame the files of a data set; one that `imaging` refuses is left out and counted.

    A film whose view nobody states has to pass the gate too: folders hold lateral films, and slices of CT.

    Parameters
    ----------
    cases : sequence of Case
        What to read.
    size : int
        Rows and columns of the model's input in pixels.
    lungs : Path
        Bundle whose lung finder and gate the model will stand behind.
    progress : iterable of Case, optional
        The same cases, wrapped in a progress bar.

    Raises
    ------
    OSError
        A file vanished or cannot be opened.
    BundleError
        `lungs` is no bundle.
    """
    gate = Gate.load(lungs)
    wide = round(size * CONTEXT_FACTOR)
    framed = np.zeros((len(cases), size, size), dtype=np.uint8)
    context = np.zeros((len(cases), wide, wide), dtype=np.uint8)
    visible = np.zeros_like(context)
    boxes = np.zeros((len(cases), 4), dtype=np.float32)
    kept: list[Case] = []
    hashes: list[str] = []
    refused: Counter[str] = Counter()
    for case in progress if progress is not None else cases:
        try:
            source = read_source(case.path.resolve())  # a data set may be made of links
            film, seen = _find_lungs(gate, source.content, check=case.view == UNKNOWN)
        except RadiographError as error:
            refused[error.reason_code] += 1
            continue
        place = len(kept)
        framed[place] = _to_bytes(frame(film, seen, size))
        context[place], visible[place], boxes[place] = _cut_context(film, seen, wide)
        kept.append(case)
        hashes.append(source.sha256)
    for reason_code, count in sorted(refused.items()):
        log.warning("%d files of the data set left out: %s", count, reason_code)
    count = len(kept)
    return Radiographs(tuple(kept), framed[:count], context[:count], visible[:count], boxes[:count], tuple(hashes))


def _find_lungs(gate: Gate, content: bytes, *, check: bool) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return a film in its square and the lung probability there; raises RadiographError where it is refused."""
    film = normalize(decode_radiograph(content).pixels, FILM_SIZE)
    sighting = gate.find_lungs(film)
    if check:
        gate.check(sighting)
    return film, sighting.lungs


def keep_first_copies(radiographs: Radiographs) -> Radiographs:
    """Return each film once: files of the same bytes would count twice in training and in every figure."""
    hashes = radiographs.source_sha256
    places = sorted({sha256: place for place, sha256 in reversed(list(enumerate(hashes)))}.values())
    if len(places) == len(hashes):
        return radiographs
    return Radiographs(
        cases=tuple(radiographs.cases[place] for place in places),
        framed=radiographs.framed[places],
        context=radiographs.context[places],
        visible=radiographs.visible[places],
        boxes=radiographs.boxes[places],
        source_sha256=tuple(hashes[place] for place in places),
    )


def _cut_context(
    film: npt.NDArray[np.float32], lungs: npt.NDArray[np.float32], size: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], tuple[float, float, float, float]]:
    outer, inner = find_box(lungs, CONTEXT_MARGIN), find_box(lungs)
    top, bottom, left, right = shares = _to_shares(inner, outer)
    visible = soften(cut(lungs, outer, size), share=(bottom - top + right - left) / 2)
    return _to_bytes(cut(film, outer, size)), _to_bytes(visible), shares


def _to_shares(inner: Box, outer: Box) -> tuple[float, float, float, float]:
    high, wide = outer.bottom - outer.top, outer.right - outer.left
    top, bottom = (inner.top - outer.top) / high, (inner.bottom - outer.top) / high
    return top, bottom, (inner.left - outer.left) / wide, (inner.right - outer.left) / wide


def _to_bytes(pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    return np.asarray(np.rint(pixels * 255.0), dtype=np.uint8)


def hash_training_data(radiographs: Radiographs) -> str:
    """Return one SHA-256, in hex, over the sorted hashes and reference labels: the same films give the same hash."""
    return hash_films(radiographs.cases, radiographs.source_sha256)
