"""Putting right what was interrupted: leases that ran out, ids that were lost, files that did not move.

A time that lies further ahead than it can was written before the clock was set back, and counts as long past.
"""

from collections.abc import Sequence
from functools import cache

from sqlalchemy import ColumnElement, Connection, Update, bindparam, case, func, select, update

from store.columns import database_now
from store.ledger.arrivals import ARRIVAL_COLUMNS, SEND_AT_ONCE, Arrival, as_arrival
from store.states import READY_STATES, ArrivalState, Priority
from store.tables import IN_THE_INBOX, arrivals

LONGEST_LEASE_SECONDS = 3600  # as the settings allow
AHEAD_SECONDS = 60  # clocks of hosts differ by less


def release_expired(connection: Connection) -> int:
    """Make ready again what a dead worker held; the file is not to blame and keeps its attempts."""
    until = arrivals.c.lease_until
    expired = (until < database_now()) | (until > database_now(LONGEST_LEASE_SECONDS))
    return _release(connection, (arrivals.c.state == ArrivalState.SCREENING) & expired)


def release_held(connection: Connection, owner_prefix: str) -> int:
    """Make ready again what one dead worker process held, without waiting for its leases to run out."""
    held = arrivals.c.lease_owner.startswith(owner_prefix, autoescape=True)
    return _release(connection, (arrivals.c.state == ArrivalState.SCREENING) & held)


def release_lost(
    connection: Connection, queued_seconds: float, priority: Priority = Priority.ROUTINE, messages: int = 0
) -> int:
    """Make ready again what was sent so long ago and waits at the broker no more, though nobody has claimed it.

    Parameters
    ----------
    messages : int
        How many ids of this priority wait at the broker: those that were sent last, since they are taken in order.
    """
    a = arrivals.c
    sent = (a.state == ArrivalState.QUEUED) & (a.priority == priority)
    lost = (a.queued_at < database_now(-queued_seconds)) | (a.queued_at > database_now(AHEAD_SECONDS))
    waiting = select(a.id).where(sent).order_by(a.queued_at.desc(), a.id.desc()).limit(messages).correlate(None)
    return _release(connection, sent & lost & a.id.not_in(waiting))


def release_all(connection: Connection) -> int:
    """Make ready again all that was queued or held; only for a home whose workers are known to be gone."""
    return _release(connection, arrivals.c.state.in_((ArrivalState.QUEUED, ArrivalState.SCREENING)))


def retry_now(connection: Connection, ids: Sequence[int] | None = None) -> int:
    """End the back-off of pending arrivals (all of them, or these)."""
    a = arrivals.c
    chosen = a.state.in_(READY_STATES) if ids is None else a.state.in_(READY_STATES) & a.id.in_(ids)
    return connection.execute(
        update(arrivals).where(chosen, a.not_before.is_not(None)).values(not_before=None)
    ).rowcount


def settle_arrival(connection: Connection, arrival_id: int) -> None:
    """Note that the file has left the inbox: another of the same name is another arrival."""
    connection.execute(_build_settling(), {"settled": arrival_id})


@cache
def _build_settling() -> Update:
    return update(arrivals).where(arrivals.c.id == bindparam("settled")).values(fingerprint=None)


def list_unsettled(
    connection: Connection, older_seconds: float, skip: int = 0, limit: int = SEND_AT_ONCE
) -> list[Arrival]:
    """Return finished arrivals whose file should have left the inbox and has not been seen to, oldest first."""
    a = arrivals.c
    statement = select(*ARRIVAL_COLUMNS).where(_is_unsettled(older_seconds)).order_by(a.finished_at, a.id)
    return [as_arrival(row) for row in connection.execute(statement.limit(limit).offset(skip))]


def count_unsettled(connection: Connection, older_seconds: float) -> int:
    """Return how many arrivals ``list_unsettled`` would give."""
    return connection.scalar(select(func.count()).where(_is_unsettled(older_seconds))) or 0


def _is_unsettled(older_seconds: float) -> ColumnElement[bool]:
    a = arrivals.c
    long_ago = (a.finished_at < database_now(-older_seconds)) | (a.finished_at > database_now(AHEAD_SECONDS))
    return IN_THE_INBOX & long_ago


def _release(connection: Connection, which: ColumnElement[bool]) -> int:
    held = arrivals.c.state == ArrivalState.SCREENING
    # a row that somebody else has in his hands is left to him: a host that was cut off may hold it for half a minute
    free = select(arrivals.c.id).where(which).with_for_update(skip_locked=True).correlate(None)
    statement = (
        update(arrivals)
        .where(arrivals.c.id.in_(free))
        .values(
            state=ArrivalState.WAITING,
            transient_faults=arrivals.c.transient_faults + case((held, 1), else_=0),
            lease_owner=None,
            lease_until=None,
        )
    )
    return connection.execute(statement).rowcount
