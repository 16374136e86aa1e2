"""``selftest``: exit codes, table, JSON, and that nothing remains of it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest
from typer.testing import CliRunner

from cli.app import app
from inference.bundle import SHIPPED_BUNDLE, read_bundle
from inference.labels import NOTICE
from selftest import selftest
from selftest.promises import PROMISES, Notebook
from selftest.selftest import SelftestReport
from selftest.stand import QUICK


def build_report(*, broken: bool = False) -> SelftestReport:
    book = Notebook()
    for promise in PROMISES:
        book.check(promise, True, "")
    book.add("P1", "files", 48)
    book.leave_out("P10", "a disk that is full: only root may mount one")
    if broken:
        book.check("P9", False, "3 files are missing")
    book.speed["files a second"] = 12.5
    return SelftestReport(QUICK, book, read_bundle(SHIPPED_BUNDLE), 61.0, Path("/tmp/xray-selftest-x"), "ext4", 1, 0.5)


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[SelftestReport]:
    reports: list[SelftestReport] = []
    monkeypatch.setattr(selftest, "run_selftest", lambda *_, **__: reports[0])
    return reports


@pytest.mark.parametrize("broken", [False, True])
def test_the_table_fits_a_terminal_and_the_exit_code_says_whether_all_is_held(
    found: list[SelftestReport], broken: bool
) -> None:
    found.append(build_report(broken=broken))
    result = CliRunner().invoke(app, ["selftest"])
    assert result.exit_code == broken
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert result.stdout.endswith(f"{NOTICE}\n")
    assert ("P9 is BROKEN: 3 files are missing" in result.stdout) == broken
    assert "P10, not checked: a disk that is full" in result.stdout
    for promise in PROMISES:
        assert f"\n{promise} " in result.stdout


def test_machines_read_json(found: list[SelftestReport]) -> None:
    found.append(build_report(broken=True))
    result = CliRunner().invoke(app, ["selftest", "--format", "json"])
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (told["schema"], told["notice"], told["mode"]) == (1, NOTICE, "quick")
    assert told["counts"] == {"held": len(PROMISES) - 1, "broken": 1, "not_checked": 0, "held_in_part": 1}
    by_id = {promise["id"]: promise for promise in told["promises"]}
    assert by_id["P9"]["state"] == "broken"
    assert by_id["P9"]["faults"] == ["3 files are missing"]
    assert by_id["P1"]["figures"] == {"files": 48}
    assert by_id["P10"]["not_checked"]


def test_another_format_is_refused_before_anything_starts(found: list[SelftestReport]) -> None:
    assert CliRunner().invoke(app, ["selftest", "--format", "xml"]).exit_code == 2


def test_a_temporary_folder_that_is_too_deep_for_a_socket_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with TemporaryDirectory() as folder:
        deep = Path(folder, "a" * 60)
        deep.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(deep))
        result = CliRunner().invoke(app, ["selftest"])
    assert result.exit_code == 73
    assert "set TMPDIR to a shorter one" in result.stderr


@pytest.mark.acceptance
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_nothing_remains_after_an_interruption(ending: signal.Signals) -> None:
    with TemporaryDirectory(prefix="x") as folder:
        environment = {**os.environ, "TMPDIR": folder, "XRAY_HOME": f"{folder}/not-ours"}
        running = subprocess.Popen([sys.executable, "-m", "cli", "selftest"], env=environment, stderr=subprocess.PIPE)
        try:
            deadline = time.monotonic() + 90
            while not list(Path(folder).glob("xray-selftest-*/run/*/broker.sock")):
                assert time.monotonic() < deadline, "no service was started"
                time.sleep(0.05)
            started = psutil.Process(running.pid).children(recursive=True)
            running.send_signal(ending)
            _, said = running.communicate(timeout=60)
        finally:
            running.kill()
            running.wait()
        assert running.returncode == 130
        assert b"nothing remains" in said
        assert list(Path(folder).iterdir()) == []
        assert psutil.wait_procs(started, timeout=20)[1] == []
