from dataclasses import dataclass

import numpy as np
import pytest

from tests.training.factories import make_cases
from training.data.batches import NO_OUTPUT, draw_batches
from training.data.dataset import Case
from training.data.films import SomeFilms

CASES = make_cases(*((label, "a", str(place)) for place, label in enumerate(["covid19"] * 2 + ["normal"] * 6)))
REFERENCE = np.array([0, 0, 1, 1, 1, 1, 1, 1])


@dataclass
class Numbered:
    """Films whose every pixel is their number, a little noise apart; of an empty one -1."""

    cases: list[Case]

    def draw_view(
        self,
        index: int,
        size: int,
        generator: np.random.Generator,
        style: int | None = None,
        *,
        is_empty: bool = False,
    ) -> np.ndarray:
        number = -1.0 if is_empty else index + generator.uniform(0, 0.1)
        return np.full((size, size), number, dtype=np.float32)

    def to_batch(self, indices: slice) -> np.ndarray:
        numbers = np.arange(len(self.cases), dtype=np.float32)[indices]
        return np.broadcast_to(numbers[:, None, None, None], (len(numbers), 4, 4, 1))


def draw(key: tuple[int, ...], count: int = 5) -> list[tuple[np.ndarray, np.ndarray]]:
    return list(draw_batches(Numbered(CASES), REFERENCE, size=4, batch_size=3, count=count, key=key))


def test_batches_follow_from_their_key_alone():
    for left, right in zip(draw((0, 1, 2)), draw((0, 1, 2)), strict=True):
        np.testing.assert_array_equal(left[0], right[0])
        np.testing.assert_array_equal(left[1], right[1])


def test_another_epoch_draws_other_batches():
    assert not np.array_equal(draw((0, 1, 2))[0][0], draw((0, 1, 3))[0][0])


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_as_many_batches_as_asked_for_with_the_right_shapes(count: int):
    batches = draw((0,), count)
    assert len(batches) == count
    assert all(views.shape == (3, 4, 4, 1) and reference.shape == (3,) for views, reference in batches)


def test_a_view_comes_with_the_output_of_its_film():
    for views, reference in draw((7,)):
        np.testing.assert_array_equal(REFERENCE[views[:, 0, 0, 0].astype(int)], reference)


def test_the_share_asked_for_is_empty_and_of_no_output():
    batches = draw_batches(Numbered(CASES), REFERENCE, size=4, batch_size=100, count=10, key=(0,), empty_share=0.2)
    shown = [(views[:, 0, 0, 0] == -1, targets == NO_OUTPUT) for views, targets in batches]
    assert all(np.array_equal(is_empty, has_no_output) for is_empty, has_no_output in shown)
    assert np.mean([is_empty.mean() for is_empty, _ in shown]) == pytest.approx(0.2, abs=0.05)


def test_classes_are_drawn_alike_whatever_their_size():
    drawn = np.concatenate([reference for _, reference in draw((3,), 300)])
    assert drawn.mean() == pytest.approx(0.5, abs=0.05)


def test_an_error_while_drawing_ahead_reaches_the_training():
    films = Numbered(CASES)
    films.draw_view = lambda *_, **__: 1 / 0  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        list(draw_batches(films, REFERENCE, size=4, batch_size=3, count=2, key=(0,)))


def test_a_selection_shows_its_films_in_its_order():
    selection = SomeFilms(Numbered(CASES), np.array([5, 0, 3]))
    assert [case.path for case in selection.cases] == [CASES[place].path for place in (5, 0, 3)]
    assert selection.to_batch(slice(0, 2))[:, 0, 0, 0].tolist() == [5.0, 0.0]
    assert int(selection.draw_view(2, 4, np.random.default_rng(0))[0, 0]) == 3
