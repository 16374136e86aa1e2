"""Forgetting what is old: rows of finished arrivals, and results that answer none any more. Never a file.

A row that still says something is kept, however old: of a file that lies in its folder (it would be screened again),
of a file in quarantine (it could not be released any more), and of a film whose answer has not reached its target.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, delete, exists, func, select, true, tuple_

from store.audit import record_event
from store.database import reading
from store.states import FINISHED_STATES, ArrivalState, DeliveryState
from store.tables import alerts, arrivals, deliveries, headers, reference_labels, reviews, screenings, uploads

BATCH = 500  # rows a transaction: some 20 ms, for which the service's writers wait without noticing


@dataclass(slots=True)
class Pruned:
    """What was deleted, or would be; and what is as old and stays.

    Attributes
    ----------
    arrivals : dict
        Deleted rows by state.
    screenings : int
        Deleted results.
    reference_labels : int
        Deleted labels (RT-PCR, readers) of films that have no result any more.
    in_folders : int
        Rows that stay because their file was not moved out of its folder.
    in_quarantine : int
        Rows that stay because their file waits in quarantine.
    """

    arrivals: dict[ArrivalState, int] = field(default_factory=dict)
    screenings: int = 0
    reference_labels: int = 0
    in_folders: int = 0
    in_quarantine: int = 0


def find_prunable(engine: Engine, before: datetime) -> Pruned:
    """Count what pruning would delete, and delete nothing."""
    a, s = arrivals.c, screenings.c
    with reading(engine) as connection:
        found = _count_kept(connection, before)
        found.arrivals = _count_by_state(connection, _is_prunable(before))
        needed = exists().where(a.screening_id == s.id, ~_is_prunable(before))
        forgotten = (s.screened_at < before) & ~needed
        found.screenings = connection.scalar(select(func.count()).select_from(screenings).where(forgotten)) or 0
        labels = select(func.count()).select_from(reference_labels).where(_tells_of_none(before, ~forgotten))
        found.reference_labels = connection.scalar(labels) or 0
    return found


def prune(engine: Engine, before: datetime, progress: Callable[[int], None] = lambda _: None) -> Pruned:
    """Delete rows that were finished before a moment, in small transactions between which the service has its turn.

    May be interrupted at any point and run again; the audit events say when it began and what it has deleted.

    Parameters
    ----------
    before : datetime
        Aware.
    progress : Callable
        Called with the number of rows that a transaction has deleted.
    """
    with engine.begin() as connection:
        record_event(connection, "prune_started", before=before.isoformat())
    with reading(engine) as connection:
        done = _count_kept(connection, before)
    _prune_arrivals(engine, before, done, progress)
    _prune_screenings(engine, before, done, progress)
    with engine.begin() as connection:
        _overwrite_deleted(connection)
        connection.execute(delete(alerts).where(alerts.c.sent_at < before))
        done.reference_labels = connection.execute(
            delete(reference_labels).where(_tells_of_none(before, true()))
        ).rowcount
        _forget_visitors(connection, before)
        record_event(
            connection,
            "pruned",
            before=before.isoformat(),
            arrivals=sum(done.arrivals.values()),
            screenings=done.screenings,
            reference_labels=done.reference_labels,
        )
    return done


def _prune_arrivals(engine: Engine, before: datetime, done: Pruned, progress: Callable[[int], None]) -> None:
    a = arrivals.c
    place = tuple_(a.finished_at, a.id)
    after: ColumnElement[bool] = a.id.is_not(None)
    while True:
        # found without the writers' lock, and asked again under it
        with reading(engine) as connection:
            statement = select(a.finished_at, a.id).where(_is_prunable(before), after).order_by(a.finished_at, a.id)
            rows = connection.execute(statement.limit(BATCH)).all()
        if not rows:
            return
        after = place > tuple_(rows[-1].finished_at, rows[-1].id)
        chosen = a.id.in_([row.id for row in rows]) & _is_prunable(before)
        began = time.monotonic()
        with engine.begin() as connection:
            _overwrite_deleted(connection)
            states = _count_by_state(connection, chosen)
            connection.execute(delete(headers).where(headers.c.arrival_id.in_(select(a.id).where(chosen))))
            connection.execute(delete(deliveries).where(deliveries.c.arrival_id.in_(select(a.id).where(chosen))))
            connection.execute(delete(arrivals).where(chosen))
        for state, count in states.items():
            done.arrivals[state] = done.arrivals.get(state, 0) + count
        progress(sum(states.values()))
        _give_way(began)


def _prune_screenings(engine: Engine, before: datetime, done: Pruned, progress: Callable[[int], None]) -> None:
    """Delete results that no arrival refers to; one that answers a younger duplicate stays."""
    s = screenings.c
    unneeded = (s.screened_at < before) & ~exists().where(arrivals.c.screening_id == s.id)
    last = 0
    while True:
        with reading(engine) as connection:
            statement = select(s.id).where(unneeded, s.id > last).order_by(s.id).limit(BATCH)
            ids: Sequence[int] = connection.scalars(statement).all()
        if not ids:
            return
        last = ids[-1]
        began = time.monotonic()
        with engine.begin() as connection:
            _overwrite_deleted(connection)
            # who records a duplicate holds its result's row: that one is left alone, and the others are asked again
            free = select(s.id).where(s.id.in_(ids)).with_for_update(skip_locked=True)
            held = list(connection.scalars(free))
            count = connection.execute(delete(screenings).where(s.id.in_(held), unneeded)).rowcount
        done.screenings += count
        progress(count)
        _give_way(began)


def _is_prunable(before: datetime) -> ColumnElement[bool]:
    a = arrivals.c
    left_its_folder = a.fingerprint.is_(None)
    waits_in_quarantine = (a.state == ArrivalState.QUARANTINED) & a.stored_path.is_not(None)
    waiting = (deliveries.c.arrival_id == a.id) & (deliveries.c.state == DeliveryState.WAITING)
    old = a.state.in_(FINISHED_STATES) & (a.finished_at < before)
    return old & left_its_folder & ~waits_in_quarantine & ~exists().where(waiting)


def _tells_of_none(before: datetime, kept: ColumnElement[bool]) -> ColumnElement[bool]:
    """Ask for labels, recorded before a moment, of films without any result that is kept."""
    r = reference_labels.c
    return (r.recorded_at < before) & ~exists().where(screenings.c.source_sha256 == r.source_sha256, kept)


def _forget_visitors(connection: Connection, before: datetime) -> None:
    """Delete what came by the page before a moment: names of uploaded files, and reviews of films without a result."""
    r, younger = reviews.c, reviews.alias("younger").c
    has_result = exists().where(screenings.c.source_sha256 == r.source_sha256)
    is_spoken_of = exists().where(younger.source_sha256 == r.source_sha256, younger.made_at >= before)
    connection.execute(delete(reviews).where(~has_result, ~is_spoken_of))
    connection.execute(delete(uploads).where(uploads.c.uploaded_at < before))


def _count_kept(connection: Connection, before: datetime) -> Pruned:
    a = arrivals.c
    old = a.state.in_(FINISHED_STATES) & (a.finished_at < before)
    lies_there = a.fingerprint.is_not(None)
    waits = (a.state == ArrivalState.QUARANTINED) & a.stored_path.is_not(None)
    count = select(func.count()).select_from(arrivals)
    return Pruned(
        in_folders=connection.scalar(count.where(old, lies_there)) or 0,
        in_quarantine=connection.scalar(count.where(old, ~lies_there, waits)) or 0,
    )


def _count_by_state(connection: Connection, which: ColumnElement[bool]) -> dict[ArrivalState, int]:
    statement = select(arrivals.c.state, func.count()).where(which).group_by(arrivals.c.state)
    counts = {row[0]: row[1] for row in connection.execute(statement)}
    return {state: counts[state] for state in FINISHED_STATES if state in counts}


def _overwrite_deleted(connection: Connection) -> None:
    """Let SQLite overwrite what it deletes: what is forgotten shall not stand in the file's free pages."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")


def _give_way(began: float) -> None:
    """Rest for as long as the last transaction took: half of the time is the service's."""
    time.sleep(time.monotonic() - began)
