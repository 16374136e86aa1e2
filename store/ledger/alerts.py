"""What somebody is to hear at once: recorded with the result it is about, and kept until every way has taken it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select, type_coerce, update

from store.columns import FileName, database_now
from store.database import build_insert
from store.tables import UNSENT, alerts, arrivals, screenings

HOUR_SECONDS = 3600.0
LEASE_SECONDS = 120.0  # longer than a try takes by every way; then whoever was sending has died
LONGEST_PAUSE_SECONDS = 600
MOST_AT_ONCE, MOST_MESSAGES = 1000, 20


class AlertKind(StrEnum):
    """What an alert is about."""

    FILM = "film"  # a probability has reached what a rule says
    STATION_SILENT = "station_silent"  # a station that sends every day has sent nothing for hours
    STAT_WAITS = "stat_waits"  # a STAT film has waited for longer than it should
    REFUSALS = "refusals"  # a station has more films refused than is normal for it
    STALLED = "stalled"  # work waits and nothing finishes
    DISK = "disk"  # the home's disk is about to be full
    TEST = "test"  # nothing has happened


@dataclass(frozen=True, slots=True)
class Alert:
    """A row: what is to be said, and what became of it.

    Attributes
    ----------
    message : str or None
        The message that it goes out with; an alert of no message waits for its turn.
    fault : str or None
        Why the last try failed; it names no recipient.
    """

    id: int
    key: str
    kind: AlertKind
    arrival_id: int | None
    detail: Mapping[str, Any]
    recorded_at: datetime
    message: str | None
    webhook_at: datetime | None
    mail_at: datetime | None
    sent_at: datetime | None
    faults: int
    fault: str | None


_COLUMNS = tuple(alerts.c[name] for name in Alert.__dataclass_fields__)


def record_alert(
    connection: Connection, kind: AlertKind, key: str, *, arrival_id: int | None = None, **detail: str | float
) -> None:
    """Record what somebody is to hear; what was recorded under the same key is not recorded again."""
    statement = build_insert(connection, alerts).values(
        key=key, kind=kind, arrival_id=arrival_id, detail=detail, recorded_at=database_now()
    )
    connection.execute(statement.on_conflict_do_nothing(index_elements=["key"]))


def is_any_unsent(connection: Connection) -> bool:
    """Return whether anything waits: one look at an index that holds nothing else."""
    return connection.scalar(select(alerts.c.id).where(UNSENT).limit(1)) is not None


def assign_messages(connection: Connection, most_an_hour: int) -> None:
    """Decide with which message each alert goes out: one each, and the last of an hour's with all that is left.

    Decided before anything is sent: whoever goes on after a crash sends the same messages under the same names.
    """
    a = alerts.c
    waiting = list(connection.scalars(select(a.id).where(a.message.is_(None)).order_by(a.id).with_for_update()))
    recent = select(func.count(a.message.distinct())).where(a.assigned_at > database_now(-HOUR_SECONDS))
    left = most_an_hour - (connection.scalar(recent) or 0)
    if not waiting or left <= 0:
        return
    alone = waiting if len(waiting) <= left else waiting[: left - 1]
    for alert_id in alone:
        _assign(connection, a.id == alert_id, f"alert-{alert_id}")
    if together := waiting[len(alone) :]:
        which = a.id.between(together[0], together[-1]) & a.message.is_(None)
        _assign(connection, which, f"alert-{together[0]}-to-{together[-1]}")


def find_next_turn(connection: Connection, most_an_hour: int) -> datetime | None:
    """Return when the next message may be sent, where an hour's most are; None: now."""
    a = alerts.c
    when = func.min(a.assigned_at)
    sent = select(when).where(a.assigned_at > database_now(-HOUR_SECONDS)).group_by(a.message)
    last = connection.scalar(sent.order_by(when.desc()).offset(most_an_hour - 1).limit(1))
    return None if last is None else last + timedelta(seconds=HOUR_SECONDS)


def claim_messages(connection: Connection) -> list[Sequence[Alert]]:
    """Take what is to be sent now, message by message; nobody else takes it until the lease has run out."""
    a = alerts.c
    # what seems to be put off for an hour was written before the clock was set back
    far = a.not_before > database_now(HOUR_SECONDS)
    free = or_(a.not_before.is_(None), a.not_before <= database_now(), far)
    due = select(a.message).where(UNSENT, a.message.is_not(None), free).order_by(a.id)
    names = dict.fromkeys(connection.scalars(due.limit(MOST_AT_ONCE).with_for_update(skip_locked=True)))
    chosen = a.message.in_(list(names)[:MOST_MESSAGES])
    if not names:
        return []
    connection.execute(update(alerts).where(chosen).values(not_before=database_now(LEASE_SECONDS)))
    rows = connection.execute(select(*_COLUMNS).where(chosen).order_by(a.id))
    messages: dict[str, list[Alert]] = {}
    for alert in map(_as_alert, rows):
        messages.setdefault(str(alert.message), []).append(alert)
    return list(messages.values())


def record_taken(connection: Connection, message: str, way: str) -> None:
    """Note that one way (``webhook`` or ``mail``) has taken a message: it is not sent that way again."""
    connection.execute(update(alerts).where(alerts.c.message == message).values({f"{way}_at": database_now()}))


def record_sent(connection: Connection, message: str) -> None:
    """Note that a message has gone out by every way that is set."""
    which = alerts.c.message == message
    connection.execute(update(alerts).where(which).values(sent_at=database_now(), not_before=None, fault=None))


def record_unsent(connection: Connection, message: str, fault: str, faults: int) -> None:
    """Note why a message did not go out, and when it is tried again; it is never given up."""
    pause = min(LONGEST_PAUSE_SECONDS, 5 * 2 ** min(faults, 10))
    values = {"fault": fault, "faults": faults + 1, "not_before": database_now(pause)}
    connection.execute(update(alerts).where(alerts.c.message == message).values(values))


def count_stuck(connection: Connection, older_seconds: float) -> tuple[int, str | None]:
    """Count what was tried and has not gone out for so long, and say why; what waits for its digest is not counted."""
    a = alerts.c
    stuck = UNSENT & (a.faults > 0) & (a.recorded_at < database_now(-older_seconds))
    count, fault = connection.execute(select(func.count(), func.max(a.fault)).where(stuck)).one()
    return count, fault


def list_alerts(connection: Connection, limit: int) -> list[Alert]:
    """Return the newest alerts first."""
    return [_as_alert(row) for row in connection.execute(select(*_COLUMNS).order_by(alerts.c.id.desc()).limit(limit))]


def find_identity(connection: Connection, arrival_ids: Sequence[int]) -> dict[int, dict[str, str | None]]:
    """Return what identifies films, by arrival: only for messages to whom the site allows it."""
    a, s = arrivals.c, screenings.c
    named = [s[name] for name in ("sop_instance_uid", "study_instance_uid", "accession_number", "patient_id")]
    joined = arrivals.outerjoin(screenings, a.screening_id == s.id)
    columns = (a.id, type_coerce(a.path, FileName).label("file_name"), *named)
    rows = connection.execute(select(*columns).select_from(joined).where(a.id.in_(arrival_ids))).mappings()
    return {row["id"]: {name: value for name, value in row.items() if name != "id"} for row in rows}


def _assign(connection: Connection, which: ColumnElement[bool], message: str) -> None:
    connection.execute(update(alerts).where(which).values(message=message, assigned_at=database_now()))


def _as_alert(row: Row[Any]) -> Alert:
    fields = dict(row._mapping)
    return Alert(**fields | {"kind": AlertKind(fields["kind"])})
