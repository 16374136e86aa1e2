"""What monitoring asks of the ledger: what has finished between two moments, and what waits now.

Counters grow by what finished since the last look, and each look costs what has happened since, however large the
ledger is. Sums over all of it would grow with it, and shrink when it is pruned, which a counter must not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, case, func, or_, select

from inference.labels import Label
from store.columns import database_now, latency_milliseconds
from store.ledger.counts import count_pending_states, find_last_finished
from store.ledger.deliveries import count_waiting
from store.questions.queries import StateCount, count_states, find_oldest_pending
from store.questions.selection import IS_ANSWER, SHARES, is_late
from store.states import FINISHED_STATES, ArrivalState
from store.tables import UNFINISHED, arrivals, screenings

SETTLED = timedelta(seconds=5)  # a row carries its time before others can see it: it is committed by then

PROBABILITY_BOUNDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
SECONDS_BOUNDS = (0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)


@dataclass(frozen=True, slots=True)
class Distribution:
    """How values spread.

    Attributes
    ----------
    at_most : sequence of int
        How many are no larger than each of the bounds.
    count : int
        How many there are.
    total : float
        Their sum.
    """

    at_most: Sequence[int]
    count: int
    total: float

    def __add__(self, other: "Distribution") -> "Distribution":
        at_most = tuple(map(sum, zip(self.at_most, other.at_most, strict=True)))
        return Distribution(at_most, self.count + other.count, self.total + other.total)


@dataclass(frozen=True, slots=True)
class Tally:
    """What arrived and what finished in a period; ``probabilities`` are those of films that have some.

    Attributes
    ----------
    late : int
        How many of those that finished had waited for longer than the site promises.
    """

    arrived: int
    finished: Sequence[StateCount]
    seconds: Distribution
    probabilities: Mapping[Label, Distribution]
    late: int = 0


@dataclass(frozen=True, slots=True)
class Backlog:
    """What has no result now, or an answer that has not reached its target, and how long that has been so."""

    states: Mapping[ArrivalState, int]
    oldest_seconds: float
    last_finished_at: datetime | None
    deliveries: int = 0
    refused_deliveries: int = 0
    oldest_delivery_seconds: float = 0.0


def read_clock(connection: Connection) -> datetime:
    """Return the database's time."""
    now: datetime = connection.execute(select(database_now())).scalar_one()
    return now


def tally(connection: Connection, since: datetime, until: datetime, longest_wait_seconds: float | None = None) -> Tally:
    """Count what arrived, and what finished, from ``since`` up to ``until``."""
    a = arrivals.c
    # nothing finishes before it arrives: the indexes on what is pending and on what has finished find it together
    recent = or_(UNFINISHED, a.finished_at >= since)
    arrived = select(func.count()).where(recent, a.received_at >= since, a.received_at < until)
    finished = (a.finished_at >= since) & (a.finished_at < until)
    return Tally(
        connection.scalar(arrived) or 0,
        [group for group in count_states(connection, since, until) if group.state in FINISHED_STATES],
        _tally_seconds(connection, finished),
        _tally_probabilities(connection, finished),
        0 if longest_wait_seconds is None else _count_late(connection, finished, longest_wait_seconds),
    )


def read_backlog(connection: Connection) -> Backlog:
    """Count what waits now."""
    oldest = find_oldest_pending(connection)
    now, targets = read_clock(connection), count_waiting(connection)
    age = 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())
    return Backlog(
        count_pending_states(connection),
        age,
        find_last_finished(connection),
        sum(target.waiting for target in targets),
        sum(target.failing for target in targets),
        max(((now - target.oldest_queued_at).total_seconds() for target in targets), default=0.0),
    )


def _count_late(connection: Connection, finished: ColumnElement[bool], longest_wait_seconds: float) -> int:
    late = select(func.count()).select_from(arrivals).where(finished, is_late(longest_wait_seconds))
    return connection.scalar(late) or 0


def _tally_seconds(connection: Connection, finished: ColumnElement[bool]) -> Distribution:
    latency = latency_milliseconds(arrivals.c.received_at, arrivals.c.finished_at)
    latencies = select((latency / 1000.0).label("seconds")).where(finished).subquery()
    statement = select(*_distribute(latencies.c.seconds, SECONDS_BOUNDS))
    return _as_distribution(connection.execute(statement).one(), 0, len(SECONDS_BOUNDS))


def _tally_probabilities(connection: Connection, finished: ColumnElement[bool]) -> dict[Label, Distribution]:
    a, s = arrivals.c, screenings.c
    sums = [part for share in SHARES.values() for part in _distribute(share, PROBABILITY_BOUNDS)]
    joined = arrivals.outerjoin(
        screenings, a.screening_id == s.id
    )  # a plain join lets SQLite begin with all screenings
    # a duplicate shares its answer: it is not one more film
    row = connection.execute(select(*sums).select_from(joined).where(finished, IS_ANSWER)).one()
    size = len(PROBABILITY_BOUNDS)
    return {label: _as_distribution(row, position * (size + 2), size) for position, label in enumerate(SHARES)}


def _distribute(value: ColumnElement[float], bounds: Sequence[float]) -> list[ColumnElement[Any]]:
    """Build the sums of one distribution: at most each bound, how many, and all together."""
    at_most = [func.sum(case((value <= bound, 1), else_=0)) for bound in bounds]
    return [*at_most, func.count(value), func.sum(value)]


def _as_distribution(row: Row[Any], start: int, size: int) -> Distribution:
    at_most = tuple(int(count or 0) for count in row[start : start + size])
    return Distribution(at_most, int(row[start + size]), float(row[start + size + 1] or 0.0))
