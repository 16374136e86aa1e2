import json
import os
import shutil
import time
from datetime import UTC, datetime, timedelta

import pytest

from installation.home import Home, lock_home
from worker.health.heartbeat import (
    LENGTH,
    MOST_REASONS,
    STALE_SECONDS,
    Heartbeat,
    ServiceState,
    judge_health,
    read_heartbeat,
)


def rewrite(home: Home, **changed: object) -> None:
    beat = json.loads(home.heartbeat.read_text()) | changed
    home.heartbeat.write_text(json.dumps(beat))


def test_a_beat_says_how_the_service_is(home: Home) -> None:
    Heartbeat(home).beat(ServiceState.PAUSED, ["the broker does not answer"])
    beat = read_heartbeat(home)
    assert beat is not None
    assert (beat.state, beat.reasons, beat.pid) == (ServiceState.PAUSED, ("the broker does not answer",), os.getpid())
    assert 0 <= beat.age_seconds < 5


def test_every_beat_has_the_same_length_and_is_written_in_place(home: Home) -> None:
    heartbeat = Heartbeat(home)
    heartbeat.name_model("a-model-with-a-long-name-2026.11.10", "0" * 64)
    heartbeat.beat(ServiceState.PAUSED, ["\N{SNOWMAN}" * 5000] * 50, {"web": "is away", "deliver": "is away"})
    before = home.heartbeat.stat()
    heartbeat.beat(ServiceState.READY)
    after = home.heartbeat.stat()
    assert (before.st_size, before.st_ino) == (after.st_size, after.st_ino) == (LENGTH, after.st_ino)
    assert json.loads(home.heartbeat.read_text())["reasons"] == []
    assert MOST_REASONS > 1


def test_an_unchanged_state_is_written_every_two_seconds_only(home: Home) -> None:
    heartbeat = Heartbeat(home)
    heartbeat.beat(ServiceState.READY)
    home.heartbeat.unlink()
    heartbeat.beat(ServiceState.READY)
    assert not home.heartbeat.exists()
    heartbeat.beat(ServiceState.PAUSED)
    assert home.heartbeat.exists()


def test_a_home_that_has_gone_is_not_made_again(home: Home) -> None:
    shutil.rmtree(home.root)
    Heartbeat(home).beat(ServiceState.READY)
    assert not home.root.exists()


def test_ready_needs_a_service_that_runs_and_beats(home: Home) -> None:
    assert judge_health(home)[0] is ServiceState.STOPPED
    with lock_home(home):
        assert judge_health(home)[0] is ServiceState.STALLED
        Heartbeat(home).beat(ServiceState.READY)
        assert judge_health(home) == (ServiceState.READY, ())
        rewrite(home, uptime_seconds=time.monotonic() - STALE_SECONDS - 1)
        state, reasons = judge_health(home)
        assert state is ServiceState.STALLED
        assert "no heartbeat" in reasons[0]
    assert judge_health(home)[0] is ServiceState.STOPPED


def test_a_beat_from_before_the_machine_started_again_does_not_count(home: Home) -> None:
    Heartbeat(home).beat(ServiceState.READY)
    rewrite(home, uptime_seconds=time.monotonic() + 1000)
    with lock_home(home):
        assert judge_health(home)[0] is ServiceState.STALLED


def test_a_beat_that_another_host_wrote_is_judged_by_the_time_of_day(home: Home) -> None:
    Heartbeat(home).beat(ServiceState.READY)
    now = datetime.now(tz=UTC)
    elsewhere = {"boot_id": "another kernel", "uptime_seconds": time.monotonic() + 1e6}
    rewrite(home, **elsewhere, written_at=(now + timedelta(seconds=20)).isoformat())
    with lock_home(home):
        assert judge_health(home)[0] is ServiceState.READY
        rewrite(home, **elsewhere, written_at=(now - timedelta(seconds=STALE_SECONDS + 1)).isoformat())
        assert judge_health(home)[0] is ServiceState.STALLED


def test_stopping_may_take_as_long_as_a_file(home: Home) -> None:
    Heartbeat(home).beat(ServiceState.STOPPING)
    rewrite(home, uptime_seconds=time.monotonic() - STALE_SECONDS - 1)
    with lock_home(home):
        assert judge_health(home)[0] is ServiceState.STOPPING


@pytest.mark.parametrize("content", ["", "{", "[]", '{"state": "fine"}', '{"uptime_seconds": null}'])
def test_what_is_no_heartbeat_is_none(home: Home, content: str) -> None:
    home.heartbeat.write_text(content)
    assert read_heartbeat(home) is None


def test_a_beat_that_was_just_written_is_never_from_the_future(home: Home) -> None:
    for state in (ServiceState.READY, ServiceState.PAUSED) * 100:
        heartbeat = Heartbeat(home)
        heartbeat.beat(state)
        beat = read_heartbeat(home)
        assert beat is not None
        assert beat.age_seconds >= 0
