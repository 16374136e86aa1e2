"""``deliveries``, ``deliver`` and ``send --since --to`` on a ledger of its own; tests/pacs has them with real peers."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from store.database import open_database, reading
from store.ledger.deliveries import claim_delivery, list_deliveries, record_refused
from store.schema import upgrade_schema
from tests.cli.conftest import Run
from tests.ledger import predict, register_model

PACS = {"XRAY_TARGETS": "PACS=ORTHANC@127.0.0.1:9", "XRAY_DELIVER": "sr,sc"}
DICOM = {
    "source_format": "dicom",
    "sop_instance_uid": "1.2.3",
    "study_instance_uid": "1.2.4",
    "series_instance_uid": "1.2.5",
}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    (tmp_path / "home").mkdir()
    engine = open_database(f"sqlite:///{tmp_path / 'home/xray.db'}")
    upgrade_schema(engine)
    register_model(engine)
    predict(engine, "a.dcm", identity=DICOM)
    yield engine
    engine.dispose()


def test_a_period_is_queued_once_listed_with_the_targets_words_and_tried_again(run: Run, engine: Engine) -> None:
    assert "2 answers are queued for PACS" in run("send", "--since", "1h", "--to", "PACS", **PACS).stdout
    assert "0 answers are queued for PACS" in run("send", "--since", "1h", "--to", "PACS", **PACS).stdout
    with engine.begin() as connection:
        found = claim_delivery(connection, "PACS", 30)
        assert found is not None
        record_refused(connection, found, "0xA700", "no \x1b room", 600)
    listed = run("deliveries", "list", "--waiting").stdout
    assert "arrival 1 sr to PACS: waiting, 1 attempt" in listed
    assert "0xA700 no \\x1b room" in listed
    shown = json.loads(run("deliveries", "list", "--format", "json").stdout)
    assert [each["kind"] for each in shown["deliveries"]] == ["sc", "sr"]
    assert "1 answer is sent again now" in run("deliveries", "retry", found.id).stdout
    with reading(engine) as connection:
        assert all(each.not_before is None for each in list_deliveries(connection))


def test_what_is_not_set_is_said(run: Run, engine: Engine) -> None:
    nothing = run("deliver")
    assert (nothing.returncode, "set XRAY_TARGETS" in nothing.stderr) == (os.EX_CONFIG, True)
    other = run("send", "--since", "1h", "--to", "OTHER", **PACS)
    assert (other.returncode, "there is no target 'OTHER'" in other.stderr) == (os.EX_CONFIG, True)
    assert run("send", "--since", "1h").returncode == 2
