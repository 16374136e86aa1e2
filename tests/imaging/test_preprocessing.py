"""The laws of `normalize`, for every shape."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging import PREPROCESSING_VERSION, normalize

EDGES = st.integers(16, 700)
SIZES = st.integers(1, 300)


def noise(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((rows, columns), np.float32)


def box(rows: int, columns: int, size: int) -> tuple[int, int]:
    longest = max(rows, columns)
    return max(1, round(rows * size / longest)), max(1, round(columns * size / longest))


@settings(max_examples=60, deadline=None)
@given(EDGES, EDGES, SIZES)
def test_any_picture_fits_a_square_of_floats_between_0_and_1(rows: int, columns: int, size: int) -> None:
    square = normalize(noise(rows, columns), size)
    assert square.shape == (size, size)
    assert square.dtype == np.float32
    assert square.min() >= 0.0
    assert square.max() <= 1.0


@settings(max_examples=60, deadline=None)
@given(EDGES, EDGES, SIZES)
def test_the_aspect_ratio_is_kept_and_the_picture_is_centred(rows: int, columns: int, size: int) -> None:
    square = normalize(np.ones((rows, columns), np.float32), size)
    lit = np.argwhere(square > 0.5)
    (top, left), (bottom, right) = lit.min(axis=0), lit.max(axis=0)
    assert (bottom - top + 1, right - left + 1) == box(rows, columns, size)
    assert abs(top - (size - 1 - bottom)) <= 1
    assert abs(left - (size - 1 - right)) <= 1
    assert square[square <= 0.5].sum() == 0.0


@settings(max_examples=30, deadline=None)
@given(EDGES, EDGES, SIZES, st.floats(0.0, 1.0, width=32))
def test_a_plain_gray_stays_that_gray(rows: int, columns: int, size: int, gray: float) -> None:
    square = normalize(np.full((rows, columns), gray, np.float32), size)
    fitted_rows, fitted_columns = box(rows, columns, size)
    top, left = (size - fitted_rows) // 2, (size - fitted_columns) // 2
    np.testing.assert_allclose(square[top : top + fitted_rows, left : left + fitted_columns], gray, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(st.integers(16, 300))
def test_a_square_of_the_wanted_size_is_unchanged(size: int) -> None:
    pixels = noise(size, size)
    np.testing.assert_array_equal(normalize(pixels, size), pixels)
    once = normalize(noise(size * 2, size), size)
    np.testing.assert_array_equal(normalize(once, size), once)


@settings(max_examples=30, deadline=None)
@given(EDGES, EDGES, SIZES)
def test_the_input_is_not_changed(rows: int, columns: int, size: int) -> None:
    pixels = noise(rows, columns)
    before = pixels.copy()
    normalize(pixels, size)
    np.testing.assert_array_equal(pixels, before)


@settings(max_examples=30, deadline=None)
@given(EDGES, EDGES, st.integers(32, 224))
def test_a_mirrored_picture_gives_the_mirrored_square(rows: int, columns: int, size: int) -> None:
    # even differences only: an odd column of padding cannot lie on both sides
    fitted_rows, fitted_columns = box(rows, columns, size)
    if (size - fitted_columns) % 2 or rows >= 4 * fitted_rows:
        return
    pixels = noise(rows, columns)
    np.testing.assert_allclose(normalize(pixels[:, ::-1].copy(), size), normalize(pixels, size)[:, ::-1], atol=1e-4)


def test_shrinking_averages_and_does_not_alias() -> None:
    stripes = np.zeros((2048, 2048), np.float32)
    stripes[:, ::2] = 1.0
    np.testing.assert_allclose(normalize(stripes, 224), 0.5, atol=0.02)


@pytest.mark.parametrize("shape", [(2500, 2048), (2501, 2049), (1955, 1841), (4400, 3500)])
def test_halving_first_changes_nothing_that_matters(shape: tuple[int, int]) -> None:
    pixels = cv2.GaussianBlur(noise(*shape), (0, 0), 8)
    pixels = (pixels - pixels.min()) / np.ptp(pixels)
    rows, columns = box(*shape, 224)
    direct = cv2.resize(pixels, (columns, rows), interpolation=cv2.INTER_AREA)
    left = (224 - columns) // 2
    difference = abs(normalize(pixels, 224)[:, left : left + columns] - direct)
    assert difference.max() < 0.05
    assert difference.mean() < 0.005


@pytest.mark.parametrize("shape", [(16, 100_000), (100_000, 16)])
def test_extreme_strips_fit(shape: tuple[int, int]) -> None:
    assert normalize(np.ones(shape, np.float32), 64).sum() == pytest.approx(64.0, abs=1.0)


def test_the_version_is_a_text_for_the_bundle() -> None:
    assert isinstance(PREPROCESSING_VERSION, str)
    assert PREPROCESSING_VERSION
