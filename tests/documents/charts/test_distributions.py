import pytest

from documents.charts.distributions import draw_distributions
from documents.charts.shapes import Chart, Path, Rectangle

EDGES = (0.0, 0.25, 0.5, 0.75, 1.0)


def find_line(chart: Chart) -> list[Path]:
    return [shape for shape in chart.shapes if isinstance(shape, Path) and shape.style == "reference"]


def test_bins_are_as_high_as_their_shares_and_the_reference_goes_over_them() -> None:
    chart = draw_distributions("Scores", EDGES, (0.5, 0.0, 0.25, 0.25), (0.25, 0.25, 0.0, 0.5))
    boxes = [shape for shape in chart.shapes if isinstance(shape, Rectangle)]
    assert [round(box.height / boxes[0].height, 6) for box in boxes] == [1.0, 0.5, 0.5]
    (line,) = find_line(chart)
    assert len(line.points) == 8
    assert line.points[0][1] == pytest.approx(boxes[1].y)  # the reference's first quarter, this period's third
    assert chart.description == "This period: mostly 0.00 to 0.25 (50 %). Reference: mostly 0.75 to 1.00 (50 %)."


def test_without_a_reference_there_is_no_line_and_no_word_of_it() -> None:
    chart = draw_distributions("Scores", EDGES, (1.0, 0.0, 0.0, 0.0), None)
    assert find_line(chart) == []
    assert [text for _, text in chart.legend] == ["this period"]
    assert "eference" not in chart.description


def test_a_reference_without_any_has_no_line_and_is_said_to_have_none() -> None:
    chart = draw_distributions("Scores", EDGES, (1.0, 0.0, 0.0, 0.0), (0.0,) * 4)
    assert find_line(chart) == []
    assert [text for _, text in chart.legend] == ["this period"]
    assert chart.description == "This period: mostly 0.00 to 0.25 (100 %). There is none in the reference."


def test_no_film_at_all_draws_no_bin() -> None:
    chart = draw_distributions("Scores", EDGES, (0.0,) * 4, (0.0,) * 4)
    assert not [shape for shape in chart.shapes if isinstance(shape, Rectangle)]
