import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from inference.labels import NOTICE
from reports import formats
from reports.errors import PeriodError, ReportFormatError, TimeZoneError
from reports.formats import write_report_to
from reports.question.asking import ask_question
from store.questions.queries import Result
from tests.ledger import arrive, predict, quarantine, register_model, reject
from tests.reports.results import HOSTILE_NAMES


@pytest.fixture
def filled(engine: Engine) -> Engine:
    register_model(engine)
    predict(engine, "a.dcm")
    reject(engine, "b.dcm")
    quarantine(engine, "c.dcm")
    arrive(engine, *HOSTILE_NAMES[:12])
    return engine


def write(engine: Engine, output_format: str, output: Path | None = None, **asked: Any) -> str:
    asked = {"since": "1h", "until": None, "time_zone": "Europe/Berlin", **asked}
    write_report_to(engine, ask_question(**asked), output_format, output)
    return "" if output is None else output.read_bytes().decode()


def test_a_json_report_tells_the_ledger(filled: Engine, tmp_path: Path) -> None:
    found = json.loads(write(filled, "json", tmp_path / "report.json"))
    assert found["summary"]["arrived"] == len(found["results"]) == 15
    assert found["summary"]["pending"] == 12
    assert found["summary"]["labels"] == {"covid19": 0, "viral_pneumonia": 0, "normal": 1}
    assert [result["state"] for result in found["results"][:4]] == ["done", "done", "quarantined", "waiting"]
    assert found["results"][0]["received_at"][-6:] in {"+01:00", "+02:00"}


def test_a_csv_report_tells_the_ledger(filled: Engine, tmp_path: Path) -> None:
    rows = list(csv.DictReader(StringIO(write(filled, "csv", tmp_path / "report.csv"), newline="")))
    assert [row["file_name"] for row in rows[:3]] == ["a.dcm", "b.dcm", "c.dcm"]
    assert len(rows) == 15


def test_a_table_goes_to_standard_output(filled: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    write(filled, "table")
    written = capsys.readouterr().out
    assert "arrived" in written
    assert written.endswith(NOTICE + "\n")


def test_sums_and_results_are_of_one_moment(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arrive(engine, "before.dcm")
    stream = formats.stream_results

    def arrive_in_between(*args: Any) -> Iterator[Result]:
        arrive(engine, "meanwhile.dcm")
        return stream(*args)

    monkeypatch.setattr(formats, "stream_results", arrive_in_between)
    found = json.loads(write(engine, "json", tmp_path / "report.json", until="today"))
    assert found["summary"]["arrived"] == len(found["results"]) == 1


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"output_format": "xml"}, ReportFormatError),
        ({"since": "tomorrow"}, PeriodError),
        ({"until": "2h"}, PeriodError),
        ({"time_zone": "Mars/Olympus"}, TimeZoneError),
    ],
)
def test_a_wrong_question_leaves_the_file_as_it_was(
    sqlite_engine: Engine, tmp_path: Path, asked: dict[str, str], error: type[Exception]
) -> None:
    output = tmp_path / "report"
    output.write_text("yesterday's")
    with pytest.raises(error):
        write(sqlite_engine, **{"output_format": "csv", **asked}, output=output)  # type: ignore[arg-type]
    assert output.read_text() == "yesterday's"


def test_a_report_that_fails_half_way_leaves_the_file_as_it_was(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> Iterator[Result]:
        raise OSError("disk full")

    monkeypatch.setattr(formats, "stream_results", fail)
    output = tmp_path / "report.json"
    output.write_text("yesterday's")
    with pytest.raises(OSError, match="disk full"):
        write(sqlite_engine, "json", output)
    assert [path.name for path in tmp_path.glob("*report*")] == ["report.json"]
    assert output.read_text() == "yesterday's"


def test_a_link_stays_and_what_it_names_is_replaced(sqlite_engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real.csv")
    write(sqlite_engine, "csv", tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real.csv").read_text().startswith("file_name,")


def test_a_device_is_written_to_and_never_replaced(sqlite_engine: Engine) -> None:
    write(sqlite_engine, "csv", Path("/dev/null"))
    assert not Path("/dev/null").is_file()


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=True)


def test_a_terminal_without_unicode_gets_a_report(sqlite_engine: Engine, sqlite_url: str) -> None:
    arrive(sqlite_engine, "胸部.dcm")
    code = (
        "from store.database import open_database; from reports.question.asking import ask_question;"
        "from reports.formats import write_report_to;"
        f"write_report_to(open_database('{sqlite_url}'), ask_question('1h', None, 'UTC'), 'table', None)"
    )
    found = run_python(code, PYTHONIOENCODING="ascii")
    assert r"\u80f8\u90e8.dcm" in found.stdout
    assert NOTICE in found.stdout


def test_importing_reports_imports_neither_rich_nor_what_is_slow() -> None:
    code = "import reports.question.asking, reports.formats, reports.columns, sys; print(*sys.modules)"
    loaded = set(run_python(code).stdout.split())
    assert "store.questions.queries" in loaded
    assert not loaded & {"rich", "alembic", "numpy", "cv2", "pydicom", "tensorflow", "psycopg", "tzlocal"}
    assert not loaded & {"reportlab", "xlsxwriter", "markupsafe"}
