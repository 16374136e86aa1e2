import json
from pathlib import Path

import pytest

from installation.home import Home
from installation.identifiers import find_protection, make_identifier_key
from installation.settings import Settings
from store.database import open_database
from store.schema import upgrade_schema
from tests.cli.conftest import Run
from tests.ledger import UID, predict, quarantine, register_model

ACCESSION = "ACC-2026-7"
LONG = "a name of a file that is longer than a terminal is wide and that somebody has to be able to read.dcm"


@pytest.fixture
def ledger(run: Run, tmp_path: Path) -> Run:
    home = Home(tmp_path / "home")
    home.root.mkdir()
    make_identifier_key(Settings(home=home.root), home)
    protect = find_protection(Settings(home=home.root), home)
    engine = open_database(f"sqlite:///{home.root / 'xray.db'}")
    upgrade_schema(engine)
    register_model(engine)
    said = {"study_instance_uid": UID, "accession_number": protect(ACCESSION), "station_name": "ROOM-7"}
    predict(engine, LONG, identity=said)
    quarantine(engine, "cut.dcm", "truncated_file", header=said)
    engine.dispose()
    return run


def test_one_film_is_shown_whole(ledger: Run) -> None:
    found = ledger("show", "2")
    assert (found.returncode, found.stderr) == (0, "")
    for words in ("Film 2", "cut.dcm", "truncated_file", "it ends early", "Send the file again", "ROOM-7"):
        assert words in found.stdout


def test_an_accession_number_is_hashed_as_the_ledger_does_and_finds_all_films_of_its_study(ledger: Run) -> None:
    found = ledger("show", ACCESSION, "--format", "json")
    films = json.loads(found.stdout)["films"]
    assert [film["file_name"] for film in films] == ["cut.dcm", LONG]
    assert ACCESSION not in json.dumps(films)
    listed = ledger("show", ACCESSION).stdout
    assert "2 films found" in listed
    assert all(word in listed for word in LONG.split())


def test_a_file_is_found_by_its_bytes(ledger: Run, tmp_path: Path) -> None:
    (tmp_path / "copy.dcm").write_bytes(b"cut.dcm")  # in tests a file's content is its name
    assert "Film 2" in ledger("show", "copy.dcm").stdout


def test_what_is_not_there_is_said_with_what_is_accepted(ledger: Run) -> None:
    found = ledger("show", "nobody's.dcm")
    assert found.returncode == 66
    assert "there is no film" in found.stderr
    assert "an accession number" in found.stderr


def test_a_report_is_limited_to_an_accession_number_a_station_and_a_file(ledger: Run) -> None:
    for words, files in (
        (["--accession", ACCESSION], {LONG, "cut.dcm"}),
        (["--accession", "another"], set()),
        (["--station", "ROOM-7", "--reason", "truncated_file"], {"cut.dcm"}),
        (["--file", LONG], {LONG}),
        (["--uid", UID, "--outcome", "predicted"], {LONG}),
    ):
        found = json.loads(ledger("report", "--format", "json", *words).stdout)
        assert {result["file_name"] for result in found["results"]} == files
        assert ACCESSION not in json.dumps(found)
