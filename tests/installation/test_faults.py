import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from installation.errors import FaultPointError
from installation.faults import STEPS, arm_faults, fault_point, pass_on_faults

PROGRAM = """
import os
from installation.faults import arm_faults, fault_point
arm_faults(os.environ)
fault_point("after_claim", 7)
fault_point("after_read", 7)
"""


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    arm_faults({})


def plan(marks: Path, **changed: str) -> dict[str, str]:
    given = {"XRAY_TESTING": "1", "XRAY_FAULT_AT": "after_read", "XRAY_FAULT_MARKS": str(marks)}
    return given | changed


def run_steps(environment: dict[str, str]) -> int:
    return subprocess.run([sys.executable, "-c", PROGRAM], env=os.environ | environment, check=False).returncode


def test_nothing_happens_where_no_fault_is_asked_for() -> None:
    arm_faults({})
    for step in STEPS:
        fault_point(step)


def test_a_step_kills_as_often_as_it_is_told_and_leaves_a_mark_each_time(tmp_path: Path) -> None:
    ends = [run_steps(plan(tmp_path, XRAY_FAULT_TIMES="2")) for _ in range(3)]
    assert ends == [-signal.SIGKILL, -signal.SIGKILL, 0]
    assert sorted(mark.name for mark in tmp_path.iterdir()) == ["after_read.1", "after_read.2"]


def test_only_the_arrival_that_is_meant_is_met(tmp_path: Path) -> None:
    assert run_steps(plan(tmp_path, XRAY_FAULT_ARRIVAL="8")) == 0
    assert run_steps(plan(tmp_path, XRAY_FAULT_ARRIVAL="7")) == -signal.SIGKILL


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"XRAY_TESTING": "0"}, "unset it"),
        ({"XRAY_FAULT_AT": "after_lunch"}, "after_claim"),
        ({"XRAY_FAULT_MARKS": "missing"}, "names no folder"),
        ({"XRAY_FAULT_TIMES": "often"}, "whole numbers"),
    ],
)
def test_a_plan_that_is_not_understood_or_not_a_tests_is_refused(
    tmp_path: Path, changed: dict[str, str], says: str
) -> None:
    with pytest.raises(FaultPointError, match=says):
        arm_faults(plan(tmp_path, **changed))


@pytest.mark.parametrize("command", [["watch", "inbox"], ["worker"]])
def test_a_service_does_not_start_with_a_fault_outside_of_a_test(tmp_path: Path, command: list[str]) -> None:
    environment = os.environ | {"XRAY_FAULT_AT": "after_claim", "XRAY_HOME": str(tmp_path / "home")}
    ended = subprocess.run(
        [sys.executable, "-m", "cli", *command],
        env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 78
    assert "unset it" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "home").exists()


def test_a_worker_meets_the_faults_of_its_service(tmp_path: Path) -> None:
    assert pass_on_faults(plan(tmp_path) | {"XRAY_HOME": "elsewhere"}) == plan(tmp_path)
