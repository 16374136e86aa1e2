"""What people and the service did, other than screening: never changed, never deleted, each event chained to the last.

The hash of an event covers what it says and the hash of the one before it. Whoever changes, inserts or takes out one
must write all later hashes anew; and the newest hash stands in each day's report, outside of the database.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from store.columns import database_now
from store.database import wait_for_turn
from store.tables import audit_events

CHAIN = "xray-watch audit"
BEFORE_THE_FIRST = "0" * 64
COLUMNS = tuple(audit_events.c)


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One event.

    Attributes
    ----------
    actor : str or None
        The user; None where the service acted, or somebody at the command line.
    detail : dict
        What else is to be said; no identity of a patient.
    sha256 : str or None
        None for events that are older than the chain.
    """

    id: int
    at: datetime
    action: str
    arrival_id: int | None
    actor: str | None
    address: str | None
    detail: dict[str, Any]
    previous_sha256: str | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Chain:
    """What a look at the whole chain found; ``broken_at`` is the first event that does not fit, if there is one."""

    events: int
    head_sha256: str | None
    broken_at: int | None


def record_event(
    connection: Connection,
    action: str,
    *,
    arrival_id: int | None = None,
    actor: str | None = None,
    address: str | None = None,
    **detail: str | float | None,
) -> None:
    """Append an event; ``detail`` holds no identity of a patient.

    Other transactions that append wait until this one ends, so it is best the last thing that a transaction does.
    """
    wait_for_turn(connection, CHAIN)
    previous = find_head(connection) or BEFORE_THE_FIRST
    at = connection.scalar(select(database_now()))
    assert at is not None  # noqa: S101  (a clock has a time)
    said = {"action": action, "arrival_id": arrival_id, "actor": actor, "address": address, "detail": detail}
    connection.execute(
        insert(audit_events).values(**said, at=at, previous_sha256=previous, sha256=_hash(previous, at, said))
    )


def find_events(connection: Connection, since: datetime, until: datetime, limit: int) -> list[AuditEvent]:
    """Return the events of a period, the newest first."""
    at = audit_events.c.at
    statement = select(*COLUMNS).where(at >= since, at < until).order_by(audit_events.c.id.desc()).limit(limit)
    return [_as_event(row) for row in connection.execute(statement)]


def list_events(connection: Connection, limit: int = 100) -> list[tuple[datetime, str, int | None, dict[str, Any]]]:
    """Return the newest events first: (at, action, arrival_id, detail)."""
    columns = (audit_events.c.at, audit_events.c.action, audit_events.c.arrival_id, audit_events.c.detail)
    rows = connection.execute(select(*columns).order_by(audit_events.c.id.desc()).limit(limit))
    return [(row.at, row.action, row.arrival_id, row.detail) for row in rows]


def find_head(connection: Connection) -> str | None:
    """Return the hash of the newest event; None where there is none."""
    head: str | None = connection.scalar(select(audit_events.c.sha256).order_by(audit_events.c.id.desc()).limit(1))
    return head


def holds_hash(connection: Connection, sha256: str) -> bool:
    """Return whether an event has this hash: that of a report, which is missing if the chain was cut off since."""
    return connection.scalar(select(audit_events.c.id).where(audit_events.c.sha256 == sha256).limit(1)) is not None


def verify_chain(connection: Connection) -> Chain:
    """Compute every hash anew, from the first event that has one."""
    expected, count = BEFORE_THE_FIRST, 0
    statement = select(*COLUMNS).order_by(audit_events.c.id)
    with connection.execution_options(yield_per=1000).execute(statement) as rows:
        for event in map(_as_event, rows):
            if event.sha256 is None and not count:
                continue
            if event.previous_sha256 != expected or event.sha256 != _hash_event(expected, event):
                return Chain(count, None, event.id)
            expected, count = event.sha256, count + 1
    return Chain(count, expected if count else None, None)


def describe_detail(detail: dict[str, Any]) -> str:
    """Return what else an event says, in one line."""
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in detail.items() if value is not None)


def _as_event(row: Row[Any]) -> AuditEvent:
    return AuditEvent(*tuple(row))


def _hash_event(previous: str, event: AuditEvent) -> str:
    said = {name: getattr(event, name) for name in ("action", "arrival_id", "actor", "address", "detail")}
    return _hash(previous, event.at, said)


def _hash(previous: str, at: datetime, said: dict[str, Any]) -> str:
    text = json.dumps([previous, at.astimezone(UTC).isoformat(), said], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def has_acted(connection: Connection, actor: str, arrival_id: int, actions: Sequence[str], seconds: float) -> bool:
    """Return whether a user has done one of these to a film in the last seconds."""
    e = audit_events.c
    recent = (e.arrival_id == arrival_id) & (e.actor == actor) & (e.at > database_now(-seconds))
    return connection.scalar(select(e.id).where(recent, e.action.in_(actions)).limit(1)) is not None
