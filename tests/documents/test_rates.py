import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.rates import Rate


@pytest.mark.parametrize(
    ("count", "whole", "low", "high"),
    # Newcombe, Stat Med 17:857 (1998), table I, method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_intervals_are_the_published_ones(count: int, whole: int, low: float, high: float) -> None:
    rate = Rate(count, whole)
    assert (round(rate.low or 0, 4), round(rate.high or 0, 4)) == (low, high)


@given(st.integers(0, 1000), st.integers(1, 1000))
def test_the_share_lies_in_its_interval(count: int, more: int) -> None:
    rate = Rate(count, count + more)
    assert rate.low is not None
    assert rate.high is not None
    assert 0 <= rate.low <= rate.value + 1e-12 <= rate.high + 2e-12 <= 1 + 2e-12  # type: ignore[operator]


def test_nothing_of_nothing_has_no_share() -> None:
    assert (Rate(0, 0).value, Rate(0, 0).low, Rate(0, 0).high) == (None, None, None)
