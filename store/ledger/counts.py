"""How many arrivals are where, at this moment and of all times, and when the last one finished."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, func, select

from store.states import FINISHED_STATES, PENDING_STATES, ArrivalState, Priority
from store.tables import UNFINISHED, arrivals


def is_any_pending(connection: Connection) -> bool:
    """Return whether an arrival has no result yet: one look at an index."""
    return connection.scalar(select(arrivals.c.id).where(UNFINISHED).limit(1)) is not None


def count_by_state(connection: Connection) -> dict[ArrivalState, int]:
    """Return how many arrivals there are in each state, of all times."""
    counts = connection.execute(select(arrivals.c.state, func.count()).group_by(arrivals.c.state))
    return {ArrivalState(state): count for state, count in counts}


def count_screening(connection: Connection) -> int:
    """Return how many arrivals are in a worker's hands."""
    return connection.scalar(select(func.count()).where(arrivals.c.state == ArrivalState.SCREENING)) or 0


def count_pending(connection: Connection, patience: int | None = None) -> int:
    """Return how many arrivals have no result yet, apart from those with ``patience`` transient faults."""
    pending: ColumnElement[bool] = UNFINISHED
    if patience is not None:
        pending &= (arrivals.c.state != ArrivalState.FAILED) | (arrivals.c.transient_faults < patience)
    return connection.scalar(select(func.count()).where(pending)) or 0


def count_stat(connection: Connection) -> int:
    """Return how many of the arrivals without a result are STAT."""
    statement = select(func.count()).where(UNFINISHED, arrivals.c.priority == Priority.STAT)
    return connection.scalar(statement) or 0


def find_last_finished(connection: Connection) -> datetime | None:
    """Return when the newest result was recorded, or None where there is none."""
    return connection.execute(select(func.max(arrivals.c.finished_at))).scalar()


def count_pending_states(connection: Connection) -> dict[ArrivalState, int]:
    """Count what has no result now, by state."""
    return _count_states(connection, UNFINISHED, PENDING_STATES)


def count_finished_states(connection: Connection, since: datetime) -> dict[ArrivalState, int]:
    """Count what has finished since a moment, by state."""
    return _count_states(connection, arrivals.c.finished_at >= since, FINISHED_STATES)


def _count_states(
    connection: Connection, which: ColumnElement[bool], states: Sequence[ArrivalState]
) -> dict[ArrivalState, int]:
    # one sum a state: grouped by state, SQLite goes through the index on the state, and so through the whole ledger
    sums = [func.coalesce(func.sum(case((arrivals.c.state == state, 1), else_=0)), 0) for state in states]
    counts = connection.execute(select(*sums).where(which)).one()
    return dict(zip(states, map(int, counts), strict=True))
