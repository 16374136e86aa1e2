import hashlib
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.app import app
from inference.labels import NOTICE
from store.database import open_database
from store.ledger.outcomes import record_screening
from store.references.labels import ReferenceLabel, record_references
from store.references.words import Reference, ReferenceSource
from tests.databases import sqlite_template
from tests.ledger import OWNER, hold, new_screening, register_model
from tests.training.factories import write_open_gate
from tests.training.preparation.factories import read_list, write_cohen, write_film

__all__ = ["sqlite_template"]


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["prepare", *(str(word) for word in words)])


def test_the_summary_says_what_is_kept_and_what_not(tmp_path: Path) -> None:
    metadata, images = write_cohen(tmp_path / "cohen", [{"seed": 1}, {"seed": 2, "view": "L"}, {}])
    answer = run("--metadata", metadata, "--images", images, "--output", tmp_path / "dataset")
    assert answer.exit_code == 0, answer.output
    assert "3 films offered: 1 kept, 2 left out" in answer.stdout
    assert "missing_file" in answer.stdout
    assert NOTICE in answer.stdout
    assert "ieee8023" in answer.stderr


def test_a_program_gets_the_summary_as_json_and_a_damaged_file_is_exit_code_1(tmp_path: Path) -> None:
    write_film(tmp_path / "films" / "normal" / "a.png", 1)
    (tmp_path / "films" / "normal" / "b.png").write_bytes(b"no picture")
    gate = write_open_gate(tmp_path / "gate")
    answer = run("--folders", tmp_path / "films", "--output", tmp_path / "dataset", "--format", "json", "--lungs", gate)
    assert answer.exit_code == 1
    summary = json.loads(answer.stdout)
    assert (summary["offered"], summary["kept"], summary["failed"]) == (2, 1, 1)
    assert summary["reasons"] == [{"source": "films", "why": "format_not_accepted", "films": 1}]


def test_films_that_were_screened_and_reviewed_here_become_a_data_set(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, output = tmp_path / "home", tmp_path / "dataset"
    home.mkdir()
    shutil.copyfile(sqlite_template, home / "xray.db")
    monkeypatch.setenv("XRAY_HOME", str(home))
    assert run("--from-outcomes", "--output", output).exit_code == 66  # nobody has said anything yet
    engine = open_database(f"sqlite:///{home / 'xray.db'}")
    register_model(engine)
    said = ((ReferenceSource.REVIEW, Reference.NORMAL), (ReferenceSource.PCR, Reference.COVID19))
    for number, (source, reference) in enumerate(said):
        path = write_film(home / f"0000000{number}.png", number)
        screening = new_screening(
            source_sha256=hashlib.sha256(path.read_bytes()).hexdigest(), identity={"patient_id": "P1"}
        )
        arrival_id = hold(engine, path.name)
        with engine.begin() as connection:
            record_screening(connection, arrival_id, OWNER, screening, path)
            record_references(connection, [ReferenceLabel(screening.source_sha256, source, reference)])
    engine.dispose()
    gate = write_open_gate(tmp_path / "gate")
    answer = run("--from-outcomes", "--output", output, "--lungs", gate)
    assert answer.exit_code == 0, answer.output
    assert "keep their headers" in " ".join(answer.stdout.split())
    rows = read_list(output / "manifest.csv")
    assert sorted((row["label"], row["source"]) for row in rows) == [("covid19", "outcomes"), ("normal", "outcomes")]
    (patient,) = {row["patient_id"] for row in rows}
    assert patient not in ("", "P1")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ((), 2, "nothing to prepare"),
        (("--metadata", "m.csv"), 2, "go together"),
        (("--dicom", "d"), 2, "go together"),
        (("--folders", "a", "--view", "L"), 2, "frontal"),
        (("--folders", "a", "--folders", "b", "--source", "s"), 2, "one input"),
        (("--folders", "a", "--format", "xml"), 2, "json"),
        (("--folders", "/nonexistent"), 66, "no folder"),
        (("--metadata", "/nonexistent.csv", "--images", "/usr"), 66, "there is no table /nonexistent.csv"),
    ],
)
def test_what_is_wrong_is_one_clear_line(tmp_path: Path, words: tuple[str, ...], code: int, says: str) -> None:
    answer = run(*words, "--output", tmp_path / "dataset")
    assert answer.exit_code == code
    assert says in answer.stderr
    assert "Traceback" not in answer.output


def test_nothing_left_is_exit_code_65(tmp_path: Path) -> None:
    metadata, images = write_cohen(tmp_path / "cohen", [{}])
    answer = run("--metadata", metadata, "--images", images, "--output", tmp_path / "dataset")
    assert answer.exit_code == 65
    assert (tmp_path / "dataset" / "dropped.csv").is_file()


def test_the_real_layout(shared: Path, tmp_path: Path) -> None:
    cohen = shared / "data" / "cohen_layout"
    words = ("--metadata", cohen / "metadata.csv", "--images", cohen / "images", "--output", tmp_path / "dataset")
    answer = run(*words, "--format", "json")
    assert answer.exit_code == 0, answer.output
    summary = json.loads(answer.stdout)
    reasons = {row["why"]: row["films"] for row in summary["reasons"]}
    assert (summary["offered"], summary["kept"], reasons["ct"], reasons["lateral"]) == (551, 62, 84, 45)
