"""How many arrivals are where, at this moment and of all times."""

from sqlalchemy import ColumnElement, Connection, func, select

from store.states import ArrivalState, Priority
from store.tables import UNFINISHED, arrivals


def is_any_pending(connection: Connection) -> bool:
    """Tell whether an arrival has no result yet: one look at an index."""
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
