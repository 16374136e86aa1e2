"""A subfolder that may not be entered is heard of: its films have no answer."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from imaging.phantoms.files import write_png_phantom
from tests.cli.conftest import Run
from tests.permissions import obeying_command


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "archive"
    (folder / "closed").mkdir(parents=True)
    write_png_phantom(folder / "film.png", seed=1, rows=500, columns=400)
    write_png_phantom(folder / "closed" / "other.png", seed=2, rows=500, columns=400)
    (folder / "closed").chmod(0o000)
    yield folder
    (folder / "closed").chmod(0o755)


def test_predict_answers_for_the_others_and_fails(run: Run, archive: Path) -> None:
    answer = run("predict", archive, "--format", "json", wrapper=obeying_command())
    assert answer.returncode == 1
    assert [result["file_name"] for result in json.loads(answer.stdout)] == ["film.png"]
    assert f"{archive}/closed cannot be entered (Permission denied)" in answer.stderr


def test_predict_of_closed_folders_alone_is_an_empty_list(run: Run, archive: Path) -> None:
    answer = run("predict", archive / "closed", "--format", "json", wrapper=obeying_command())
    assert (answer.returncode, json.loads(answer.stdout)) == (1, [])


def test_a_film_in_a_closed_folder_does_not_keep_others_from_their_answer(run: Run, archive: Path) -> None:
    named = (archive / "closed" / "other.png", archive / "film.png")
    answer = run("predict", *named, "--format", "json", wrapper=obeying_command())
    assert [result["state"] for result in json.loads(answer.stdout)] == ["failed", "done"]
    assert answer.returncode == 1


def test_scan_warns_and_fails(run: Run, archive: Path) -> None:
    answer = run("scan", archive, wrapper=obeying_command(), XRAY_LOG_FORMAT="json", XRAY_WORKERS="1")
    said = [json.loads(line) for line in answer.stderr.splitlines() if line.startswith("{")]
    warnings = [line["message"] for line in said if line["action"] == "folder_closed"]
    assert answer.returncode == 1, answer.stderr
    assert warnings == [
        f"1 subfolder of {archive} cannot be entered (Permission denied), the films are not seen: "
        "'xray-cli doctor' names it"
    ]
    assert "1 done" in answer.stderr


def test_the_doctor_names_it(run: Run, archive: Path) -> None:
    answer = run("doctor", archive, wrapper=obeying_command())
    assert answer.returncode == 1
    assert f"FAIL subfolders   cannot be entered: {archive}/closed (Permission denied)" in answer.stdout
