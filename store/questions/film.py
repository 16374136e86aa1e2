"""One film: which arrivals a name, number, UID or hash means, and all that the ledger knows of one of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select, union_all

from store.columns import escape_path
from store.ledger.deliveries import Delivery, list_deliveries
from store.questions.queries import Result, as_result, select_results
from store.questions.selection import JOINED, UID_KEYS, said, select_saying
from store.references.words import Reference, ReferenceSource
from store.tables import (
    BASE_NAME,
    IS_QUARANTINED,
    arrivals,
    audit_events,
    headers,
    models,
    reference_labels,
    screenings,
)

HEADER = tuple(column.name for column in headers.c if column.name not in {"arrival_id", "notes"})
AFTER_HEX = "g"
LARGEST_ID = 2**63 - 1
_a, _s = arrivals.c, screenings.c


@dataclass(frozen=True, slots=True)
class FilmKeys:
    """By what a film is asked for: whatever of these one word may mean; None is left out.

    Attributes
    ----------
    accession_number : str or None
        As the ledger holds it, plain or hashed.
    hash_begins : str or None
        The first hexadecimal digits of the SHA-256 of the file's bytes, in small letters.
    """

    arrival_id: int | None = None
    file_name: str | None = None
    uid: str | None = None
    accession_number: str | None = None
    hash_begins: str | None = None


@dataclass(frozen=True, slots=True)
class KnownReference:
    """What RT-PCR or a reader said of a film's bytes, and when."""

    source: ReferenceSource
    reference: Reference
    obtained_at: datetime | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """What people or the service did to an arrival, other than screening it."""

    at: datetime
    action: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FilmRecord:
    """All that the ledger knows of one arrival.

    Attributes
    ----------
    result : Result
        What was said of it.
    sender : str or None
        Who sent it by DICOM.
    received_as : Path
        Where it was found.
    stored_path : Path or None
        Where the service has moved it to, or will; None: it stays where it was found, or was released.
    attempts, transient_faults : int
        Attempts that the file spoilt; those that disk or database did.
    answered_by : int or None
        The arrival whose screening answers it: another one where it is a duplicate.
    header : Mapping
        What its header says, by the columns' names; what it does not say is None.
    deliveries : sequence of Delivery
        Its answer on the way to a PACS, or there, the newest first.
    """

    result: Result
    inbox: Path
    sender: str | None
    received_as: Path
    stored_path: Path | None
    size_bytes: int
    attempts: int
    transient_faults: int
    queued_at: datetime | None
    started_at: datetime | None
    answered_by: int | None
    model_folder: Path | None
    header: Mapping[str, Any]
    references: Sequence[KnownReference]
    events: Sequence[Event]
    deliveries: Sequence[Delivery]


def find_arrivals(connection: Connection, keys: FilmKeys, limit: int) -> list[int]:
    """Return the arrivals that one of the keys means, the newest first; each key is looked up by an index."""
    asked = list(_list_lookups(keys))
    if not asked:
        return []
    found = union_all(*asked).subquery()
    statement = select(found.c.id).distinct().order_by(found.c.id.desc()).limit(limit)
    return list(connection.scalars(statement))


def read_film(connection: Connection, arrival_id: int) -> FilmRecord | None:
    """Return what is known of one arrival, or None where there is none of this number."""
    if not 0 < arrival_id <= LARGEST_ID:
        return None
    row = connection.execute(select_results(_a.id == arrival_id)).one_or_none()
    if row is None:
        return None
    about = (
        *(_a.inbox, _a.sender, _a.path.label("received_as"), _a.stored_path),
        *(_a.size_bytes, _a.attempts, _a.transient_faults),
        *(_a.queued_at, _a.started_at, _s.arrival_id.label("answered_by"), models.c.folder.label("model_folder")),
    )
    facts = connection.execute(select(*about).select_from(JOINED).where(_a.id == arrival_id)).one()
    result = as_result(row)
    return FilmRecord(
        result=result,
        **facts._mapping,
        header=_read_header(connection, arrival_id),
        references=_list_references(connection, result.source_sha256),
        events=_list_events(connection, arrival_id),
        deliveries=list_deliveries(connection, arrival_id=arrival_id),
    )


def list_same_uid(connection: Connection, record: FilmRecord, limit: int) -> list[Result]:
    """Return the other films that came with its SOP Instance UID and other bytes, the oldest first."""
    uid, sha256 = record.result.sop_instance_uid, record.result.source_sha256
    if uid is None or sha256 is None:
        return []
    return _list_answered((_s.sop_instance_uid == uid) & (_s.source_sha256 != sha256), _a.id, connection, limit)


def list_earlier(connection: Connection, record: FilmRecord, limit: int) -> list[Result]:
    """Return the films of the same patient that came before it, the newest first; each once, however often it came."""
    patient_id = record.header["patient_id"]
    if patient_id is None:
        return []
    before = (_s.patient_id == patient_id) & (_a.id < record.result.arrival_id)
    if record.result.source_sha256 is not None:
        before &= _s.source_sha256 != record.result.source_sha256
    return _list_answered(before, _a.id.desc(), connection, limit)


def _list_answered(
    which: ColumnElement[bool], order: ColumnElement[Any], connection: Connection, limit: int
) -> list[Result]:
    first = _a.id == _s.arrival_id  # not those that came again with the same bytes
    rows = connection.execute(select_results(which & first).order_by(order).limit(limit))
    return [as_result(row) for row in rows]


def _list_lookups(keys: FilmKeys) -> Iterator[Select[tuple[int]]]:
    """Give one question for each key and table: of all at once no database would take the indexes."""
    if keys.arrival_id is not None and 0 < keys.arrival_id <= LARGEST_ID:
        yield select(_a.id.label("id")).where(_a.id == keys.arrival_id)
    if keys.file_name:
        yield select(_a.id.label("id")).where(BASE_NAME.in_([escape_path(keys.file_name)]))
    if keys.hash_begins:
        yield _answered(_begins(_s.source_sha256, keys.hash_begins))
        yield select(_a.id.label("id")).where(IS_QUARANTINED, _begins(_a.source_sha256, keys.hash_begins))
    said_as = {**dict.fromkeys(UID_KEYS, keys.uid), "accession_number": keys.accession_number}
    for name, value in said_as.items():
        if value:
            yield from select_saying(name, [value])


def _answered(which: ColumnElement[bool]) -> Select[tuple[int]]:
    """Ask for the arrivals that such a screening answers, duplicates too."""
    return select(_a.id.label("id")).select_from(screenings.join(arrivals, _a.screening_id == _s.id)).where(which)


def _begins(column: ColumnElement[str], digits: str) -> ColumnElement[bool]:
    """Return a condition for which the index on a hash serves, as it may not for LIKE."""
    return (column >= digits) & (column < digits + AFTER_HEX)


def _read_header(connection: Connection, arrival_id: int) -> dict[str, Any]:
    columns = [said(name).label(name) for name in HEADER]
    return dict(connection.execute(select(*columns).select_from(JOINED).where(_a.id == arrival_id)).one()._mapping)


def _list_references(connection: Connection, source_sha256: str | None) -> list[KnownReference]:
    if source_sha256 is None:
        return []
    r = reference_labels.c
    columns = (r.source, r.reference, r.obtained_at, r.recorded_at)
    rows = connection.execute(select(*columns).where(r.source_sha256 == source_sha256).order_by(r.source))
    return [KnownReference(ReferenceSource(source), Reference(reference), *when) for source, reference, *when in rows]


def _list_events(connection: Connection, arrival_id: int) -> list[Event]:
    e = audit_events.c
    rows = connection.execute(select(e.at, e.action, e.detail).where(e.arrival_id == arrival_id).order_by(e.id))
    return [Event(*row) for row in rows]
