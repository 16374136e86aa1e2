import numpy as np

from inference.framing import Box, find_box, frame, soften

LUNGS = np.zeros((100, 120), np.float32)
LUNGS[20:80, 20:50] = 0.9
LUNGS[20:80, 70:100] = 0.9


def test_the_box_holds_both_lungs_and_a_margin() -> None:
    assert find_box(LUNGS, margin=0.0) == Box(20, 80, 20, 100)
    assert find_box(LUNGS, margin=0.1) == Box(14, 86, 12, 108)


def test_the_margin_ends_at_the_films_edge() -> None:
    assert find_box(LUNGS, margin=2.0) == Box(0, 100, 0, 120)


def test_a_speck_does_not_stretch_the_box() -> None:
    speckled = LUNGS.copy()
    speckled[95:98, 2:5] = 1.0
    assert find_box(speckled, margin=0.0) == find_box(LUNGS, margin=0.0)


def test_without_lungs_the_whole_film_is_framed() -> None:
    assert find_box(np.zeros((30, 40), np.float32)) == Box(0, 30, 0, 40)


def test_what_lies_outside_of_the_box_changes_nothing() -> None:
    film = np.random.default_rng(0).random((100, 120), dtype=np.float32)
    box = find_box(LUNGS)
    other = np.ones_like(film)
    other[box.top : box.bottom, box.left : box.right] = film[box.top : box.bottom, box.left : box.right]
    assert np.array_equal(frame(film, LUNGS, 64), frame(other, LUNGS, 64))


def test_the_frame_is_a_square_in_range() -> None:
    framed = frame(np.random.default_rng(1).random((100, 120), dtype=np.float32), LUNGS, 224)
    assert framed.shape == (224, 224)
    assert framed.dtype == np.float32
    assert 0.0 <= framed.min() <= framed.max() <= 1.0


def test_all_but_the_lungs_and_their_rim_is_black() -> None:
    framed = frame(np.ones((100, 120), np.float32), LUNGS, 96)
    visible = framed > 0.5
    assert visible[48, 20]
    assert visible[48, 76]
    assert not visible[48, 46:50].any()
    assert framed.max() <= 1.0


def test_a_rim_round_the_lungs_stays_visible() -> None:
    lungs = np.zeros((96, 96), np.float32)
    lungs[30:60, 30:60] = 1.0
    wide, narrow = soften(lungs), soften(lungs, share=0.5)
    assert wide[45, 27] > 0.5 > wide[45, 20]
    assert wide.sum() > narrow.sum() > lungs.sum()
