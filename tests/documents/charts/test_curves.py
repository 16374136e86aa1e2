import pytest

from documents.charts.curves import Bin, Curve, draw_coverage, draw_curves, draw_reliability
from documents.charts.shapes import Area, Chart, Dot, Path, Words
from documents.figures import Estimate

AXES = ("false positives, %", "sensitivity, %")
STEPS = ((0.0, 0.0), (0.1, 0.8), (1.0, 1.0))


def find_dots(chart: Chart) -> list[Dot]:
    return [shape for shape in chart.shapes if isinstance(shape, Dot)]


def test_a_line_goes_through_its_points_over_its_band_and_what_guessing_gives() -> None:
    chart = draw_curves("ROC", AXES, [Curve("normal", "normal: 0.9", STEPS, (*STEPS, (1.0, 0.9)))])
    band, guess, line = chart.shapes[-3:]
    assert isinstance(band, Area)
    assert isinstance(guess, Path)
    assert isinstance(line, Path)
    assert guess.is_dotted
    assert line.points[0] == guess.points[0]
    assert line.points[-1] == guess.points[-1]
    assert (chart.legend, chart.description) == ([("normal", "normal: 0.9")], "normal: 0.9")


def test_a_curve_without_points_keeps_its_place_in_the_legend() -> None:
    chart = draw_curves("PR", AXES, [Curve("normal", "normal: –", ())], levels={"normal": 0.5})  # noqa: RUF001
    (level,) = [shape for shape in chart.shapes if isinstance(shape, Path) and shape.style == "normal"]
    assert level.is_dotted
    assert len(chart.legend) == 1


def test_a_dot_is_as_large_as_its_bin_and_as_high_as_it_is_right() -> None:
    bins = [Bin(0.5, Estimate(0.5, 0.2, 0.8), 10), Bin(0.9, Estimate(1.0), 40), Bin(0.7, Estimate(), 0)]
    small, large = find_dots(draw_reliability("Reliability", "", bins))
    assert large.radius == pytest.approx(12)
    assert small.radius == pytest.approx(7.5)
    assert large.y < small.y
    assert [each.style for each in draw_reliability("", "", bins).shapes].count("interval") == 1


@pytest.mark.parametrize(("lowest", "first"), [(0.3, "0"), (0.6, "50"), (0.9, "80")])
def test_the_axis_of_accuracy_begins_as_far_up_as_the_points_allow(lowest: float, first: str) -> None:
    chart = draw_coverage("Coverage", "", [(0.2, 1.0), (1.0, lowest)], (0.8, 0.95, "operating points"))
    ticks = [word for word in chart.shapes if isinstance(word, Words) and word.anchor == "end"]
    assert ticks[0].text == first
    assert ticks[-1].text == "operating points"
    assert len(find_dots(chart)) == 1


def test_nothing_is_drawn_beyond_the_chart() -> None:
    chart = draw_curves("ROC", AXES, [Curve("normal", "normal", STEPS)])
    for shape in chart.shapes:
        places = shape.points if isinstance(shape, Path | Area) else ()
        assert all(0 <= x <= chart.width and 0 <= y <= chart.height for x, y in places)
