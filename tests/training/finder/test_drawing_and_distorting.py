import numpy as np
import pytest

from training.finder.distortion import cut_off, find_content, invert, place, retouch
from training.finder.drawings import draw_crude_chest, draw_noise, draw_other, draw_shapes, draw_text
from training.finder.lessons import draw_phantom

SIZE = 128


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def phantom() -> tuple[np.ndarray, np.ndarray]:
    return draw_phantom(0, 256)


@pytest.mark.parametrize("draw", [draw_other, draw_shapes, draw_text, draw_noise])
def test_drawn_pictures_differ_and_fill_the_square(draw: object, generator: np.random.Generator) -> None:
    pictures = [draw(SIZE, generator) for _ in range(8)]  # type: ignore[operator]
    assert all(picture.shape == (SIZE, SIZE) and picture.dtype == np.uint8 for picture in pictures)
    assert len({picture.tobytes() for picture in pictures}) == 8


def test_the_lungs_of_a_crude_chest_are_its_dark_parts(generator: np.random.Generator) -> None:
    for _ in range(20):
        film, lungs = draw_crude_chest(SIZE, generator)
        inside, outside = film[lungs > 0].mean(), film[lungs == 0].mean()
        assert inside < 0.9 * outside


def test_a_phantoms_lungs_are_darker_than_its_body(phantom: tuple[np.ndarray, np.ndarray]) -> None:
    film, lungs = phantom
    assert 0.1 < (lungs > 127).mean() < 0.5
    body = (lungs < 10) & (film > 0)
    assert film[lungs > 200].mean() < 0.8 * film[body].mean()


def test_the_mask_moves_with_the_film(generator: np.random.Generator, phantom: tuple[np.ndarray, np.ndarray]) -> None:
    _, lungs = phantom
    for _ in range(20):
        film, mask = place(lungs, lungs, SIZE, generator)
        assert np.abs(film.astype(int) - mask)[mask > 0].mean() < 2


def test_inverting_leaves_the_padding_or_exchanges_all(
    generator: np.random.Generator, phantom: tuple[np.ndarray, np.ndarray]
) -> None:
    film, _ = phantom
    top, bottom, left, right = find_content(film)
    for _ in range(6):
        inverted = invert(film, generator)
        assert np.array_equal(inverted[top:bottom, left:right], 255 - film[top:bottom, left:right])


def test_what_is_cut_off_holds_little_lung(
    generator: np.random.Generator, phantom: tuple[np.ndarray, np.ndarray]
) -> None:
    film, lungs = phantom
    parts = [cut_off(film, lungs, SIZE, generator) for _ in range(10)]
    assert all(part is not None and part.shape == (SIZE, SIZE) for part in parts)
    assert cut_off(film, np.full_like(lungs, 255) * (film >= 0), SIZE, generator) is not None


def test_nothing_is_cut_out_of_a_blank_film(generator: np.random.Generator) -> None:
    blank = np.full((256, 256), 90, np.uint8)
    assert cut_off(blank, blank, SIZE, generator) is None


def test_retouching_keeps_the_size_and_changes_most_pictures(
    generator: np.random.Generator, phantom: tuple[np.ndarray, np.ndarray]
) -> None:
    film, _ = phantom
    changed = [retouch(film, generator) for _ in range(10)]
    assert all(each.shape == film.shape and each.dtype == np.uint8 for each in changed)
    assert sum(not np.array_equal(each, film) for each in changed) == 10
