"""What each station sends as a rule, and of late: learnt from the ledger alone, so that a site need not say it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, case, func, select

from inference.labels import Outcome
from store.columns import quarter_hours
from store.states import FINISHED_STATES, Priority
from store.tables import UNFINISHED, arrivals, screenings

QUARTERS_A_DAY = 96
LEARNT_FROM = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class StationHistory:
    """What a station has sent in the last 28 days.

    Attributes
    ----------
    days : int
        On how many days (UTC) it has sent something, up to yesterday.
    first_at, last_at : datetime
        The first and the last film of these days.
    """

    station_name: str
    days: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class StationRefusals:
    """How many of a station's films were refused, of late and before."""

    station_name: str
    recent_refused: int
    recent: int
    before_refused: int
    before: int


def list_station_histories(connection: Connection, now: datetime) -> Iterator[StationHistory]:
    """Give each station that has sent something in the last 28 days."""
    a, s = arrivals.c, screenings.c
    day = quarter_hours(a.received_at) // QUARTERS_A_DAY
    whole_day = a.received_at < now.replace(hour=0, minute=0, second=0, microsecond=0)
    columns = (
        s.station_name,
        func.count(case((whole_day, day)).distinct()),
        func.min(a.received_at),
        func.max(a.received_at),
    )
    for row in connection.execute(_of_stations(*columns, since=now - LEARNT_FROM)):
        yield StationHistory(*row)


def list_station_refusals(connection: Connection, now: datetime, recent: timedelta) -> Iterator[StationRefusals]:
    """Give the refusals of each station, of the last ``recent`` and of the 28 days before."""
    a, s = arrivals.c, screenings.c
    is_recent, refused = a.received_at >= now - recent, s.outcome == Outcome.REJECTED
    columns = (
        s.station_name,
        *(func.coalesce(func.sum(case((which, 1), else_=0)), 0) for which in (is_recent & refused, is_recent)),
        *(func.coalesce(func.sum(case((which, 1), else_=0)), 0) for which in (~is_recent & refused, ~is_recent)),
    )
    for row in connection.execute(_of_stations(*columns, since=now - recent - LEARNT_FROM)):
        yield StationRefusals(row[0], *map(int, row[1:]))


def find_oldest_stat(connection: Connection) -> tuple[int, datetime] | None:
    """Return the STAT film that has waited longest, and since when; None where none waits."""
    a = arrivals.c
    waiting = select(a.id, a.received_at).where(UNFINISHED, a.priority == Priority.STAT)
    row = connection.execute(waiting.order_by(a.received_at).limit(1)).first()
    return None if row is None else (row.id, row.received_at)


def _of_stations(*columns: Any, since: datetime) -> Select[Any]:
    a, s = arrivals.c, screenings.c
    finished = (a.finished_at >= since) & a.state.in_(FINISHED_STATES)
    joined = select(*columns).select_from(arrivals.join(screenings, a.screening_id == s.id))
    return joined.where(finished, a.received_at >= since, s.station_name.is_not(None)).group_by(s.station_name)
