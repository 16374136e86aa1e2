"""What the database computes about a selection: latency, models that served, what headers leave out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, or_, select

from inference.labels import Outcome
from store.columns import latency_milliseconds
from store.questions.selection import IS_ANSWER, JOINED, QUARTER, Selection, is_late, said
from store.states import ArrivalState, Priority
from store.tables import arrivals, models, screenings

# what a complete DICOM header of a chest radiograph says
EXPECTED_ATTRIBUTES = (
    "view_position",
    "patient_age_years",
    "patient_sex",
    "body_part_examined",
    "station_name",
    "accession_number",
    "sop_instance_uid",
)
SAID_BY_EVERY_HEADER = ("sop_class_uid", "modality", *EXPECTED_ATTRIBUTES)


@dataclass(frozen=True, slots=True)
class ModelUse:
    """What a model answered within one quarter of an hour."""

    quarter: int
    model_sha256: str
    model_version: str
    first_at: datetime
    last_at: datetime
    films: int


@dataclass(frozen=True, slots=True)
class HeaderCount:
    """How many films there are, how many have a DICOM header, and in how many of these an attribute is missing."""

    films: int
    headers: int
    missing: dict[str, int]


def find_oldest_pending_of(connection: Connection, selection: Selection) -> datetime | None:
    """Return when the longest-waiting arrival of a selection was received."""
    a = arrivals.c
    statement = select(func.min(a.received_at)).select_from(JOINED)
    oldest: datetime | None = connection.scalar(statement.where(selection.where_pending()))
    return oldest


def count_latencies(connection: Connection, selection: Selection) -> list[tuple[Priority, int, int]]:
    """Count how long arrivals took from their row to their result.

    Returns
    -------
    list of (Priority, int, int)
        Milliseconds, and how many arrivals of a priority took them; the shortest first.
    """
    a = arrivals.c
    latency = latency_milliseconds(a.received_at, a.finished_at).label("latency")
    statement = (
        select(a.priority, latency, func.count())
        .select_from(JOINED)
        .where(selection.where_finished(), a.state != ArrivalState.VANISHED)
        .group_by(a.priority, "latency")
        .order_by("latency")
    )
    return [
        (Priority(priority), milliseconds, count) for priority, milliseconds, count in connection.execute(statement)
    ]


def count_late(connection: Connection, selection: Selection, longest_wait_seconds: float) -> dict[int, int]:
    """Count the arrivals whose result came later than that, by the quarter of an hour in which it came."""
    statement = (
        select(QUARTER.label("quarter"), func.count().label("late"))
        .select_from(JOINED)
        .where(selection.where_finished(), is_late(longest_wait_seconds))
        .group_by("quarter")
    )
    return {row.quarter: int(row.late) for row in connection.execute(statement)}


def count_model_uses(connection: Connection, selection: Selection) -> Iterator[ModelUse]:
    """Give which models answered in each quarter of an hour, in the order of time."""
    first_at = func.min(arrivals.c.finished_at).label("first_at")
    statement = (
        select(
            QUARTER.label("quarter"),
            screenings.c.model_sha256,
            func.min(models.c.model_version).label("model_version"),
            first_at,
            func.max(arrivals.c.finished_at).label("last_at"),
            func.count().label("films"),
        )
        .select_from(JOINED)
        .where(selection.where_finished(), IS_ANSWER)
        .group_by("quarter", screenings.c.model_sha256)
        .order_by("quarter", first_at)
    )
    return (ModelUse(**row._mapping) for row in connection.execute(statement))


def find_model_before(connection: Connection, moment: datetime) -> tuple[str, str] | None:
    """Return the hash and version of the model that answered last before a moment."""
    a = arrivals.c
    statement = (
        select(screenings.c.model_sha256, models.c.model_version)
        .select_from(JOINED)
        .where(a.finished_at < moment, IS_ANSWER)
        .order_by(a.finished_at.desc())
        .limit(1)
    )
    row = connection.execute(statement).first()
    return None if row is None else (row.model_sha256, row.model_version)


def count_headers(connection: Connection, selection: Selection) -> HeaderCount:
    """Count what the headers of the films leave out, those of refused films too where they could be read."""
    a, s = arrivals.c, screenings.c
    is_dicom = said("source_format") == "dicom"
    # a header that was read says at least one of these, also where the film was refused
    says_something = or_(*(said(name).is_not(None) for name in SAID_BY_EVERY_HEADER))
    answered = IS_ANSWER & s.source_format.is_not(None) & or_(~is_dicom, s.outcome != Outcome.REJECTED, says_something)
    quarantined = (a.state == ArrivalState.QUARANTINED) & is_dicom & says_something
    statement = (
        select(
            func.count(),
            func.count(case((is_dicom, 1))),
            *(func.count(case((is_dicom & said(name).is_(None), 1))) for name in EXPECTED_ATTRIBUTES),
        )
        .select_from(JOINED)
        .where(selection.where_finished(), or_(answered, quarantined))
    )
    films, headers, *missing = connection.execute(statement).one()
    return HeaderCount(films, headers, dict(zip(EXPECTED_ATTRIBUTES, missing, strict=True)))
