"""One film through the classifier that serves, and what an audit wants to know of it; films in several processes."""

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from imaging import RadiographError, UnreadableRadiographError, decode_radiograph, normalize, read_source
from imaging.opencv import cv2
from inference.classifier import FILM_SIZE, Classifier
from inference.framing import LUNG_PROBABILITY, Box, frame
from inference.prediction import Prediction
from training.data.dataset import Case
from training.evaluation.judged_films import THUMBNAIL, Evidence, ExaminedFilm, Focus, RefusedFilm
from training.evaluation.shortcuts.masking import keep_border, remove_lungs

Pixels = npt.NDArray[np.float32]

CHUNK = 8


@dataclass(frozen=True, slots=True)
class Examination:
    """What became of one film of the data set; the hash is "" where its bytes could not be read."""

    film: ExaminedFilm | RefusedFilm
    source_sha256: str


def examine_case(classifier: Classifier, case: Case) -> Examination:
    """Read and classify one film as serving does, and gather the evidence.

    Raises
    ------
    OSError
        The file vanished or cannot be opened.
    """
    sha256, shape = "", (0, 0)
    try:
        source = read_source(case.path.resolve())  # a data set may be made of links
        sha256 = source.sha256
        radiograph = decode_radiograph(source.content)
        shape = radiograph.pixels.shape
        prediction = classifier.predict_radiograph(radiograph)
    except RadiographError as error:
        unreadable = isinstance(error, UnreadableRadiographError)
        return Examination(RefusedFilm(case, error.reason_code, unreadable, *shape), sha256)
    evidence = _gather(classifier, radiograph.pixels, prediction)
    return Examination(ExaminedFilm(case, prediction, *shape, evidence=evidence), sha256)


def examine_cases(folder: Path, cases: Sequence[Case], workers: int | None = None) -> Iterator[Examination]:
    """Examine films in several processes, each with a classifier of its own.

    Parameters
    ----------
    folder : Path
        The bundle's folder; it was loaded once before, so that what is wrong with it is known.
    cases : sequence of Case
        The films.
    workers : int, optional
        How many processes; by default one for each core that this process may use; 1 starts none.

    Yields
    ------
    Examination
        In the order of the cases.
    """
    workers = min(workers or len(os.sched_getaffinity(0)), max(1, len(cases) // CHUNK))
    if workers == 1:
        classifier = Classifier.load(folder)
        yield from (examine_case(classifier, case) for case in cases)
        return
    # a process that is spawned has none of this one's threads, and nothing that a fork would share
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, spawned, initializer=_load, initargs=(folder,)) as pool:
        try:
            yield from pool.map(_examine, cases, chunksize=CHUNK)
        finally:
            pool.shutdown(cancel_futures=True)


_loaded: dict[str, Classifier] = {}
"""The classifier of a worker process, loaded once by its initializer."""


def _load(folder: Path) -> None:
    # Ctrl-C reaches the whole group: the parent ends the work, and one traceback for each core says nothing
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _loaded["classifier"] = Classifier.load(folder)


def _examine(case: Case) -> Examination:
    return examine_case(_loaded["classifier"], case)


def _gather(classifier: Classifier, pixels: Pixels, prediction: Prediction) -> Evidence:
    film = normalize(pixels, FILM_SIZE)
    lungs = classifier.find_lungs(film)
    changed = remove_lungs(film, lungs), keep_border(film, lungs, _find_content(*pixels.shape))
    batch = np.stack([classifier.frame(each, lungs) for each in changed])[..., np.newaxis]
    without_lungs, border_only = classifier.predict(batch)
    return Evidence(
        framed=_to_bytes(classifier.frame(film, lungs)),
        film_thumbnail=_to_bytes(cv2.resize(pixels, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA)),
        focus=measure_focus(prediction.activation_map, frame(lungs, lungs, classifier.bundle.input_size)),
        without_lungs=without_lungs,
        border_only=border_only,
    )


def measure_focus(activation_map: Pixels, framed_lungs: Pixels) -> Focus:
    """Say how much of an activation map lies in the lungs.

    Parameters
    ----------
    activation_map : numpy.ndarray
        float32 (rows, columns) in [0, 1], coarse; it covers the framed film.
    framed_lungs : numpy.ndarray
        float32 (size, size) in [0, 1], lung probability in the frame.
    """
    inside = framed_lungs >= LUNG_PROBABILITY
    area, mass = float(inside.mean()), float(activation_map.sum())
    if mass == 0.0:
        return Focus(np.nan, area, np.nan)
    fine = cv2.resize(activation_map, framed_lungs.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return Focus(float(fine[inside].sum() / fine.sum()), area, float(inside.flat[int(fine.argmax())]))


def _find_content(rows: int, columns: int) -> Box:
    """Return where `imaging.normalize` puts a film of this size in its square."""
    longest = max(rows, columns)
    high, wide = max(1, round(rows * FILM_SIZE / longest)), max(1, round(columns * FILM_SIZE / longest))
    top, left = (FILM_SIZE - high) // 2, (FILM_SIZE - wide) // 2
    return Box(top, top + high, left, left + wide)


def _to_bytes(pixels: Pixels) -> npt.NDArray[np.uint8]:
    return np.asarray(np.rint(np.clip(pixels, 0.0, 1.0) * 255.0), dtype=np.uint8)
