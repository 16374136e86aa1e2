import random
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.figures.divergence import measure_ks, measure_psi, measure_share, merge_bins

histograms = st.lists(st.integers(0, 500), min_size=10, max_size=10).filter(any)


def test_the_index_of_two_known_histograms() -> None:
    found = measure_psi([500, 500], [800, 200])
    shares = [(500.5 / 1001, 800.5 / 1001), (500.5 / 1001, 200.5 / 1001)]
    assert found.value == pytest.approx(sum((a - b) * log(a / b) for a, b in shares))
    assert found.value > found.shifted_from == 0.25
    assert found.watch_from == 0.1


def test_the_distance_of_two_known_histograms() -> None:
    assert measure_ks([10, 0, 10], [0, 10, 10]).value == pytest.approx(0.5)
    assert measure_ks([7, 3], [70, 30]).value == pytest.approx(0, abs=1e-12)


@given(histograms, histograms)
def test_distances_are_the_same_both_ways_and_none_from_itself(now: list[int], before: list[int]) -> None:
    for measure in (measure_psi, measure_ks):
        assert measure(now, before).value == pytest.approx(measure(before, now).value)
        assert measure(now, before).value >= 0
        assert measure(now, now).value == pytest.approx(0, abs=1e-12)
    assert measure_ks(now, before).value <= 1


@pytest.mark.parametrize("films", [60, 500])
def test_two_samples_of_one_source_seldom_look_different(films: int) -> None:
    draw = random.Random(films)
    weights = [40, 20, 10, 5, 5, 5, 5, 4, 3, 3]

    def sample(count: int) -> list[int]:
        drawn = draw.choices(range(10), weights, k=count)
        return [drawn.count(number) for number in range(10)]

    alarms = 0
    for _ in range(300):
        now, before = sample(films), sample(films * 4)
        alarms += any(found.value >= found.watch_from for found in (measure_psi(now, before), measure_ks(now, before)))
    assert alarms <= 3


def test_a_share_is_judged_by_its_size_and_by_chance() -> None:
    large = measure_share(300, 10_000, 100, 10_000)
    assert large.value == pytest.approx(0.02)
    assert (large.watch_from, large.shifted_from) == (0.02, 0.05)
    small = measure_share(6, 50, 1, 50)
    assert small.value < small.watch_from == small.shifted_from


def test_bins_are_merged_without_losing_films() -> None:
    assert merge_bins(range(100), 4) == (sum(range(25)), sum(range(25, 50)), sum(range(50, 75)), sum(range(75, 100)))
