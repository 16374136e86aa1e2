"""The order of the queues, and seeing that nobody takes from them."""

from collections import deque
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from store.states import Priority
from worker.queue.queues import LONGEST_PATIENCE_SECONDS, MAX_RESTARTS, OVERDUE, QUEUES, StallWatch, StatFirst

WORKER = 4711
STAT, ROUTINE = QUEUES[Priority.STAT], QUEUES[Priority.ROUTINE]


def take(turns: StatFirst, waiting: dict[str, deque[int]]) -> str | None:
    """Take one message as the broker gives it: from the first queue of the order that is not empty."""
    for queue in turns.consume(2):
        if waiting[queue]:
            waiting[queue].popleft()
            return turns.rotate(queue)
    return None


def build(stat: int, routine: int) -> tuple[StatFirst, dict[str, deque[int]]]:
    turns = StatFirst()
    turns.update({ROUTINE, STAT})  # type: ignore[arg-type]  # kombu hands over a set
    return turns, {STAT: deque(range(stat)), ROUTINE: deque(range(routine))}


def test_three_stat_then_one_routine_while_both_wait() -> None:
    turns, waiting = build(7, 9)
    order = [take(turns, waiting) for _ in range(9)]
    assert order == [STAT] * 3 + [ROUTINE] + [STAT] * 3 + [ROUTINE] + [STAT]


def test_a_stat_message_that_comes_into_a_backlog_is_taken_next() -> None:
    turns, waiting = build(0, 100)
    for _ in range(20):
        assert take(turns, waiting) == ROUTINE
    waiting[STAT].append(1)
    assert take(turns, waiting) == STAT


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), max_size=60))
def test_no_routine_message_waits_while_four_stat_ones_go_before_it(arriving: list[tuple[int, int]]) -> None:
    turns, waiting = build(0, 0)
    in_a_row = 0
    for stat, routine in arriving:
        waiting[STAT].extend(range(stat))
        waiting[ROUTINE].extend(range(routine))
        had_to_wait = bool(waiting[ROUTINE])
        in_a_row = in_a_row + 1 if take(turns, waiting) == STAT and had_to_wait else 0
        assert in_a_row <= 3


def test_what_is_overdue_goes_before_stat_in_turn_and_stat_waits_for_one_of_it_at_most() -> None:
    turns = StatFirst()
    turns.update({ROUTINE, STAT, OVERDUE})  # type: ignore[arg-type]
    waiting = {OVERDUE: deque(range(3)), STAT: deque(range(5)), ROUTINE: deque(range(3))}
    taken = []
    while any(waiting.values()):
        (queue,) = [queue for queue in turns.consume(3) if waiting[queue]][:1]
        waiting[queue].popleft()
        taken.append(turns.rotate(queue))
    assert taken == [OVERDUE, STAT, OVERDUE, STAT, OVERDUE, STAT, STAT, STAT, ROUTINE, ROUTINE, ROUTINE]


@given(st.integers(0, 20), st.integers(0, 20))
def test_every_message_is_taken_once(stat: int, routine: int) -> None:
    turns, waiting = build(stat, routine)
    taken = [take(turns, waiting) for _ in range(stat + routine)]
    assert taken.count(STAT) == stat
    assert take(turns, waiting) is None


def observe_for(
    watch: StallWatch, seconds: range, *, waiting: bool = True, progress: object = "a", worker: int | None = WORKER
) -> list[int]:
    return [
        now
        for now in seconds
        if watch.observe(float(now), waiting=waiting, progress=progress, worker=worker)  # type: ignore[arg-type]
    ]


def build_watch() -> StallWatch:
    """Build a watch over a worker under which something has finished just now."""
    watch = StallWatch(10.0, 60.0)
    watch.observe(-2.0, waiting=True, progress="before", worker=WORKER)
    watch.observe(-1.0, waiting=False, progress="a", worker=WORKER)
    return watch


def test_waiting_without_progress_ends_the_patience() -> None:
    assert observe_for(build_watch(), range(15)) == [10]


def test_progress_keeps_the_patience() -> None:
    watch = build_watch()
    assert [now for now in range(100) if observe_for(watch, range(now, now + 1), progress=now // 5)] == []


def test_nothing_waiting_is_no_stall() -> None:
    assert observe_for(build_watch(), range(100), waiting=False) == []


def test_a_worker_that_is_still_starting_is_given_time() -> None:
    watch = StallWatch(10.0, 60.0)
    assert observe_for(watch, range(60)) == []
    assert observe_for(watch, range(60, 65)) == [60]


def test_a_worker_that_was_started_again_is_given_time_whatever_the_last_one_finished() -> None:
    watch = build_watch()
    assert observe_for(watch, range(5), worker=None) == []
    assert observe_for(watch, range(5, 70), worker=WORKER + 1) == [65]


def test_a_restart_that_did_not_help_doubles_the_patience_until_something_finishes() -> None:
    watch = build_watch()
    assert observe_for(watch, range(100)) == [10, 30, 70]
    assert observe_for(watch, range(100, 115), progress="b") == [110]


def test_a_pause_in_between_begins_anew() -> None:
    watch = build_watch()
    observe_for(watch, range(8))
    assert observe_for(watch, range(8, 9), waiting=False) == []
    assert observe_for(watch, range(9, 25)) == [19]


def test_restarts_that_do_not_help_come_to_an_end_until_something_finishes() -> None:
    watch = StallWatch(10.0, 60.0)
    restarts = [now for now in range(20_000) if observe_for(watch, range(now, now + 1), worker=WORKER + watch.restarts)]
    assert len(restarts) == MAX_RESTARTS
    assert max(later - sooner for sooner, later in pairwise(restarts)) <= (LONGEST_PATIENCE_SECONDS + 1)
    assert watch.is_given_up
    assert watch.is_stalled
    assert observe_for(watch, range(20_000, 20_015), progress="b", worker=WORKER + MAX_RESTARTS) == [20_010]
    assert not watch.is_given_up


def test_it_is_stalled_from_a_restart_until_a_message_is_taken_or_something_finishes() -> None:
    watch = build_watch()
    observe_for(watch, range(10))
    assert not watch.is_stalled
    observe_for(watch, range(10, 12))
    assert watch.is_stalled
    observe_for(watch, range(12, 13), worker=None)
    assert watch.is_stalled
    observe_for(watch, range(13, 14), waiting=False)
    assert not watch.is_stalled
    observe_for(watch, range(14, 140))
    assert watch.is_stalled
    observe_for(watch, range(140, 141), progress="b")
    assert not watch.is_stalled
