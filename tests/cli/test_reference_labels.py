"""``outcomes import`` as a process: the site's key, exit codes, and nothing of a patient on either stream."""

import json
import shutil
from pathlib import Path

import pytest

from store.database import open_database
from store.identifiers import build_protection
from tests.cli.conftest import Run
from tests.databases import sqlite_template
from tests.ledger import predict, register_model

__all__ = ["sqlite_template"]

KEY = "0123456789abcdef"


@pytest.fixture
def home(sqlite_template: Path, tmp_path: Path) -> Path:
    """A home whose films carry hashed accession numbers."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "identifier.key").write_text(KEY)
    shutil.copyfile(sqlite_template, folder / "xray.db")
    engine = open_database(f"sqlite:///{folder / 'xray.db'}")
    register_model(engine)
    protect = build_protection(store_identifiers=False, key=KEY.encode())
    for number in range(3):
        predict(engine, f"{number}.dcm", identity={"accession_number": protect(f"CANARY{number}")})
    engine.dispose()
    return folder


def write(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "pcr.csv"
    path.write_text("\n".join(("Accession Number;PCR", *rows)))
    return path


def test_a_file_is_tried_imported_and_reported(run: Run, home: Path, tmp_path: Path) -> None:
    path = write(tmp_path, "CANARY0;NEG", "CANARY1;POS")
    options = ("--map", "POS=covid19", "--map", "NEG=not_covid19")
    dry = run("outcomes", "import", path, *options, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "would be imported: 2 new films" in dry.stdout
    assert json.loads(run("report", "--since", "1h", "--format", "json").stdout)["agreement"] == []
    assert "imported: 2 new films" in run("outcomes", "import", path, *options).stdout
    (told,) = json.loads(run("report", "--since", "1h", "--format", "json").stdout)["agreement"]
    assert (told["source"], told["films"], told["missed"]) == ("pcr", 2, 1)


def test_refused_rows_are_named_by_line_and_the_others_only_on_demand(run: Run, home: Path, tmp_path: Path) -> None:
    path = write(tmp_path, "CANARY0;positive", "CANARY9;positive", "CANARY1;CANARY")
    refused = run("outcomes", "import", path)
    assert refused.returncode == 65
    assert "NOT imported" in refused.stdout
    assert refused.stderr.splitlines() == [
        "line 3: no film with this key was screened here",
        "line 4: unknown label; see --map",
    ]
    taken = run("outcomes", "import", path, "--skip-refused")
    assert taken.returncode == 1
    assert "imported: 1 new film" in taken.stdout
    assert "CANARY" not in refused.stdout + refused.stderr + taken.stdout + taken.stderr


def test_another_home_has_no_key_to_find_films_with(run: Run, home: Path, tmp_path: Path) -> None:
    (home / "identifier.key").unlink()
    answer = run("outcomes", "import", write(tmp_path, "CANARY0;positive"))
    assert answer.returncode == 78
    assert "identifier.key is missing" in answer.stderr
    assert not (home / "identifier.key").exists()


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--key", "patient_id"), 2, "source_sha256"),
        (("--source", "guess"), 2, "reader"),
        (("--label-column", "Verdict"), 65, "no column has the name 'Verdict'"),
    ],
)
def test_options_that_make_no_sense_are_named(
    run: Run, home: Path, tmp_path: Path, options: tuple[str, ...], code: int, says: str
) -> None:
    answer = run("outcomes", "import", write(tmp_path, "CANARY0;positive"), *options)
    assert answer.returncode == code
    assert says in answer.stderr


def test_a_file_that_is_not_there_is_named(run: Run, home: Path, tmp_path: Path) -> None:
    answer = run("outcomes", "import", tmp_path / "nowhere.csv")
    assert answer.returncode == 66
    assert "there is no file" in answer.stderr
