"""What people and the service did to the ledger, other than screening: never changed, never deleted."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from store.columns import database_now
from store.tables import audit_events


def record_event(
    connection: Connection, action: str, *, arrival_id: int | None = None, **detail: str | float | None
) -> None:
    """Append an event; ``detail`` holds no identity of a patient."""
    connection.execute(
        insert(audit_events).values(at=database_now(), action=action, arrival_id=arrival_id, detail=detail)
    )


def list_events(connection: Connection, limit: int = 100) -> list[tuple[datetime, str, int | None, dict[str, Any]]]:
    """Return the newest events first: (at, action, arrival_id, detail)."""
    columns = (audit_events.c.at, audit_events.c.action, audit_events.c.arrival_id, audit_events.c.detail)
    rows = connection.execute(select(*columns).order_by(audit_events.c.id.desc()).limit(limit))
    return [(row.at, row.action, row.arrival_id, row.detail) for row in rows]
