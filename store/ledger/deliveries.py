"""The way of an answer to its target: queued once, tried until the target says that it has it, and never forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, case, func, or_, select, update

from store.audit import record_event
from store.columns import database_now
from store.database import build_insert
from store.states import DeliveryState, Priority
from store.tables import arrivals, deliveries, delivery_marks

LONGEST_DELAY_SECONDS = 900  # between two attempts at one answer
FIRST_DELAY_SECONDS = 5
LOOK_BACK_SECONDS = 300  # a row carries its time before it can be seen: what is younger is looked through again
LONGEST_WORDS = 200


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """An answer that is to be sent."""

    arrival_id: int
    kind: str
    target: str
    sop_class_uid: str
    sop_instance_uid: str


@dataclass(frozen=True, slots=True)
class Delivery(NewDelivery):
    """A row of the outbox."""

    id: int
    state: DeliveryState
    attempts: int
    queued_at: datetime
    not_before: datetime | None
    delivered_at: datetime | None
    last_status: str | None
    last_words: str | None


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """What waits for a target.

    Attributes
    ----------
    failing : int
        How many of those that wait were refused at least once.
    oldest_queued_at : datetime
        Since when the oldest one waits.
    last_status, last_words : str or None
        What was said of the oldest that was refused.
    """

    target: str
    waiting: int
    failing: int
    oldest_queued_at: datetime
    last_status: str | None = None
    last_words: str | None = None


COLUMNS = tuple(deliveries.c[name] for name in Delivery.__dataclass_fields__)


def find_mark(connection: Connection, target: str, kind: str) -> datetime:
    """Return from when on answers are looked through for a target; a new one begins now, and gets nothing older."""
    marks = delivery_marks.c
    first = build_insert(connection, delivery_marks).values(target=target, kind=kind, queued_until=database_now())
    connection.execute(first.on_conflict_do_nothing())
    which = (marks.target == target) & (marks.kind == kind)
    found: datetime = connection.execute(select(marks.queued_until).where(which)).scalar_one()
    return found


def move_mark(connection: Connection, target: str, kind: str) -> None:
    """Note that all answers up to now have been looked through; never back."""
    marks = delivery_marks.c
    until = database_now(-LOOK_BACK_SECONDS)
    which = (marks.target == target) & (marks.kind == kind) & (marks.queued_until < until)
    connection.execute(update(delivery_marks).where(which).values(queued_until=until))


def queue_deliveries(connection: Connection, rows: Sequence[NewDelivery]) -> int:
    """Queue answers; those that are known, as these or as the same object, are left alone. Returns how many are new."""
    if not rows:
        return 0
    before = connection.scalar(select(func.max(deliveries.c.id))) or 0
    statement = build_insert(connection, deliveries).values(state=DeliveryState.WAITING, queued_at=database_now())
    fields = NewDelivery.__dataclass_fields__
    values = [{name: getattr(row, name) for name in fields} for row in rows]
    connection.execute(statement.on_conflict_do_nothing(), values)
    new = select(func.count()).where(deliveries.c.id > before)
    return connection.scalar(new) or 0


def find_stat_delivery(connection: Connection, target: str) -> int | None:
    """Return the oldest answer that is due about a STAT film; all that waits is looked through where there is none."""
    d = deliveries.c
    joined = deliveries.join(arrivals, arrivals.c.id == d.arrival_id)
    found = select(d.id).select_from(joined).where(*_list_due(target), arrivals.c.priority == Priority.STAT)
    return connection.scalar(found.order_by(d.id).limit(1))


def claim_delivery(
    connection: Connection, target: str, lease_seconds: float, only: int | None = None
) -> Delivery | None:
    """Take an answer that is due, and count an attempt; if we end it is due again when the lease is over.

    Parameters
    ----------
    only : int or None
        This one, if nobody else has taken it meanwhile; None: the oldest.
    """
    d = deliveries.c
    first = (
        select(d.id)
        .where(*_list_due(target), *(() if only is None else (d.id == only,)))
        .order_by(d.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    statement = (
        update(deliveries)
        .where(d.id == first)
        .values(attempts=d.attempts + 1, not_before=database_now(lease_seconds))
        .returning(*COLUMNS)
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else _as_delivery(row)


def choose_object(connection: Connection, delivery_id: int, sop_class_uid: str, sop_instance_uid: str) -> None:
    """Note as which object an answer is sent, before it is: a target that refuses one class may take another."""
    values = {"sop_class_uid": sop_class_uid, "sop_instance_uid": sop_instance_uid}
    connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(**values))


def record_delivered(connection: Connection, delivery_id: int, status: str, words: str) -> None:
    """Note that the target has it."""
    _end(connection, delivery_id, DeliveryState.DELIVERED, status, words)


def record_no_study(connection: Connection, delivery_id: int, words: str) -> None:
    """Note that there is nothing to send."""
    _end(connection, delivery_id, DeliveryState.NO_STUDY, None, words)


def record_refused(
    connection: Connection, delivery: Delivery, status: str | None, words: str, delay_seconds: float
) -> None:
    """Note that it was not taken, and by whose words; it is tried again, for ever."""
    values = {"last_status": status, "last_words": words[:LONGEST_WORDS], "not_before": database_now(delay_seconds)}
    which = (deliveries.c.id == delivery.id) & (deliveries.c.state == DeliveryState.WAITING)
    connection.execute(update(deliveries).where(which).values(**values))


def choose_delay(attempts: int) -> int:
    """Return how many seconds to wait after so many attempts: twice as long each time, a quarter of an hour at most."""
    return min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS << min(attempts - 1, 10))


def retry_deliveries(connection: Connection, ids: Sequence[int] | None = None) -> int:
    """Send again now what waits; or these, in whatever state they are: a target may have lost what it had."""
    d = deliveries.c
    which = d.state == DeliveryState.WAITING if ids is None else d.id.in_(ids)
    values = {"state": DeliveryState.WAITING, "not_before": None, "delivered_at": None}
    count = connection.execute(update(deliveries).where(which).values(**values)).rowcount
    record_event(connection, "deliveries_retried", count=count)
    return count


def list_deliveries(
    connection: Connection,
    state: DeliveryState | None = None,
    target: str | None = None,
    limit: int = 100,
    arrival_id: int | None = None,
) -> list[Delivery]:
    """Return answers on their way, and those that have arrived, the newest first."""
    d = deliveries.c
    asked = ((d.state, state), (d.target, target), (d.arrival_id, arrival_id))
    chosen = [column == value for column, value in asked if value is not None]
    rows = connection.execute(select(*COLUMNS).where(*chosen).order_by(d.id.desc()).limit(limit))
    return [_as_delivery(row) for row in rows]


def count_waiting(connection: Connection) -> list[TargetFacts]:
    """Say what waits for each target: a look at what is not delivered alone, however much was."""
    d = deliveries.c
    refused = case((d.last_words.is_not(None), 1), else_=0)
    counts = (
        select(d.target, func.count(), func.sum(refused), func.min(d.queued_at))
        .where(d.state == DeliveryState.WAITING)
        .group_by(d.target)
        .order_by(d.target)
    )
    facts = [TargetFacts(*row) for row in connection.execute(counts)]
    return [_add_words(connection, each) if each.failing else each for each in facts]


def _as_delivery(row: Row[tuple[Any, ...]]) -> Delivery:
    fields = dict(row._mapping)
    fields["state"] = DeliveryState(fields["state"])
    return Delivery(**fields)


def _add_words(connection: Connection, facts: TargetFacts) -> TargetFacts:
    d = deliveries.c
    oldest = (
        select(d.last_status, d.last_words)
        .where(d.state == DeliveryState.WAITING, d.target == facts.target, d.last_words.is_not(None))
        .order_by(d.id)
        .limit(1)
    )
    status, words = connection.execute(oldest).one()
    return TargetFacts(facts.target, facts.waiting, facts.failing, facts.oldest_queued_at, status, words)


def _end(connection: Connection, delivery_id: int, state: DeliveryState, status: str | None, words: str) -> None:
    delivered_at = database_now() if state is DeliveryState.DELIVERED else None
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id)
        .values(
            state=state, delivered_at=delivered_at, not_before=None,
            last_status=status, last_words=words[:LONGEST_WORDS] or None,
        )
    )  # fmt: skip


def _list_due(target: str) -> tuple[ColumnElement[bool], ...]:
    d = deliveries.c
    return d.state == DeliveryState.WAITING, d.target == target, _is_due()


def _is_due() -> ColumnElement[bool]:
    not_before = deliveries.c.not_before
    # what seems to be put off for longer was written before the clock was set back
    far = not_before > database_now(2 * LONGEST_DELAY_SECONDS)
    return or_(not_before.is_(None), not_before <= database_now(), far)
