from itertools import pairwise

from worker.queue.stall import LONGEST_PATIENCE_SECONDS, MAX_RESTARTS, StallWatch

WORKER = 4711


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
