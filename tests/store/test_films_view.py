"""The view ``films``: its columns are those of docs/sql.md, and its rows say what reports say."""

import re
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from store.audit import list_events
from store.database import reading
from store.questions.queries import list_newest_results
from store.questions.selection import Selection, find_part
from store.references.labels import ReferenceLabel, record_references
from store.references.words import Reference, ReferenceSource
from tests.ledger import UID, arrive, digest, predict, quarantine, register_model, reject, vanish
from tests.store.questions.test_queries import ALWAYS

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "sql.md"


def read_view(engine: Engine) -> list[dict[str, Any]]:
    with reading(engine) as connection:
        return [dict(row._mapping) for row in connection.execute(text("SELECT * FROM films ORDER BY arrival_id"))]


def list_documented() -> list[str]:
    cells = re.findall(r"^\| (`.*?) \|", DOCUMENT.read_text(), re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]


def test_its_columns_are_those_that_are_described_in_their_order(engine: Engine) -> None:
    register_model(engine)
    predict(engine, "a.dcm")
    (row,) = read_view(engine)
    assert list(row) == list_documented()
    assert row["view_version"] == 1


def test_its_rows_say_what_reports_say(engine: Engine) -> None:
    register_model(engine)
    header = {"source_format": "dicom", "station_name": "ROOM-7", "accession_number": "A1", "sop_instance_uid": UID}
    predict(engine, "a.dcm", identity=header)
    reject(engine, "folder/b.dcm", identity=header | {"notes": "view_not_understood"})
    quarantine(engine, "c.dcm", header=header)
    vanish(engine, "d.dcm")
    arrive(engine, "e.dcm")
    with engine.begin() as connection:
        label = ReferenceLabel(digest("a.dcm"), ReferenceSource.PCR, Reference.COVID19)
        record_references(connection, [label])
    with reading(engine) as connection:
        results = {result.arrival_id: result for result in list_newest_results(connection, Selection(*ALWAYS), 9)}
        assert list_events(connection)
    rows = read_view(engine)
    assert len(rows) == len(results) == 5
    same = ("file_name", "state", "label", "reason_code", "reason", "station_name", "accession_number", "model_version")
    for row in rows:
        result = results[row["arrival_id"]]
        assert {name: row[name] for name in same} == {name: getattr(result, name) for name in same}
        assert row["outcome"] == find_part(result.state, result.outcome)
        assert bool(row["conflict"]) == result.conflict
        assert (row["notes"] or "").split() == list(result.notes)
    assert [row["reference_pcr"] for row in rows] == ["covid19", None, None, None, None]
    assert rows[0]["probability_normal"] == 0.625
    assert rows[1]["received_as"] == "/inbox/folder/b.dcm"
