import numpy as np
import pytest

from training.data.augmentation import MAX_SHIFT, augment, borrow, degrade, draw_frame, spoil, tone, warp

BOX = np.array([0.15, 0.85, 0.15, 0.85], np.float32)
ALL = np.full((160, 160), 255, np.uint8)


@pytest.fixture
def context() -> np.ndarray:
    rows, columns = np.mgrid[0:160, 0:160]
    return (60 + rows / 2 + 40 * np.sin(columns / 9)).astype(np.uint8)


def test_a_view_has_the_models_size_and_range(context: np.ndarray) -> None:
    view = augment(context, ALL, BOX, 112, np.random.default_rng(0))
    assert view.shape == (112, 112)
    assert view.dtype == np.float32
    assert 0.0 <= view.min() < view.max() <= 1.0


def test_the_same_random_numbers_give_the_same_view(context: np.ndarray) -> None:
    views = [augment(context, ALL, BOX, 112, np.random.default_rng(4)) for _ in range(2)]
    assert np.array_equal(*views)


def test_every_view_is_another(context: np.ndarray) -> None:
    generator = np.random.default_rng(1)
    assert not np.array_equal(augment(context, ALL, BOX, 112, generator), augment(context, ALL, BOX, 112, generator))


def test_the_frame_stays_near_the_lungs(context: np.ndarray) -> None:
    marked = np.zeros_like(context)
    marked[70:90, 70:90] = 255
    for seed in range(20):
        view = warp(marked, draw_frame(marked.shape, BOX, 112, np.random.default_rng(seed)), 112)
        rows, columns = np.nonzero(view > 127)
        assert abs(rows.mean() - 56) < 112 * MAX_SHIFT * 1.5
        assert abs(columns.mean() - 56) < 112 * MAX_SHIFT * 1.5


def test_tone_keeps_the_order_of_brightness(context: np.ndarray) -> None:
    toned = tone(context, np.random.default_rng(2)).astype(int)
    order = np.argsort(context.ravel(), kind="stable")
    assert np.all(np.diff(toned.ravel()[order]) >= 0)


def test_degrading_loses_detail_and_keeps_the_mean() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (112, 112), dtype=np.uint8)
    degraded = [degrade(noise, np.random.default_rng(seed)) for seed in range(12)]
    assert all(abs(float(each.mean()) - noise.mean()) < 4 for each in degraded)
    assert min(float(each.std()) for each in degraded) < 0.7 * noise.std()


def test_another_films_tone_and_haze_may_be_taken_but_not_its_anatomy(context: np.ndarray) -> None:
    style = np.full((160, 160), 200, np.uint8)
    style[::2] = 180
    borrowed = [borrow(context, style, np.random.default_rng(seed)) for seed in range(40)]
    changed = [each for each in borrowed if not np.array_equal(each, context)]
    assert 5 < len(changed) < 35
    assert all(each.mean() > context.mean() for each in changed)
    ripple = context.astype(float) - context.mean()
    assert all(np.corrcoef(ripple.ravel(), each.ravel())[0, 1] > 0.5 for each in changed)


def test_a_view_in_another_style_differs_from_one_in_its_own(context: np.ndarray) -> None:
    style = np.full((112, 112), 30, np.uint8)
    pairs = [
        [augment(context, ALL, BOX, 112, np.random.default_rng(seed), other) for other in (None, style)]
        for seed in range(12)
    ]
    assert any(not np.array_equal(*pair) for pair in pairs)


def test_spoiling_leaves_some_films_alone_and_never_the_size(context: np.ndarray) -> None:
    spoilt = [spoil(context, np.random.default_rng(seed)) for seed in range(30)]
    assert all(each.shape == context.shape and each.dtype == np.uint8 for each in spoilt)
    assert 3 <= sum(np.array_equal(each, context) for each in spoilt) <= 20


def test_what_may_not_be_looked_at_is_black_whatever_was_done_to_the_film(context: np.ndarray) -> None:
    left = ALL.copy()
    left[:, 80:] = 0
    for seed in range(10):
        view = augment(context, left, BOX, 112, np.random.default_rng(seed), context)
        assert not view[40:70, 90:].any()
        assert view[40:70, :20].any()


def test_an_empty_view_shows_the_outline_and_one_gray_whatever_the_lungs_held(context: np.ndarray) -> None:
    visible = np.zeros_like(context)
    visible[60:100, 60:100] = 255
    for seed in range(20):
        view = augment(context, visible, BOX, 112, np.random.default_rng(seed), is_empty=True)
        rows, columns = np.nonzero(view > 0.05)
        inner = view[rows.min() + 14 : rows.max() - 14, columns.min() + 14 : columns.max() - 14]
        assert inner.size > 0
        assert np.ptp(inner) < 0.02
        assert view[0, 0] == 0.0
