"""Which arrivals a report is about: those of a period, and of them what its filters let through."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Join, Select, and_, case, func, or_, select, union_all

from inference.labels import LABELS, Label, Outcome
from store.columns import escape_path, latency_milliseconds, quarter_hours
from store.states import PENDING_STATES, ArrivalState, Priority
from store.tables import BASE_NAME, UNFINISHED, arrivals, headers, models, screenings


class Part(StrEnum):
    """What became of an arrival; every arrival is in exactly one part."""

    PREDICTED = "predicted"
    INDETERMINATE = "indeterminate"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    VANISHED = "vanished"
    PENDING = "pending"


class Dimension(StrEnum):
    """What arrivals can be grouped by."""

    HOUR = "hour"
    DAY = "day"
    SOURCE = "source"  # the inbox
    VIEW = "view"
    MODEL = "model"
    STATION = "station"
    PRIORITY = "priority"
    SENDER = "sender"  # who sent it by DICOM


@dataclass(frozen=True, slots=True)
class Filters:
    """What is let through: any of the values of a filter, and all of the filters together; empty ones let all through.

    Attributes
    ----------
    labels, parts, reasons, inboxes, modalities, priorities : tuple
        A duplicate has the label of the answer that it shares.
    stations, uids : tuple of str
        As the header says them; a UID is that of the film, its series or its study.
    files : tuple of str
        Base names, as ``FileName`` reads them.
    accessions, patients : tuple of str
        As the ledger holds them, plain or hashed.
    models : tuple of str
        Versions, or the first digits of a bundle's SHA-256.
    minimums : tuple of (Label or None, float)
        The least probability of a label, which a model that does not know it does not give; None is the most probable
        one. All have to hold.
    """

    labels: tuple[Label, ...] = ()
    parts: tuple[Part, ...] = ()
    reasons: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    inboxes: tuple[Path, ...] = ()
    modalities: tuple[str, ...] = ()
    minimums: tuple[tuple[Label | None, float], ...] = ()
    priorities: tuple[Priority, ...] = ()
    stations: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    accessions: tuple[str, ...] = ()
    patients: tuple[str, ...] = ()
    uids: tuple[str, ...] = ()


UID_KEYS = ("sop_instance_uid", "study_instance_uid", "series_instance_uid")
ALL = Filters()


@dataclass(frozen=True, slots=True)
class Selection:
    """The arrivals of a period that filters let through.

    Finished from ``since``, included, to ``until``, excluded; or received then and still pending: what two halves of
    a period hold is what the whole holds.

    Attributes
    ----------
    every : int
        A sample: of these arrivals each whose number is a multiple of it.
    """

    since: datetime
    until: datetime
    filters: Filters = ALL
    every: int = 1

    def where_finished(self) -> ColumnElement[bool]:
        """Return the condition, on rows of ``JOINED``, of what has an end: answers are all among them."""
        return self._narrow(arrivals.c.finished_at >= self.since, arrivals.c.finished_at < self.until)

    def where_pending(self) -> ColumnElement[bool]:
        """Return the condition of the others.

        Apart, because each is a range of one index: asked for both at once SQLite keeps the number of every row, so as
        to give none twice, and a year of them would not fit into memory.
        """
        a = arrivals.c
        return self._narrow(UNFINISHED, a.received_at >= self.since, a.received_at < self.until)

    def _narrow(self, *period: ColumnElement[bool]) -> ColumnElement[bool]:
        sampled = [arrivals.c.id % self.every == 0] if self.every > 1 else []
        return and_(*period, *sampled, *list_conditions(self.filters))


JOINED: Join = (
    arrivals.outerjoin(screenings, arrivals.c.screening_id == screenings.c.id)
    .outerjoin(models, screenings.c.model_sha256 == models.c.model_sha256)
    .outerjoin(headers, headers.c.arrival_id == arrivals.c.id)
)


def said(name: str) -> ColumnElement[Any]:
    """Return what the header of an arrival says, on rows of ``JOINED``: of one that was screened, or could not be."""
    return func.coalesce(screenings.c[name], headers.c[name])


def select_saying(name: str, values: Sequence[str]) -> Iterator[Select[tuple[int]]]:
    """Ask for the numbers of the arrivals whose header says one of some values, by the indexes of both tables.

    Apart, and of tables of their own: of ``said``, or of both at once, no database would take an index.
    """
    came, answer, header = arrivals.alias(), screenings.alias(), headers.alias()
    answered = select(came.c.id.label("id")).select_from(answer.join(came, came.c.screening_id == answer.c.id))
    yield answered.where(answer.c[name].in_(values))
    yield select(header.c.arrival_id.label("id")).where(header.c[name].in_(values))


# a duplicate is counted as one, not once more under the answer that it shares
# said the other way round, because SQLite would search `state = 'done'`, nearly all rows, before it looks at the period
IS_ANSWER: ColumnElement[bool] = arrivals.c.state.not_in(
    [state for state in ArrivalState if state != ArrivalState.DONE]
)
SHARES: dict[Label, ColumnElement[float]] = {label: screenings.c[f"probability_{label}"] for label in LABELS}
WAS_ASKED: ColumnElement[bool] = or_(*(share.is_not(None) for share in SHARES.values()))
# by whoever was asked; what a model does not know it gives no probability
NOT_KNOWN: dict[Label, ColumnElement[bool]] = {label: and_(WAS_ASKED, SHARES[label].is_(None)) for label in LABELS}
REASON: ColumnElement[str] = func.coalesce(arrivals.c.reason_code, screenings.c.reason_code)
DETAIL: ColumnElement[str] = func.coalesce(arrivals.c.reason, screenings.c.reason)
PART: ColumnElement[str] = case(
    (arrivals.c.state.in_(PENDING_STATES), Part.PENDING.value),
    (IS_ANSWER, screenings.c.outcome),
    else_=arrivals.c.state,
)
QUARTER = quarter_hours(func.coalesce(arrivals.c.finished_at, arrivals.c.received_at))
KEYS: dict[Dimension, ColumnElement[Any]] = {
    Dimension.HOUR: QUARTER,
    Dimension.DAY: QUARTER,
    Dimension.SOURCE: arrivals.c.inbox,
    Dimension.VIEW: said("view_position"),
    Dimension.MODEL: models.c.model_version,
    Dimension.STATION: said("station_name"),
    Dimension.PRIORITY: arrivals.c.priority,
    Dimension.SENDER: arrivals.c.sender,
}


def find_part(state: ArrivalState, outcome: Outcome | None) -> Part:
    """Return the part of an arrival, as ``PART`` does in SQL."""
    if state in PENDING_STATES:
        return Part.PENDING
    return Part(outcome if state is ArrivalState.DONE and outcome is not None else state)


def is_of_model(named: Sequence[str]) -> ColumnElement[bool]:
    """Return a condition on rows of ``JOINED``: answered by a model of such a version or hash, or its first digits."""
    hashes = (screenings.c.model_sha256.startswith(model, autoescape=True) for model in named)
    return or_(models.c.model_version.in_(named), *hashes)


def is_late(longest_wait_seconds: float) -> ColumnElement[bool]:
    """Return a condition on arrivals that finished: the result came later than the site promises."""
    a = arrivals.c
    latency = latency_milliseconds(a.received_at, a.finished_at)
    return (a.state != ArrivalState.VANISHED) & (latency > longest_wait_seconds * 1000)


def list_conditions(filters: Filters) -> Iterator[ColumnElement[bool]]:
    """Give the condition of each filter, on rows of ``JOINED``."""
    a, s = arrivals.c, screenings.c
    columns = (
        (s.label, filters.labels),
        (PART, filters.parts),
        (REASON, filters.reasons),
        (a.inbox, filters.inboxes),
        (said("modality"), filters.modalities),
        (said("station_name"), filters.stations),
        (BASE_NAME, [escape_path(name) for name in filters.files]),
        (a.priority, filters.priorities),
    )
    yield from (column.in_(values) for column, values in columns if values)
    for keys, values in (
        (UID_KEYS, filters.uids),
        (("accession_number",), filters.accessions),
        (("patient_id",), filters.patients),
    ):
        if values:
            yield a.id.in_(union_all(*(each for key in keys for each in select_saying(key, values))))
    if filters.models:
        yield is_of_model(filters.models)
    for label, least in filters.minimums:
        wanted = LABELS if label is None else (label,)
        yield or_(*(SHARES[label] >= least for label in wanted))
