"""Which answers a target has not been given yet, and what such an answer says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, case, func, select, tuple_

from inference.labels import Label, Outcome
from store.ledger.fates import INTERNAL_ERROR, READER_CRASHED, READER_MEMORY, READER_TIMEOUT
from store.questions.selection import DETAIL, JOINED, REASON, SHARES, is_of_model
from store.states import ArrivalState
from store.tables import arrivals, deliveries, models, screenings

NO_FILM = ("own_object", "other_object")
"""Reasons of what is no film: an answer to an answer would go round in circles."""
HARMS_READERS = (READER_CRASHED, READER_MEMORY, READER_TIMEOUT, INTERNAL_ERROR)
DRAWN = (Outcome.PREDICTED, Outcome.INDETERMINATE)
QUARANTINED = ArrivalState.QUARANTINED
OUTCOME: ColumnElement[str] = case((arrivals.c.state == QUARANTINED, QUARANTINED.value), else_=screenings.c.outcome)

Place = tuple[datetime, int]
"""When an arrival was finished, and its number: the order in which answers are looked through."""


class Undelivered(NamedTuple):
    """An answer that should be on its way and has no row: of which arrival, about which bytes, by which model."""

    arrival_id: int
    finished_at: datetime
    source_sha256: str
    model_sha256: str | None


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """What the ledger says of one arrival: all of an answer but the film itself.

    Attributes
    ----------
    outcome : str
        Of the screening, or `quarantined`.
    places : tuple of Path
        Where the file may lie, the likeliest first.
    """

    arrival_id: int
    source_sha256: str
    outcome: str
    label: Label | None
    probabilities: Mapping[Label, float]
    reason_code: str | None
    reason: str | None
    answered_at: datetime
    model_version: str | None
    model_sha256: str | None
    model_folder: Path | None
    places: tuple[Path, ...]


def list_undelivered(
    connection: Connection,
    target: str,
    kind: str,
    rule: Mapping[str, Sequence[str]],
    since: datetime,
    until: datetime | None = None,
    after: Place | None = None,
    limit: int = 500,
) -> list[Undelivered]:
    """Return answers of DICOM films that were finished in a period and have no row for a target, oldest first.

    Parameters
    ----------
    rule : Mapping of str to sequence of str
        Values of `label`, `outcome`, `sender` and `model` that are let through; what is absent lets all through.
    after : Place or None
        The last one of the answers before.
    """
    a, s, d = arrivals.c, screenings.c, deliveries.c
    has_row = (d.arrival_id == a.id) & (d.target == target) & (d.kind == kind)
    period = [a.finished_at >= since, *([a.finished_at < until] if until else [])]
    further = [tuple_(a.finished_at, a.id) > tuple_(*after)] if after else []
    statement = (
        select(a.id, a.finished_at, a.source_sha256, s.model_sha256)
        .select_from(JOINED)
        .where(*period, *further, _has_object(kind), *_follow(rule), ~select(d.id).where(has_row).exists())
        .order_by(a.finished_at, a.id)
    )
    return [Undelivered(*row) for row in connection.execute(statement.limit(limit))]


def find_answer(connection: Connection, arrival_id: int) -> RecordedAnswer | None:
    """Return what is known of an arrival that has an end; None where it was pruned."""
    a, s = arrivals.c, screenings.c
    columns = (
        *(a.source_sha256, OUTCOME, s.label, REASON, DETAIL),
        *(a.finished_at, s.screened_at, models.c.model_version, models.c.model_sha256, models.c.folder),
        *(a.stored_path, a.path, *SHARES.values()),
    )
    row = connection.execute(select(*columns).select_from(JOINED).where(a.id == arrival_id)).one_or_none()
    if row is None or row[0] is None:
        return None
    sha256, outcome, label, code, reason, finished_at, screened_at, version, model_sha256, folder, *rest = row
    stored_path, path, *shares = rest
    return RecordedAnswer(
        arrival_id=arrival_id,
        source_sha256=sha256,
        outcome=outcome,
        label=label and Label(label),
        probabilities={name: share for name, share in zip(SHARES, shares, strict=True) if share is not None},
        reason_code=code,
        reason=reason,
        answered_at=screened_at or finished_at,
        model_version=version,
        model_sha256=model_sha256,
        model_folder=folder,
        places=tuple(place for place in (stored_path, path) if place is not None),
    )


def _has_object(kind: str) -> ColumnElement[bool]:
    """Ask for films that can have an object: the others are PNG or JPEG, no films, or dangerous to read."""
    a, s = arrivals.c, screenings.c
    screened = and_(
        a.state == ArrivalState.DONE,
        s.source_format == "dicom",
        s.study_instance_uid.is_not(None),
        s.sop_instance_uid.is_not(None),
        func.coalesce(s.reason_code, "").not_in(NO_FILM),
    )
    if kind == "sc":
        return screened & s.outcome.in_(DRAWN)
    unread = and_(
        a.state == QUARANTINED, a.source_sha256.is_not(None), func.coalesce(a.reason_code, "").not_in(HARMS_READERS)
    )
    return screened | unread


def _follow(rule: Mapping[str, Sequence[str]]) -> list[ColumnElement[bool]]:
    columns = {"label": screenings.c.label, "outcome": OUTCOME, "sender": arrivals.c.sender}
    followed: list[ColumnElement[bool]] = [column.in_(rule[key]) for key, column in columns.items() if rule.get(key)]
    if named := rule.get("model"):
        followed.append(is_of_model(named))
    return followed
