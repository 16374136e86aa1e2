from worker.stall import LONGEST_PATIENCE_SECONDS, StallWatch


def observe_for(watch: StallWatch, seconds: range, *, waiting: bool = True, progress: object = "a") -> list[int]:
    return [now for now in seconds if watch.observe(float(now), waiting=waiting, progress=progress)]  # type: ignore[arg-type]


def test_waiting_without_progress_ends_the_patience() -> None:
    assert observe_for(StallWatch(10.0), range(15)) == [10]


def test_progress_keeps_the_patience() -> None:
    watch = StallWatch(10.0)
    assert [now for now in range(100) if watch.observe(float(now), waiting=True, progress=now // 5)] == []


def test_nothing_waiting_is_no_stall() -> None:
    assert observe_for(StallWatch(10.0), range(100), waiting=False) == []


def test_a_restart_that_did_not_help_doubles_the_patience_until_something_finishes() -> None:
    watch = StallWatch(10.0)
    assert observe_for(watch, range(100)) == [10, 30, 70]
    assert observe_for(watch, range(100, 115), progress="b") == [110]


def test_a_pause_in_between_begins_anew() -> None:
    watch = StallWatch(10.0)
    observe_for(watch, range(8))
    assert not watch.observe(8.0, waiting=False, progress="a")
    assert observe_for(watch, range(9, 25)) == [19]


def test_restarts_that_do_not_help_become_no_rarer_than_one_in_ten_minutes() -> None:
    restarts = observe_for(StallWatch(10.0), range(4000))
    assert restarts[-1] - restarts[-2] == LONGEST_PATIENCE_SECONDS


def test_it_is_stalled_from_a_restart_until_a_message_is_taken_or_something_finishes() -> None:
    watch = StallWatch(10.0)
    observe_for(watch, range(10))
    assert not watch.is_stalled
    observe_for(watch, range(10, 12))
    assert watch.is_stalled
    watch.observe(12.0, waiting=False, progress="a")
    assert not watch.is_stalled
    observe_for(watch, range(13, 40))
    assert watch.is_stalled
    watch.observe(41.0, waiting=True, progress="b")
    assert not watch.is_stalled
