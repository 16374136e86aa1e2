"""Which model bundles have served here, and which one is chosen to."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, select, update

from store.audit import record_event
from store.columns import database_now
from store.database import build_insert
from store.errors import ModelUnknownError
from store.tables import models


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """A bundle that is known here."""

    model_sha256: str
    model_version: str
    folder: Path
    registered_at: datetime
    active: bool


def record_model(connection: Connection, model_sha256: str, model_version: str, folder: Path) -> None:
    """Register a verified bundle; once known, only its folder may change."""
    statement = build_insert(connection, models).values(
        model_sha256=model_sha256, model_version=model_version, folder=folder, registered_at=database_now()
    )
    connection.execute(
        statement.on_conflict_do_update(index_elements=["model_sha256"], set_={"folder": statement.excluded.folder})
    )


def activate_model(connection: Connection, model_sha256: str) -> None:
    """Choose the bundle that serves from the next start on, and say so in the audit events.

    Raises
    ------
    ModelUnknownError
        No bundle with this hash was registered; the choice stays as it was.
    """
    if connection.execute(select(models.c.active).where(models.c.model_sha256 == model_sha256)).first() is None:
        raise ModelUnknownError(f"no model {model_sha256[:12]} is registered; see 'xray-cli model list'")
    connection.execute(update(models).values(active=models.c.model_sha256 == model_sha256))
    record_event(connection, "model_activated", model_sha256=model_sha256)


def find_active_model(connection: Connection) -> RegisteredModel | None:
    """Return the chosen bundle, or None where nobody has chosen."""
    row = connection.execute(select(models).where(models.c.active)).one_or_none()
    return None if row is None else RegisteredModel(**row._mapping)


def list_models(connection: Connection) -> list[RegisteredModel]:
    """Return the known bundles, the newest first."""
    rows = connection.execute(select(models).order_by(models.c.registered_at.desc()))
    return [RegisteredModel(**row._mapping) for row in rows]
