from hypothesis import given
from hypothesis import strategies as st

from worker.intake.stability import Look, StabilityTracker

SMALL, GROWN = Look(10, 1, 7), Look(20, 2, 7)


def test_a_file_is_due_one_stability_wait_after_its_first_look() -> None:
    tracker = StabilityTracker(2.0)
    tracker.see("a", SMALL, now=100.0)
    assert tracker.take_due(101.9, 10) == []
    assert tracker.take_due(102.0, 10) == ["a"]


def test_a_change_begins_the_wait_anew() -> None:
    tracker = StabilityTracker(2.0)
    tracker.see("a", SMALL, now=100.0)
    tracker.see("a", GROWN, now=101.5)
    assert tracker.take_due(102.5, 10) == []
    assert tracker.take_due(103.5, 10) == ["a"]


def test_an_equal_look_does_not_begin_the_wait_anew() -> None:
    tracker = StabilityTracker(2.0)
    tracker.see("a", SMALL, now=100.0)
    tracker.see("a", SMALL, now=101.9)
    assert tracker.take_due(102.0, 10) == ["a"]


def test_a_file_that_has_long_been_quiet_is_due_at_once_but_was_not_watched() -> None:
    tracker = StabilityTracker(2.0)
    tracker.see("a", SMALL, now=100.0, quiet_seconds=3600.0)
    assert tracker.take_due(100.0, 10) == ["a"]
    assert not tracker.was_watched("a", 100.0)
    assert tracker.was_watched("a", 102.0)


def test_times_in_the_future_do_not_make_the_wait_longer_than_one() -> None:
    tracker = StabilityTracker(2.0)
    tracker.see("a", SMALL, now=100.0, quiet_seconds=0.0)
    assert tracker.next_due_at() == 102.0


def test_a_postponed_file_comes_back_once() -> None:
    tracker = StabilityTracker(2.0)
    tracker.see("a", SMALL, now=100.0)
    tracker.take_due(102.0, 10)
    tracker.postpone("a", 102.0)
    assert tracker.take_due(103.0, 10) == []
    assert tracker.take_due(104.0, 10) == ["a"]
    assert tracker.take_due(200.0, 10) == []


def test_a_forgotten_file_never_comes() -> None:
    tracker = StabilityTracker(2.0)
    tracker.see("a", SMALL, now=100.0)
    tracker.forget("a")
    assert tracker.take_due(200.0, 10) == []
    assert len(tracker) == 0


def test_the_limit_leaves_the_rest_for_the_next_round() -> None:
    tracker = StabilityTracker(1.0)
    for number in range(5):
        tracker.see(str(number), SMALL, now=float(number))
    assert tracker.take_due(100.0, 3) == ["0", "1", "2"]
    assert tracker.take_due(100.0, 3) == ["3", "4"]


def test_an_urgent_file_goes_before_others_that_were_due_earlier_but_not_before_it_is_due() -> None:
    tracker = StabilityTracker(2.0, lambda path: path.startswith("stat/"))
    for number in range(5):
        tracker.see(str(number), SMALL, now=100.0 + number)
    tracker.see("stat/a", SMALL, now=105.0)
    assert tracker.next_due_at() == 102.0
    assert tracker.take_due(106.0, 2) == ["0", "1"]
    assert tracker.take_due(107.0, 2) == ["stat/a", "2"]


@given(st.lists(st.tuples(st.floats(0, 10), st.integers(0, 3)), min_size=1, max_size=30))
def test_no_file_is_due_before_it_was_quiet_for_the_whole_wait(steps: list[tuple[float, int]]) -> None:
    tracker = StabilityTracker(2.0)
    now, changed_at, size = 0.0, 0.0, -1
    for pause, new_size in steps:
        now += pause
        if new_size != size:
            size, changed_at = new_size, now
        tracker.see("a", Look(size, 0, 0), now)
        if tracker.take_due(now, 1):
            assert now - changed_at >= 2.0
            tracker.postpone("a", now)
