from collections.abc import Callable

import cv2
import numpy as np
import pytest

from imaging import Identity, Radiograph
from tests.training.preparation.factories import draw_noise
from training.preparation.fingerprint import Fingerprint, take_fingerprint
from training.preparation.neighbours import VARIANTS, find_candidates
from training.preparation.registration import SAME_FILM, correlate_films

Pixels = np.ndarray
FILM = draw_noise(1, 400)


def fingerprint(pixels: Pixels) -> Fingerprint:
    return take_fingerprint(Radiograph(np.ascontiguousarray(pixels, np.float32), Identity()))


def best_correlation(first: Pixels, second: Pixels) -> float:
    thumbnails = [fingerprint(first).thumbnail, fingerprint(second).thumbnail]
    found = (correlate_films(thumbnails[c.film], thumbnails[c.other], c.variant) for c in find_candidates(thumbnails))
    return max(found, default=-1.0)


def to_jpeg(pixels: Pixels) -> Pixels:
    encoded = cv2.imencode(".jpg", (pixels * 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 30])[1]
    return cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255


def annotate(pixels: Pixels) -> Pixels:
    marked = (pixels * 255).astype(np.uint8)
    cv2.arrowedLine(marked, (20, 200), (140, 200), 255, 3)
    return marked.astype(np.float32) / 255


@pytest.mark.parametrize(
    "change",
    [
        lambda film: cv2.resize(film, (299, 299), interpolation=cv2.INTER_AREA),
        lambda film: cv2.resize(film, (700, 350)),
        to_jpeg,
        lambda film: film**1.5,
        lambda film: np.clip((film - 0.1) / 0.7, 0, 1),
        lambda film: np.pad(film, ((0, 0), (60, 60))),
        lambda film: np.pad(film, 20, constant_values=1.0),
        lambda film: film[20:-20, 20:-20],
        lambda film: film[:, 40:],
        lambda film: film[:, ::-1],
        annotate,
    ],
    ids=["299", "squashed", "jpeg", "gamma", "window", "padded", "framed", "cropped", "side", "mirrored", "arrow"],
)
def test_a_changed_copy_is_the_same_film(change: Callable[[Pixels], Pixels]) -> None:
    assert best_correlation(FILM, change(FILM)) >= SAME_FILM


def test_other_films_are_not() -> None:
    thumbnails = [fingerprint(draw_noise(seed, 300)).thumbnail for seed in range(20)]
    found = [correlate_films(thumbnails[c.film], thumbnails[c.other], c.variant) for c in find_candidates(thumbnails)]
    assert max(found, default=-1.0) < SAME_FILM


def test_each_pair_of_equal_films_is_found_once_as_a_whole() -> None:
    thumbnail = fingerprint(FILM).thumbnail
    whole = [c for c in find_candidates([thumbnail, thumbnail, thumbnail]) if c.variant == VARIANTS[0]]
    assert sorted((c.film, c.other) for c in whole) == [(0, 1), (0, 2), (1, 2)]


@pytest.mark.parametrize("count", [0, 1])
def test_no_pair_without_two_films(count: int) -> None:
    assert list(find_candidates([fingerprint(FILM).thumbnail] * count)) == []


def test_a_film_without_common_structure_cannot_be_registered() -> None:
    flat = np.zeros((128, 128), np.uint8)
    assert correlate_films(fingerprint(FILM).thumbnail, flat, VARIANTS[0]) < SAME_FILM


def test_pixels_decide_the_pixel_hash_not_the_file() -> None:
    assert fingerprint(FILM).pixel_sha256 == fingerprint(FILM.copy()).pixel_sha256
    assert fingerprint(FILM).pixel_sha256 != fingerprint(FILM * np.float32(0.99)).pixel_sha256
