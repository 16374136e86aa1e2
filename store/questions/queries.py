"""Reading the ledger for people: results of a period, and their sums computed by the database."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Join, Select, case, false, func, literal, select, type_coerce

from inference.labels import Label, Outcome
from store.columns import FileName
from store.questions.selection import (
    DETAIL,
    IS_ANSWER,
    JOINED,
    NOT_KNOWN,
    PART,
    REASON,
    SHARES,
    Part,
    Selection,
    said,
)
from store.states import ArrivalState, Priority
from store.tables import UNFINISHED, arrivals, models, screenings

ROWS_AT_ONCE = 1000  # rows held in memory while a long report streams


class Result(NamedTuple):
    r"""One arrival with what is known about it: the fields of the JSON contract; a tuple, since years of them stream.

    Attributes
    ----------
    file_name : str
        The base name; bytes that are not UTF-8 are ``\xNN``.
    probabilities : Mapping of Label to float, or None
        Of the classes that the model knows, in their order; None where it was not asked.
    conflict : bool
        The same SOP Instance UID came with other bytes too.
    priority : Priority or None
        None where nothing waited: without a ledger.
    conflict_with : str or None
        The first film that came with that UID and other bytes: the number of its arrival and its file's name.
    reason : str or None
        Why it was refused, with what was found and where.
    notes : tuple of str
        What of its header could not be used: ``imaging.Note``.
    accession_number : str or None
        As the site stores it, plain or hashed.
    """

    arrival_id: int
    file_name: str
    source_sha256: str | None
    state: ArrivalState
    outcome: Outcome | None
    label: Label | None
    probabilities: Mapping[Label, float] | None
    reason_code: str | None
    conflict: bool
    priority: Priority | None
    model_version: str | None
    model_sha256: str | None
    received_at: datetime
    finished_at: datetime | None
    conflict_with: str | None = None
    reason: str | None = None
    notes: tuple[str, ...] = ()
    sop_instance_uid: str | None = None
    study_instance_uid: str | None = None
    series_instance_uid: str | None = None
    accession_number: str | None = None
    station_name: str | None = None
    view_position: str | None = None


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many arrivals of a period ended the same way.

    Attributes
    ----------
    conflict : bool
        The same SOP Instance UID came with other bytes.
    not_known : Mapping of Label to int
        How many of them were answered by a model that does not know a label.
    """

    state: ArrivalState
    outcome: Outcome | None
    label: Label | None
    reason_code: str | None
    count: int
    conflict: bool = False
    not_known: Mapping[Label, int] = field(default_factory=dict)


SAID = (
    *("sop_instance_uid", "study_instance_uid", "series_instance_uid"),
    *("accession_number", "station_name", "view_position"),
)


def stream_results(connection: Connection, selection: Selection) -> Iterator[Result]:
    """Give the results of a selection, a thousand in memory at a time.

    In the order in which they were finished, which an index gives: sorting a year of them would fill the disk before
    the first is seen. What is pending comes last, in order of arrival.
    """
    a = arrivals.c
    finished = select_results(selection.where_finished()).order_by(a.finished_at, a.id)
    pending = select_results(selection.where_pending()).order_by(a.id)
    streaming = connection.execution_options(yield_per=ROWS_AT_ONCE)
    return chain.from_iterable(map(as_result, streaming.execute(statement)) for statement in (finished, pending))


def count_results(connection: Connection, selection: Selection) -> int:
    """Return how many results a selection has: less work than any other question about it."""
    counts = (select(func.count()).select_from(JOINED).where(where) for where in _list_wheres(selection))
    return sum(connection.scalar(count) or 0 for count in counts)


def list_newest_results(connection: Connection, selection: Selection, limit: int) -> list[Result]:
    """Return the results of a selection that arrived last, the newest first."""
    # not by id alone: from the newest id backwards PostgreSQL would walk through all that came after an old period
    newest_first = (arrivals.c.received_at.desc(), arrivals.c.id.desc())
    statements = (select_results(where).order_by(*newest_first).limit(limit) for where in _list_wheres(selection))
    found = [as_result(row) for statement in statements for row in connection.execute(statement)]
    return sorted(found, key=lambda result: (result.received_at, result.arrival_id), reverse=True)[:limit]


def list_likely(connection: Connection, selection: Selection, label: Label, limit: int) -> list[Result]:
    """Return the films that were given a label, the highest probability first; each once, however often it came.

    A film is also the same that was sent again with its SOP Instance UID and other bytes, as after a correction of its
    header: the answer with the higher probability stands for it.
    """
    s = screenings.c
    statement = (
        select_results(selection.where_finished())
        .where(IS_ANSWER, s.label == label)
        .order_by(SHARES[label].desc(), arrivals.c.id)
    )
    asked = max(1, limit)
    while True:
        found = [as_result(row) for row in connection.execute(statement.limit(asked))]
        films: dict[str | int, Result] = {}
        for position, result in enumerate(found):
            films.setdefault(result.sop_instance_uid or position, result)
        if len(films) >= limit or len(found) < asked:
            return list(films.values())[:limit]
        asked *= 2


def list_refused(connection: Connection, selection: Selection, limit: int) -> list[Result]:
    """Return files that were refused, by reason, the newest of each first; of no reason more than of a rarer one."""
    place = func.row_number().over(partition_by=REASON, order_by=arrivals.c.id.desc())
    statement = select_results(selection.where_finished()).where(PART.in_([Part.REJECTED, Part.QUARANTINED]))
    rows = connection.execute(statement.order_by(place, REASON).limit(limit))
    return sorted(map(as_result, rows), key=lambda result: result.reason_code or "")


def list_conflicts(connection: Connection, selection: Selection, limit: int) -> list[Result]:
    """Return the films that came with the SOP Instance UID of another film, those of one UID beside each other."""
    a, s = arrivals.c, screenings.c
    statement = select_results(selection.where_finished()).where(IS_ANSWER, s.conflict)
    rows = connection.execute(statement.order_by(s.sop_instance_uid, a.id).limit(limit))
    return [as_result(row) for row in rows]


def count_states(connection: Connection, since: datetime, until: datetime) -> list[StateCount]:
    """Count the arrivals of a period by state, outcome, label and reason; the parts add up to all."""
    return [group for _, group in count_states_by(connection, Selection(since, until), literal(0))]


def count_states_by(
    connection: Connection, selection: Selection, key: ColumnElement[Any]
) -> Iterator[tuple[Any, StateCount]]:
    """Count the arrivals of a selection by a key (one of ``KEYS``) and by all that ``count_states`` tells apart."""
    a, s = arrivals.c, screenings.c
    groups = (
        key.label("group_key"),
        a.state,
        case((IS_ANSWER, s.outcome)).label("group_outcome"),
        case((IS_ANSWER, s.label)).label("group_label"),
        case((IS_ANSWER, s.reason_code), else_=a.reason_code).label("group_reason_code"),
        (IS_ANSWER & func.coalesce(s.conflict, false())).label("group_conflict"),
    )
    counts = (func.count(), *(func.count(case((IS_ANSWER & not_known, 1))) for not_known in NOT_KNOWN.values()))
    for where in _list_wheres(selection):
        statement = select(*groups, *counts).select_from(JOINED).where(where)
        rows = connection.execute(statement.group_by(*(group.name for group in groups)))
        for found, state, outcome, label, reason_code, conflict, count, *unknown in rows:
            answer = outcome and Outcome(outcome), label and Label(label), reason_code
            not_known = dict(zip(NOT_KNOWN, unknown, strict=True))
            yield found, StateCount(ArrivalState(state), *answer, count, bool(conflict), not_known)


def find_oldest_pending(connection: Connection) -> datetime | None:
    """Return when the longest-waiting arrival was received, or None where nothing waits."""
    return connection.execute(select(func.min(arrivals.c.received_at)).where(UNFINISHED)).scalar()


def _list_wheres(selection: Selection) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return selection.where_finished(), selection.where_pending()


def select_results(where: ColumnElement[bool], joined: Join = JOINED) -> Select[Any]:
    """Begin to ask for the results that a condition of a selection names; each row is what ``as_result`` takes."""
    a, s = arrivals.c, screenings.c
    columns = (
        *(a.id, type_coerce(a.path, FileName), a.source_sha256, a.state, a.priority, a.received_at, a.finished_at),
        *(s.outcome, s.label, s.conflict, s.model_sha256, models.c.model_version),
        *_name_other_film(),
        *(DETAIL.label("reason_detail"), *(said(name).label(name) for name in ("notes", *SAID))),
        REASON.label("reason_code"),
        *SHARES.values(),
    )
    return select(*columns).select_from(joined).where(where)


def _name_other_film() -> Iterator[ColumnElement[Any]]:
    """Give number and path of the first film with the same SOP Instance UID and other bytes; only where it is one."""
    other, came = screenings.alias("other"), arrivals.alias("other_arrival")
    same = (other.c.sop_instance_uid == screenings.c.sop_instance_uid) & (
        other.c.source_sha256 != screenings.c.source_sha256
    )
    joined = other.join(came, other.c.arrival_id == came.c.id)
    for column in (came.c.id, came.c.path):
        found = select(column).select_from(joined).where(same).order_by(came.c.id).limit(1).correlate(screenings)
        named = case((screenings.c.conflict, found.scalar_subquery()))
        yield type_coerce(named, FileName) if column is came.c.path else named


def as_result(row: Sequence[Any]) -> Result:
    """Build a result from a row of ``select_results``."""
    arrival_id, file_name, source_sha256, state, priority, received_at, finished_at, *answer = row
    outcome, label, conflict, model_sha256, model_version, other_id, other_name, reason, notes, *answer = answer
    header, (reason_code, *probabilities) = answer[: len(SAID)], answer[len(SAID) :]
    known = {name: share for name, share in zip(SHARES, probabilities, strict=True) if share is not None}
    return Result(
        arrival_id=arrival_id,
        file_name=file_name,
        source_sha256=source_sha256,
        state=ArrivalState(state),
        outcome=outcome and Outcome(outcome),
        label=label and Label(label),
        probabilities=known or None,
        reason_code=reason_code,
        conflict=bool(conflict),
        priority=Priority(priority),
        model_version=model_version,
        model_sha256=model_sha256,
        received_at=received_at,
        finished_at=finished_at,
        conflict_with=None if other_id is None else f"arrival-{other_id} {other_name}",
        reason=reason,
        notes=tuple(notes.split()) if notes else (),
        **dict(zip(SAID, header, strict=True)),
    )
