"""The way of an arrival through its states; every step is one transaction and may be repeated.

Each function takes the caller's connection, so that what belongs together is committed together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Float, Row, bindparam, func, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from store.audit import record_event
from store.columns import database_now
from store.database import build_insert
from store.states import READY_STATES, AfterScreening, ArrivalState, Priority
from store.tables import READY, UNFINISHED, arrivals

SEND_AT_ONCE = 500  # ids a statement: far below both databases' limit of parameters
LONGEST_PAUSE_SECONDS = 60  # no file is put off for longer: what seems to be was, before the clock was set back


@dataclass(frozen=True, slots=True)
class NewArrival:
    """A complete file in the inbox, before it has a row."""

    fingerprint: str
    inbox: Path
    path: Path
    size_bytes: int
    after: AfterScreening
    priority: Priority = Priority.ROUTINE
    sender: str | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A row of the ledger, as far as a worker needs it."""

    id: int
    fingerprint: str | None
    inbox: Path
    path: Path
    stored_path: Path | None
    after: AfterScreening
    state: ArrivalState
    attempts: int
    transient_faults: int
    source_sha256: str | None
    reason_code: str | None
    reason: str | None
    received_at: datetime


ARRIVAL_COLUMNS = tuple(arrivals.c[name] for name in Arrival.__dataclass_fields__)


def as_arrival(row: Row[tuple[Any, ...]]) -> Arrival:
    """Build an arrival from a row of ``ARRIVAL_COLUMNS``."""
    fields = dict(row._mapping)
    fields["after"] = AfterScreening(fields["after"])
    fields["state"] = ArrivalState(fields["state"])
    return Arrival(**fields)


def record_arrivals(connection: Connection, files: Sequence[NewArrival]) -> None:
    """Commit files that are complete; those already known are left alone."""
    if not files:
        return
    statement = (
        build_insert(connection, arrivals)
        .values(received_at=database_now(), state=ArrivalState.WAITING)
        .on_conflict_do_nothing(index_elements=["fingerprint"])
    )
    rows = [{name: getattr(file, name) for name in NewArrival.__dataclass_fields__} for file in files]
    connection.execute(statement, rows)


def find_known_fingerprints(connection: Connection, fingerprints: Sequence[str]) -> set[str]:
    """Return those of the fingerprints that already have a row."""
    known: set[str] = set()
    for start in range(0, len(fingerprints), SEND_AT_ONCE):
        asked = fingerprints[start : start + SEND_AT_ONCE]
        known.update(connection.scalars(select(arrivals.c.fingerprint).where(arrivals.c.fingerprint.in_(asked))))
    return known


def is_any_ready(connection: Connection) -> bool:
    """Return whether an arrival waits that could be queued now: one look at an index, and no lock."""
    return connection.scalar(select(arrivals.c.id).where(READY, _is_due()).limit(1)) is not None


def queue_arrivals(connection: Connection, window: int, priority: Priority = Priority.ROUTINE) -> list[int]:
    """Mark as queued what is ready, oldest first, so that at most ``window`` ids of a priority wait at the broker.

    A short queue keeps the database in charge: what is not sent can still be reordered, and an id
    that stays away longer than the queue is long was lost.
    """
    a = arrivals.c
    waits = (a.state == ArrivalState.QUEUED) & (a.priority == priority)
    queued = connection.scalar(select(func.count()).where(waits)) or 0
    if queued >= window:
        return []
    ready = (
        select(a.id)
        .where(READY, a.priority == priority, _is_due())
        .order_by(a.id)
        .limit(window - queued)
        .with_for_update(skip_locked=True)
    )
    ids = list(connection.scalars(ready))
    _set_by_id(connection, ids, state=ArrivalState.QUEUED, queued_at=database_now(), not_before=None)
    return ids


def hurry_arrivals(connection: Connection, longest_wait_seconds: float, most: int) -> list[int]:
    """Mark as queued the routine arrivals that have waited for so long, the oldest first, with what was sent already.

    Returns
    -------
    list of int
        At most ``most``, each until a worker has it: what is at the broker already may stand behind many others.
    """
    a = arrivals.c
    late = (
        select(a.id, a.state)
        .where(_is_overdue(longest_wait_seconds))
        .order_by(a.received_at, a.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    rows = connection.execute(late).all()
    fresh = [row.id for row in rows if row.state != ArrivalState.QUEUED]
    _set_by_id(connection, fresh, state=ArrivalState.QUEUED, queued_at=database_now(), not_before=None)
    return [row.id for row in rows]


def is_any_overdue(connection: Connection, longest_wait_seconds: float) -> bool:
    """Return whether a routine arrival that no worker has yet has waited for so long: one look at an index."""
    return connection.scalar(select(arrivals.c.id).where(_is_overdue(longest_wait_seconds)).limit(1)) is not None


def unqueue_arrivals(connection: Connection, ids: Sequence[int]) -> None:
    """Take back what may not have been sent, and what no worker has."""
    a = arrivals.c
    connection.execute(
        update(arrivals).where(a.id.in_(ids), a.state == ArrivalState.QUEUED).values(state=ArrivalState.WAITING)
    )


def claim_arrival(connection: Connection, arrival_id: int, owner: str, lease_seconds: float) -> Arrival | None:
    """Take the lease on an arrival, or return None where it is finished or another worker's."""
    given = {"wanted": arrival_id, "holder": owner, "seconds": round(lease_seconds, 3)}
    row = connection.execute(_build_claim(), given).one_or_none()
    return None if row is None else as_arrival(row)


@cache
def _build_claim() -> ReturningUpdate[Any]:
    """Build it once: for what each film runs, building a statement anew costs more than the database's own work."""
    a = arrivals.c
    free = a.state.in_((*READY_STATES, ArrivalState.QUEUED))
    abandoned = (a.state == ArrivalState.SCREENING) & (a.lease_until < database_now())
    # a row that the sweep has in its hands at this very moment is left to it, and sent again
    this = select(a.id).where(a.id == bindparam("wanted"), or_(free, abandoned))
    taken = this.with_for_update(skip_locked=True).correlate(None).scalar_subquery()
    return (
        update(arrivals)
        .where(a.id == taken)
        .values(
            state=ArrivalState.SCREENING,
            lease_owner=bindparam("holder"),
            lease_until=database_now(bindparam("seconds", type_=Float)),
            started_at=database_now(),
        )
        .returning(*ARRIVAL_COLUMNS)
    )


def retry_arrival(
    connection: Connection, arrival_id: int, owner: str, *, reason_code: str, delay_seconds: float, spoilt: bool
) -> bool:
    """Give the lease back and try again later.

    Parameters
    ----------
    spoilt : bool
        True when the file itself ended the attempt (it crashed or hung its reader), which counts
        towards its last; False for a fault around it, which is retried for ever.

    Returns
    -------
    bool
        False where the lease is no longer the owner's.
    """
    a = arrivals.c
    counted = {"attempts": a.attempts + 1} if spoilt else {"transient_faults": a.transient_faults + 1}
    statement = (
        update(arrivals)
        .where(a.id == arrival_id, a.state == ArrivalState.SCREENING, a.lease_owner == owner)
        .values(
            state=ArrivalState.WAITING if spoilt else ArrivalState.FAILED,
            not_before=database_now(delay_seconds),
            reason_code=reason_code,
            lease_owner=None,
            lease_until=None,
            **counted,
        )
    )
    return connection.execute(statement).rowcount == 1


def find_arrival(connection: Connection, arrival_id: int) -> Arrival | None:
    """Return one arrival, or None."""
    row = connection.execute(select(*ARRIVAL_COLUMNS).where(arrivals.c.id == arrival_id)).one_or_none()
    return None if row is None else as_arrival(row)


def list_arrivals(connection: Connection, state: ArrivalState, limit: int = 1000) -> list[Arrival]:
    """Return arrivals of one state, the newest first."""
    statement = select(*ARRIVAL_COLUMNS).where(arrivals.c.state == state).order_by(arrivals.c.id.desc()).limit(limit)
    return [as_arrival(row) for row in connection.execute(statement)]


def list_quarantined(connection: Connection, limit: int) -> list[Arrival]:
    """Return what could not be read and was not released, the newest first."""
    a = arrivals.c
    waits = a.stored_path.is_not(None) | a.fingerprint.is_not(None)
    statement = select(*ARRIVAL_COLUMNS).where(a.state == ArrivalState.QUARANTINED, waits)
    return [as_arrival(row) for row in connection.execute(statement.order_by(a.id.desc()).limit(limit))]


def record_release(
    connection: Connection, arrival_id: int, actor: str | None = None, address: str | None = None
) -> None:
    """Note that a file goes the one way again, as another arrival; this row stays, and points nowhere any more."""
    which = arrivals.c.id == arrival_id
    connection.execute(update(arrivals).where(which).values(stored_path=None, fingerprint=None))
    record_event(connection, "quarantine_released", arrival_id=arrival_id, actor=actor, address=address)


def _is_due() -> ColumnElement[bool]:
    not_before = arrivals.c.not_before
    return or_(not_before.is_(None), not_before <= database_now(), not_before > database_now(LONGEST_PAUSE_SECONDS))


def _is_overdue(longest_wait_seconds: float) -> ColumnElement[bool]:
    a = arrivals.c
    waits = or_(a.state.in_(READY_STATES) & _is_due(), a.state == ArrivalState.QUEUED)
    late = a.received_at <= database_now(-longest_wait_seconds)
    return UNFINISHED & (a.priority == Priority.ROUTINE) & waits & late


def _set_by_id(connection: Connection, ids: Sequence[int], **values: object) -> None:
    if ids:
        connection.execute(update(arrivals).where(arrivals.c.id.in_(ids)).values(**values))
