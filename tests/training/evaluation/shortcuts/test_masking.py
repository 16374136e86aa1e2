import numpy as np
import pytest

from imaging.opencv import cv2
from inference.framing import Box
from training.evaluation.shortcuts.masking import BORDER, find_lung_hull, keep_border, remove_lungs

SIZE = 256
WHOLE = Box(0, SIZE, 0, SIZE)


@pytest.fixture
def lungs() -> np.ndarray:
    probability = np.zeros((SIZE, SIZE), np.float32)
    for column in (85, 171):
        cv2.ellipse(probability, (column, 128), (30, 70), 0, 0, 360, 1.0, -1)
    return probability


@pytest.fixture
def film() -> np.ndarray:
    return np.random.default_rng(0).random((SIZE, SIZE), dtype=np.float32)


def test_the_hull_is_wider_than_the_lungs_and_fills_what_is_missing_in_them(lungs: np.ndarray):
    lungs[100:150, 60:90] = 0.0
    hull = find_lung_hull(lungs)
    assert hull[125, 75]
    assert hull[128, 85 + 32]
    assert not hull[128, 128]


def test_a_speck_is_no_lung(lungs: np.ndarray):
    lungs[10:14, 10:14] = 1.0
    assert not find_lung_hull(lungs)[12, 12]


def test_without_lungs_nothing_of_them_is_left_and_the_rest_is_untouched(film: np.ndarray, lungs: np.ndarray):
    hull = find_lung_hull(lungs)
    changed = film.copy()
    changed[hull] = 0.0
    assert np.array_equal(remove_lungs(film, lungs), remove_lungs(changed, lungs))
    assert np.array_equal(remove_lungs(film, lungs)[~hull], film[~hull])


def test_what_replaces_the_lungs_is_as_bright_as_what_surrounds_them(lungs: np.ndarray):
    film = np.full((SIZE, SIZE), 0.2, np.float32)
    film[:, SIZE // 2 :] = 0.8
    film[lungs > 0] = 0.0
    without = remove_lungs(film, lungs)
    assert without[128, 60] == pytest.approx(0.2, abs=0.05)
    assert without[128, 196] == pytest.approx(0.8, abs=0.05)


def test_the_border_alone_is_kept_without_the_lungs_in_it(film: np.ndarray, lungs: np.ndarray):
    lungs[0:100, 75:95] = 1.0
    kept = keep_border(film, lungs, WHOLE)
    depth = round(BORDER * SIZE)
    assert np.array_equal(kept[-depth:], film[-depth:])
    assert np.ptp(kept[depth:-depth, depth:-depth]) == 0.0
    assert kept[5, 85] == kept[128, 128] != film[5, 85]


def test_the_border_is_the_films_and_not_the_paddings(film: np.ndarray, lungs: np.ndarray):
    film[:, :20] = film[:, -20:] = 0.0
    kept = keep_border(film, lungs, Box(0, SIZE, 20, SIZE - 20))
    assert np.array_equal(kept[100:150, 20:45], film[100:150, 20:45])
    assert kept[128, 128] > 0.4


def test_a_film_without_lungs_stays_as_it_is(film: np.ndarray):
    assert np.array_equal(remove_lungs(film, np.zeros_like(film)), film)
