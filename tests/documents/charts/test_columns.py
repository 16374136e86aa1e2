from itertools import pairwise

import pytest

from documents.charts.columns import MOST_COLUMNS, Stack, draw_columns
from documents.charts.shapes import Rectangle, Words

LEGEND = (("low", "low"), ("high", "high"))


def draw(*counts: tuple[int, int], sizes: tuple[int, ...] = (1,)):
    columns = [Stack(f"{place:02d}", {"low": low, "high": high}) for place, (low, high) in enumerate(counts)]
    return draw_columns("Files", columns, LEGEND, sizes)


def test_columns_are_as_high_as_their_counts_and_stand_on_each_other() -> None:
    boxes = [shape for shape in draw((30, 10), (0, 20)).shapes if isinstance(shape, Rectangle)]
    assert [box.style for box in boxes] == ["low", "high", "high"]
    assert boxes[0].height == pytest.approx(3 * boxes[1].height)
    assert boxes[1].y + boxes[1].height == pytest.approx(boxes[0].y)
    assert boxes[2].y + boxes[2].height == pytest.approx(boxes[0].y + boxes[0].height)


def test_nothing_is_drawn_beyond_the_frame() -> None:
    for count in (1, 7, 24, 100, 5000):
        chart = draw(*[(place % 7, place % 3) for place in range(count)])
        for shape in chart.shapes:
            if isinstance(shape, Rectangle):
                assert shape.x >= 0
                assert shape.x + shape.width <= chart.width
                assert shape.y >= 0
                assert shape.y + shape.height <= chart.height


def test_too_many_columns_are_added_up_by_a_size_that_people_know() -> None:
    chart = draw(*[(1, 0)] * 365, sizes=(1, 7, 28))
    boxes = [shape for shape in chart.shapes if isinstance(shape, Rectangle)]
    assert len(boxes) == 53
    assert chart.title == "Files, 7 in a column"
    assert "the highest is 00 with 7" in chart.description
    assert len([1 for shape in draw(*[(1, 0)] * 9999).shapes if isinstance(shape, Rectangle)]) <= MOST_COLUMNS


def test_names_do_not_run_into_each_other() -> None:
    columns = [Stack(f"2026-11-21 {place:02d}:00", {"low": 1}) for place in range(48)]
    words = [shape for shape in draw_columns("Files", columns, LEGEND).shapes if isinstance(shape, Words)]
    places = [word.x for word in words if word.anchor == "middle"]
    assert min(after - before for before, after in pairwise(places)) > 16 * 5.5


def test_no_count_at_all_is_drawn_as_an_empty_chart() -> None:
    chart = draw((0, 0))
    assert not [shape for shape in chart.shapes if isinstance(shape, Rectangle)]
    assert chart.legend == []
