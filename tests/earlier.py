"""Ledgers as each earlier version has left them: made by Alembic at that revision, with a row in every table."""

import warnings
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, insert, select

from store.schema import build_alembic_config

THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHA256 = sha256(b"film").hexdigest()
MODEL = sha256(b"model").hexdigest()
ROWS: dict[str, dict[str, Any]] = {
    "models": {
        "model_sha256": MODEL,
        "model_version": "1",
        "folder": "/bundle",
        "registered_at": THEN,
        "active": False,
    },
    "screenings": {
        "id": 1,
        "arrival_id": 1,
        "source_sha256": SHA256,
        "model_sha256": MODEL,
        "screened_at": THEN,
        "outcome": "predicted",
        "label": "normal",
        "conflict": False,
        "station_name": "CR1",
        "probability_covid19": 0.125,
        "probability_viral_pneumonia": 0.25,
        "probability_normal": 0.625,
    },
    "arrivals": {
        "id": 1,
        "inbox": "/inbox",
        "path": "/inbox/film.dcm",
        "size_bytes": 7,
        "after": "move",
        "state": "done",
        "received_at": THEN,
        "finished_at": THEN,
        "source_sha256": SHA256,
        "screening_id": 1,
    },
    "reference_labels": {
        "id": 1,
        "source_sha256": SHA256,
        "source": "pcr",
        "reference": "not_covid19",
        "recorded_at": THEN,
    },
    "audit_events": {"id": 1, "at": THEN, "action": "service_started", "detail": {}},
}


def list_revisions() -> list[str]:
    """Ask Alembic for the revisions, the oldest first."""
    found = ScriptDirectory.from_config(build_alembic_config()).walk_revisions()
    return [revision.revision for revision in found][::-1]


def make_earlier(engine: Engine, revision: str) -> None:
    """Make a ledger of that revision, with rows."""
    config = build_alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    tables = reflect(engine)
    with engine.begin() as connection:
        for name, row in ROWS.items():
            if name in tables.tables:
                table = tables.tables[name]
                known = {column: value for column, value in row.items() if column in table.c}
                connection.execute(insert(table).values(known))


def reflect(engine: Engine) -> MetaData:
    tables = MetaData()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index")
        tables.reflect(engine)
    return tables


def read_rows(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """Read what the ledger holds of our own rows, by table, as far as `ROWS` says it."""
    tables = reflect(engine)
    with engine.connect() as connection:
        return {
            name: [
                {column: _as_written(row._mapping[column]) for column in ROWS[name] if column in table.c}
                for row in connection.execute(select(table))
            ]
            for name, table in tables.tables.items()
            if name in ROWS
        }


def _as_written(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
