"""The self-test as people run it: all its trials, on a machine that may be busy."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from selftest import limits
from selftest.promises import PROMISES, State
from tests.selftest.conftest import TINY, made_stand

pytestmark = pytest.mark.faults

TIMED = {"P4", "P6", "P7", "P10"}  # seconds are promised for a machine that does nothing else


@pytest.mark.timeout(600)
def test_a_quick_run_holds_every_promise_and_leaves_nothing_behind() -> None:
    with TemporaryDirectory(prefix="x") as folder:
        untouched = Path(folder, "home")
        environment = {**os.environ, "TMPDIR": folder, "XRAY_HOME": str(untouched), "XRAY_DATABASE_URL": "sqlite:///x"}
        command = [sys.executable, "-m", "cli", "selftest", "--format", "json"]
        answer = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=580, check=False)
        assert list(Path(folder).iterdir()) == []
    told = json.loads(answer.stdout)
    states = {promise["id"]: promise["state"] for promise in told["promises"]}
    broken = {promise["id"]: promise["faults"] for promise in told["promises"] if promise["state"] == "broken"}
    assert set(broken) <= TIMED, broken
    assert list(states) == list(PROMISES)
    assert "not_checked" not in states.values()
    assert answer.returncode == bool(broken)
    figures = {promise["id"]: promise["figures"] for promise in told["promises"]}
    assert figures["P1"]["lost"] == figures["P2"]["doubled"] == 0
    assert figures["P5"]["killed"] >= 4
    assert told["speed"]["files a second"] > 0


@pytest.mark.timeout(400)
def test_what_only_a_full_run_does_is_held_or_says_why_it_was_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BACKLOG_FILES", 300)
    with made_stand(replace(TINY, films=24)) as stand:
        for run in (limits.run_limits, limits.run_small_disk, limits.run_backlog):
            run(stand)
        findings = stand.book.findings
    faults = {found.promise: found.faults for found in findings.values() if found.faults}
    assert set(faults) <= TIMED, faults
    assert findings["P7"].figures["files"] == 300
    disk = findings["P10"]
    assert disk.state is not State.NOT_CHECKED or "may mount" in disk.unchecked[0]
    poison = findings["P11"]
    assert poison.figures.get("reader_memory set aside") == 1
    assert poison.figures.get("reader_timeout set aside") == 1 or "within the limit" in poison.unchecked[0]
