import pytest

from documents.charts.marks import Scale, draw_mark, find_beginning
from documents.charts.shapes import Dot, Path, Rectangle
from documents.figures import Estimate

FOUND = Estimate(0.9, 0.8, 0.95)


def test_a_scale_may_begin_at_half_where_no_interval_reaches_lower() -> None:
    assert find_beginning([FOUND, Estimate(0.7)]) == 0.5
    assert find_beginning([FOUND, Estimate(0.7, 0.0, 0.9)]) == 0.0
    assert find_beginning([Estimate()]) == 0.0


def test_a_figure_is_a_dot_on_its_interval() -> None:
    *_, interval, dot = draw_mark(FOUND, Scale(low=0.5))
    assert isinstance(interval, Path)
    assert isinstance(dot, Dot)
    assert dot.x == pytest.approx(0.8)
    assert [x for x, _ in interval.points] == pytest.approx([0.6, 0.9])


def test_a_bar_begins_at_the_lower_end() -> None:
    (bar,) = [mark for mark in draw_mark(FOUND, Scale(has_bars=True)) if isinstance(mark, Rectangle)]
    assert (bar.x, bar.width) == (0.0, pytest.approx(0.9))


def test_what_lies_beyond_an_end_stands_at_it_and_what_is_not_known_is_not_drawn() -> None:
    (dot,) = [mark for mark in draw_mark(Estimate(0.2), Scale(low=0.5)) if isinstance(mark, Dot)]
    assert dot.x == 0.0
    assert {mark.style for mark in draw_mark(Estimate(), Scale())} == {"grid"}


def test_its_own_dashed_line_goes_before_the_scales() -> None:
    def find(reference: float | None) -> list[float]:
        marks = draw_mark(FOUND, Scale(reference=0.25), reference)
        return [mark.points[0][0] for mark in marks if isinstance(mark, Path) and mark.style == "reference"]

    assert find(None) == [0.25]
    assert find(0.5) == [0.5]
