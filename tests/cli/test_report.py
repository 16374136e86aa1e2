import json
import os
import pty
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from inference.labels import NOTICE
from store.database import open_database
from store.schema import upgrade_schema
from store.states import Priority
from tests.cli.conftest import Run
from tests.ledger import predict, quarantine, register_model


@pytest.fixture
def ledger(run: Run, tmp_path: Path) -> Run:
    (tmp_path / "home").mkdir()
    engine = open_database(f"sqlite:///{tmp_path / 'home' / 'xray.db'}")
    upgrade_schema(engine)
    register_model(engine)
    predict(engine, "film.dcm")
    quarantine(engine, "letter.dcm")
    engine.dispose()
    return run


def test_a_pdf_goes_down_a_pipe(ledger: Run, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cli", "report", "--format", "pdf", "--output", "-"]
    environment = {**os.environ, "XRAY_HOME": str(tmp_path / "home")}
    found = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=True)
    assert NOTICE in PdfReader(BytesIO(found.stdout)).pages[0].extract_text()


def test_bytes_are_not_written_to_a_terminal(ledger: Run, tmp_path: Path) -> None:
    outer, inner = pty.openpty()
    command = [sys.executable, "-m", "cli", "report", "--format", "xlsx"]
    environment = {**os.environ, "XRAY_HOME": str(tmp_path / "home")}
    found = subprocess.run(
        command, cwd=tmp_path, env=environment, stdout=inner, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(inner)
    os.close(outer)
    assert found.returncode == 2
    assert b"not for a terminal" in found.stderr


def test_open_shows_what_was_written(ledger: Run, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    page = tmp_path / "a report.html"
    found = ledger("report", "--output", page, "--open", BROWSER=f"{browser} %s")
    assert (found.returncode, found.stderr) == (0, "")
    assert (tmp_path / "opened").read_text().strip() == page.as_uri()
    assert page.read_text().startswith("<!DOCTYPE html>")  # as the name's ending asks


def test_the_priority_filters_and_one_that_does_not_exist_is_refused(ledger: Run) -> None:
    found = [json.loads(ledger("report", "--priority", priority, "--format", "json").stdout) for priority in Priority]
    assert [report["summary"]["arrived"] for report in found] == [0, 2]
    assert [report["filters"]["priorities"] for report in found] == [["stat"], ["routine"]]
    assert {result["priority"] for result in found[1]["results"]} == {"routine"}
    refused = ledger("report", "--priority", "urgent")
    assert refused.returncode == 2
    assert "accepted are stat, routine" in refused.stderr
