from math import isclose

from hypothesis import given, settings
from hypothesis import strategies as st

from documents.charts.frame import place_rungs


@settings(deadline=None)
@given(st.floats(1e-6, 1e12))
def test_rungs_are_few_even_and_reach_the_greatest(greatest: float) -> None:
    rungs = place_rungs(greatest)
    assert 2 <= len(rungs) <= 6
    assert rungs[0] == 0
    assert rungs[-1] >= greatest * (1 - 1e-9)
    assert isclose(rungs[-1], (len(rungs) - 1) * rungs[1], rel_tol=1e-9)


@settings(deadline=None)
@given(st.integers(0, 10**9))
def test_counts_have_no_halves(greatest: int) -> None:
    assert all(rung == int(rung) for rung in place_rungs(greatest, whole=True))
