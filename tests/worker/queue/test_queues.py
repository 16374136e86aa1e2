from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from store.states import Priority
from worker.queue.queues import QUEUES, StatFirst

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


@given(st.integers(0, 20), st.integers(0, 20))
def test_every_message_is_taken_once(stat: int, routine: int) -> None:
    turns, waiting = build(stat, routine)
    taken = [take(turns, waiting) for _ in range(stat + routine)]
    assert taken.count(STAT) == stat
    assert take(turns, waiting) is None
