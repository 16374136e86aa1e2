import numpy as np
import pytest

from training.augmentation import MAX_BORDER_CROP, augment, crop_borders, degrade, place, tone


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(11)


@pytest.fixture
def padded() -> np.ndarray:
    """A wide film, 64 x 128 of grey 40 to 200, padded with black to a square as `normalize` does."""
    pixels = np.zeros((128, 128), np.uint8)
    pixels[32:96] = np.linspace(40, 200, 128).astype(np.uint8)
    return pixels


def test_the_result_is_model_input(padded: np.ndarray, generator: np.random.Generator):
    for _ in range(50):
        view = augment(padded, 112, generator)
        assert view.dtype == np.float32
        assert view.shape == (112, 112)
        assert 0.0 <= view.min() < view.max() <= 1.0


def test_the_same_random_numbers_give_the_same_view(padded: np.ndarray):
    views = [augment(padded, 112, np.random.default_rng(4)) for _ in range(2)]
    assert np.array_equal(*views)


def test_two_views_differ(padded: np.ndarray, generator: np.random.Generator):
    assert not np.array_equal(augment(padded, 112, generator), augment(padded, 112, generator))


def test_a_black_picture_is_no_special_case(generator: np.random.Generator):
    assert augment(np.zeros((128, 128), np.uint8), 112, generator).shape == (112, 112)


def test_borders_are_cropped_from_the_film_and_not_from_its_padding(padded: np.ndarray, generator: np.random.Generator):
    for _ in range(50):
        top, bottom, left, right = crop_borders(padded, generator)
        assert 32 <= top <= 32 + 64 * MAX_BORDER_CROP
        assert 96 - 64 * MAX_BORDER_CROP - 1 <= bottom <= 96
        assert 0 <= left <= 128 * MAX_BORDER_CROP
        assert 128 - 128 * MAX_BORDER_CROP - 1 <= right <= 128


def test_black_stays_black_around_the_film(padded: np.ndarray, generator: np.random.Generator):
    film = np.full((40, 120), 255, np.uint8)
    placed = place(film, 112, generator)
    assert placed[0, 0] == placed[-1, -1] == 0
    assert placed[56, 56] == 255


def test_the_aspect_ratio_varies_to_both_sides(generator: np.random.Generator):
    film = np.full((100, 100), 255, np.uint8)
    covered = [(placed.max(axis=0) > 0).sum() - (placed.max(axis=1) > 0).sum() for placed in
               (place(film, 112, generator) for _ in range(40))]  # fmt: skip
    assert min(covered) < -5
    assert max(covered) > 5


def test_half_of_the_films_lose_resolution_or_quality_and_keep_their_shape(generator: np.random.Generator):
    film = generator.integers(0, 256, (112, 112), dtype=np.uint8)
    degraded = [degrade(film, generator) for _ in range(60)]
    untouched = sum(np.array_equal(film, each) for each in degraded)
    assert 5 < untouched < 30
    assert {each.shape for each in degraded} == {(112, 112)}


def test_tone_never_reverses_the_order_of_greys(generator: np.random.Generator):
    greys = np.arange(256, dtype=np.uint8)[np.newaxis]
    for _ in range(50):
        assert np.all(np.diff(tone(greys, generator).astype(int)) >= 0)
