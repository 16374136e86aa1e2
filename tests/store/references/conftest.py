"""Films with every kind of key, and importing a file of reference labels about them."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from store.database import open_database
from store.identifiers import build_protection
from store.references.importing import ImportSettings, LabelImport, import_references
from tests.ledger import predict, register_model

PROTECT = build_protection(store_identifiers=False, key=b"site")
ZONE = ZoneInfo("Europe/Berlin")


@pytest.fixture(scope="session")
def films(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two films of one order, one of another patient under the same number, and one that a header named twice."""
    path = tmp_path_factory.mktemp("films") / "films.db"
    shutil.copyfile(sqlite_template, path)
    engine = open_database(f"sqlite:///{path}")
    register_model(engine)
    for name, uid, accession, patient in (
        ("pa.dcm", "1.2.1", "A1", "P1"),
        ("ap.dcm", "1.2.2", "A1", "P1"),
        ("b.dcm", "1.2.3", "A2", "P2"),
        ("c.dcm", "1.2.4", "A2", "P3"),
        ("d.dcm", "1.2.5", "A5", "P5"),
        ("d-edited.dcm", "1.2.5", "A5", "P5"),
    ):
        identity = {"sop_instance_uid": uid, "accession_number": PROTECT(accession), "patient_id": PROTECT(patient)}
        predict(engine, name, identity=identity)
    predict(engine, "e.png")
    engine.dispose()
    return path


@pytest.fixture
def engine(films: Path, tmp_path: Path) -> Iterator[Engine]:
    """A ledger of these films for each test."""
    path = tmp_path / "ledger.db"
    shutil.copyfile(films, path)
    engine = open_database(f"sqlite:///{path}")
    yield engine
    engine.dispose()


def write(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "results.csv"
    path.write_bytes(text.encode(encoding))
    return path


def take(engine: Engine, path: Path, **settings: object) -> LabelImport:
    return import_references(engine, path, ImportSettings(**settings), PROTECT, ZONE)  # type: ignore[arg-type]
