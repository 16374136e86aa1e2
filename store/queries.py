"""Reading the ledger for people: results of a period, and their sums computed by the database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, func, or_, select

from inference.labels import LABELS, Label, Outcome
from store.states import ArrivalState
from store.tables import UNFINISHED, arrivals, models, screenings

ROWS_AT_ONCE = 1000  # rows held in memory while a long report streams


@dataclass(frozen=True, slots=True)
class Result:
    """One arrival with what is known about it; the fields of the JSON contract, and where it lies."""

    arrival_id: int
    path: Path
    source_sha256: str | None
    state: ArrivalState
    outcome: Outcome | None
    label: Label | None
    probabilities: Mapping[Label, float] | None
    reason_code: str | None
    reason: str | None
    conflict: bool
    model_version: str | None
    model_sha256: str | None
    received_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many arrivals of a period ended the same way."""

    state: ArrivalState
    outcome: Outcome | None
    label: Label | None
    reason_code: str | None
    count: int


def stream_results(connection: Connection, since: datetime, until: datetime) -> Iterator[Result]:
    """Give the results of a period in order of arrival, a thousand in memory at a time."""
    statement = _select_results(since, until).order_by(arrivals.c.id)
    rows = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(statement)
    return map(_as_result, rows)


def list_newest_results(connection: Connection, since: datetime, until: datetime, limit: int) -> list[Result]:
    """Return the results of a period that arrived last, the newest first."""
    statement = _select_results(since, until).order_by(arrivals.c.id.desc()).limit(limit)
    return [_as_result(row) for row in connection.execute(statement)]


def count_states(connection: Connection, since: datetime, until: datetime) -> list[StateCount]:
    """Count the arrivals of a period by state, outcome, label and reason; the parts add up to all."""
    a, s = arrivals.c, screenings.c
    # a duplicate is counted as one, not once more under the answer that it shares
    own = a.state == ArrivalState.DONE
    groups = (
        a.state,
        case((own, s.outcome)).label("outcome"),
        case((own, s.label)).label("label"),
        case((own, s.reason_code), else_=a.reason_code).label("reason_code"),
    )
    statement = (
        select(*groups, func.count().label("count"))
        .select_from(arrivals.outerjoin(screenings, a.screening_id == s.id))
        .where(_in_period(since, until))
        .group_by(*groups)
    )
    return [
        StateCount(
            state=ArrivalState(row.state),
            outcome=row.outcome and Outcome(row.outcome),
            label=row.label and Label(row.label),
            reason_code=row.reason_code,
            count=row._mapping["count"],
        )
        for row in connection.execute(statement)
    ]


def find_oldest_pending(connection: Connection) -> datetime | None:
    """Return when the longest-waiting arrival was received, or None where nothing waits."""
    return connection.execute(select(func.min(arrivals.c.received_at)).where(UNFINISHED)).scalar()


def find_last_finished(connection: Connection) -> datetime | None:
    """Return when the newest result was recorded, or None where there is none."""
    return connection.execute(select(func.max(arrivals.c.finished_at))).scalar()


def _select_results(since: datetime, until: datetime) -> Select[Any]:
    a, s = arrivals.c, screenings.c
    columns = (
        *(a.id, a.path, a.source_sha256, a.state, a.received_at, a.finished_at),
        *(s.outcome, s.label, s.conflict, s.model_sha256, models.c.model_version),
        func.coalesce(a.reason_code, s.reason_code).label("reason_code"),
        func.coalesce(a.reason, s.reason).label("reason"),
        *(s[f"probability_{label}"] for label in LABELS),
    )
    joined = arrivals.outerjoin(screenings, a.screening_id == s.id).outerjoin(
        models, s.model_sha256 == models.c.model_sha256
    )
    return select(*columns).select_from(joined).where(_in_period(since, until))


def _as_result(row: Row[Any]) -> Result:
    arrival_id, path, source_sha256, state, received_at, finished_at, *answer = tuple(row)
    outcome, label, conflict, model_sha256, model_version, reason_code, reason, *probabilities = answer
    return Result(
        arrival_id=arrival_id,
        path=path,
        source_sha256=source_sha256,
        state=ArrivalState(state),
        outcome=outcome and Outcome(outcome),
        label=label and Label(label),
        probabilities=None if None in probabilities else dict(zip(LABELS, probabilities, strict=True)),
        reason_code=reason_code,
        reason=reason,
        conflict=bool(conflict),
        model_version=model_version,
        model_sha256=model_sha256,
        received_at=received_at,
        finished_at=finished_at,
    )


def _in_period(since: datetime, until: datetime) -> ColumnElement[bool]:
    """Finished in the period, or received in it and still pending: two halves add up to the whole."""
    a = arrivals.c
    finished = and_(a.finished_at >= since, a.finished_at < until)
    pending = and_(UNFINISHED, a.received_at >= since, a.received_at < until)
    return or_(finished, pending)
