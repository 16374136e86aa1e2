"""Real processes, with a stand-in for what runs in them (`engine_program`); the real one: tests/acceptance."""

import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from inference.serving.report import EngineState
from installation.errors import HomeError
from installation.home import Home
from installation.installation import Installation
from installation.settings import Settings
from worker.engines import keeper as engines
from worker.engines.board import EngineBoard, EngineFacts, read_engines
from worker.engines.devices import Device
from worker.engines.keeper import EngineKeeper
from worker.health.status import read_status
from worker.processes import name_locally, name_process

DEVICES = (Device("gpu:0", "0"), Device("gpu:1", "1"))
Keep = Callable[..., EngineKeeper]
FACTS = EngineFacts("gpu:0", EngineState.READY, "mixed_float16", 16, 5.25, 420, 61.0, 0, "")


@pytest.fixture
def keep(home: Home) -> Iterator[Keep]:
    keepers: list[EngineKeeper] = []

    def start(fate: str, devices: tuple[Device, ...] = DEVICES) -> EngineKeeper:
        program = (sys.executable, "-m", "tests.worker.engine_program", fate)
        keeper = EngineKeeper(devices, Installation(Settings(home=home.root), home), program)
        keepers.append(keeper)
        return keeper

    yield start
    for keeper in keepers:
        keeper.stop()


def look_until(keeper: EngineKeeper, home: Home, holds: Callable[[list[EngineFacts]], object]) -> list[EngineFacts]:
    deadline = time.monotonic() + 60
    while True:
        keeper.tick()
        found = read_engines(home)
        if holds(found):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def without_ledger(home: Home) -> Installation:
    away = SecretStr("postgresql+psycopg://nobody@127.0.0.1:9/x")
    return Installation(Settings(home=home.root, min_free_bytes=0, database_url=away), home)


def are_ready(found: list[EngineFacts]) -> bool:
    return all(facts.state is EngineState.READY for facts in found)


def find_processes() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "tests.worker.engine_program" in child.cmdline()]


def test_each_device_gets_an_engine_and_the_home_says_how_they_are(keep: Keep, home: Home) -> None:
    first, second = look_until(keep("fine"), home, are_ready)
    assert (first.device, second.device) == ("gpu:0", "gpu:1")
    assert first.describe().startswith("ready, float32, 3.5 films a batch, at most 8, ")
    assert sorted(child.environ()["CUDA_VISIBLE_DEVICES"] for child in find_processes()) == ["0", "1"]


def test_an_engine_that_was_killed_is_started_again(keep: Keep, home: Home) -> None:
    keeper = keep("fine", DEVICES[:1])
    look_until(keeper, home, are_ready)
    find_processes()[0].kill()
    look_until(keeper, home, lambda found: found[0].state is EngineState.RESTARTING)
    (facts,) = look_until(keeper, home, are_ready)
    assert facts.restarts == 1


def test_an_engine_that_hangs_is_ended_and_started_again(
    keep: Keep, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "HANG_SECONDS", 0.5)
    keeper = keep("hangs", DEVICES[:1])
    look_until(keeper, home, lambda found: found[0].restarts > 0)


def test_what_a_predecessor_did_is_not_held_against_an_engine(
    keep: Keep, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    keeper = keep("inherits", DEVICES[:1])
    for _ in range(40):
        keeper.tick()
        time.sleep(0.05)
    (facts,) = read_engines(home)
    assert (facts.state, facts.restarts) == (EngineState.STARTING, 0)
    assert "hangs" not in caplog.text


def test_an_engine_that_cannot_run_here_is_not_started_again_and_says_why(keep: Keep, home: Home) -> None:
    keeper = keep("unusable", DEVICES[:1])
    (facts,) = look_until(keeper, home, lambda found: found[0].state is EngineState.UNUSABLE)
    assert facts.describe() == "unusable (Keras sees no GPU)"
    for _ in range(30):
        keeper.tick()
        time.sleep(0.05)
    assert not find_processes()
    status = read_status(without_ledger(home))
    assert any(problem.startswith("engine gpu:0 is away: see engines/gpu-0.log") for problem in status.problems)


def test_stopping_leaves_nothing_behind(keep: Keep, home: Home) -> None:
    keeper = keep("fine")
    look_until(keeper, home, are_ready)
    keeper.stop()
    assert not find_processes()
    assert not any(socket.exists() for socket in keeper.sockets)
    assert read_engines(home) == []


def test_what_killed_workers_left_is_removed_and_what_others_use_is_not(keep: Keep, home: Home) -> None:
    dead, living = 4194305, os.getppid()  # the former is larger than any process id
    left = [home.runtime / f"engine-{name_locally(dead)}-gpu-0.sock", home.engines / f"{name_process(dead)}.json"]
    used = [
        *(home.runtime / f"engine-{name}-gpu-0.sock" for name in (name_locally(living), f"1-{dead}")),
        *(home.engines / name for name in (f"{name_process(living)}.json", f"other-host-1-{dead}.json", "gpu-0.log")),
    ]
    home.engines.mkdir()
    for path in (*left, *used):
        path.touch()
    keep("fine", ())
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in used)


def test_a_socket_whose_path_is_too_long_is_refused_with_advice(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / ("long" * 25)))
    with pytest.raises(HomeError, match="set XDG_RUNTIME_DIR"):
        EngineKeeper(DEVICES, Installation(Settings(home=home.root), home))


def test_status_shows_device_precision_batches_and_rate(home: Home) -> None:
    home.engines.mkdir()
    EngineBoard(home).write([FACTS])
    status = read_status(without_ledger(home))
    shown = "engine gpu:0     ready, mixed_float16, 5.2 films a batch, at most 16, 61.0 films/s"
    assert shown in list(status.as_lines())
    facts = status.as_json()["engines"][0]
    assert (facts["device"], facts["state"], facts["mean_batch"], facts["films_per_second"]) == (
        "gpu:0",
        "ready",
        5.25,
        61,
    )


@pytest.mark.parametrize("content", ["", "[]", '{"uptime_seconds": 1.0, "engines": [{"state": "ready"}]}', "\xff"])
def test_what_is_stale_or_damaged_says_nothing_of_engines(home: Home, content: str) -> None:
    home.engines.mkdir()
    (home.engines / "7.json").write_text(content)
    assert read_engines(home) == []


def write_as(home: Home, host: str, **changed: object) -> Path:
    """Write a board as the worker of another container does, whose process has our number."""
    EngineBoard(home).write([FACTS])
    ours = home.engines / f"{name_process(os.getpid())}.json"
    theirs = home.engines / f"{host}-4026532000-{os.getpid()}.json"
    written = json.loads(ours.read_text())
    theirs.write_text(json.dumps(written | {"engines": [written["engines"][0] | {"host": host}]} | changed))
    return theirs


def test_workers_of_two_containers_with_one_process_id_are_told_apart(home: Home) -> None:
    home.engines.mkdir()
    write_as(home, "container-b")
    assert [facts.host for facts in read_engines(home)] == sorted(["container-b", socket.gethostname()])
    shown = "\n".join(read_status(without_ledger(home)).as_lines())
    assert "engine gpu:0     container-b: ready" in shown
    assert f"engine gpu:0     {socket.gethostname()}: ready" in shown


def test_the_board_of_another_host_is_judged_by_the_time_of_day_and_swept_when_it_is_old(
    keep: Keep, home: Home
) -> None:
    home.engines.mkdir()
    now = datetime.now(tz=UTC)
    other = {"boot_id": "another kernel", "uptime_seconds": time.monotonic() + 1e6}
    living = write_as(home, "host-b", **other, written_at=(now + timedelta(seconds=20)).isoformat())
    gone = write_as(home, "host-c", **other, written_at=(now - timedelta(hours=1)).isoformat())
    assert "host-b" in {facts.host for facts in read_engines(home)}
    assert "host-c" not in {facts.host for facts in read_engines(home)}
    keep("fine", ())
    assert (living.exists(), gone.exists()) == (True, False)


def test_without_engines_status_says_where_the_network_runs(home: Home) -> None:
    status = read_status(without_ledger(home))
    assert "devices          cpu: LiteRT in each screening process" in list(status.as_lines())
