"""Ledgers of many films at chosen times, written in one transaction: what a report counts, without the way there."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select

from inference.labels import LABELS, Label, Outcome
from reports.question.periods import Period
from reports.question.question import Question
from store.ledger.models import record_model
from store.states import FINISHED_STATES, AfterScreening, ArrivalState, Priority
from store.tables import arrivals, headers, models, screenings
from tests.ledger import digest

START = datetime(2026, 11, 1, tzinfo=UTC)
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Film:
    """An arrival and its answer; by default a film that is called normal a second after it came."""

    at_seconds: float = 0
    takes_seconds: float = 1
    state: ArrivalState = ArrivalState.DONE
    outcome: Outcome = Outcome.PREDICTED
    label: Label | None = Label.NORMAL
    probability: float = 0.9
    reason_code: str | None = None
    inbox: str = "/inbox"
    model: str = "1"
    conflict: bool = False
    priority: Priority = Priority.ROUTINE
    knows: tuple[Label, ...] = LABELS
    source_format: str | None = "dicom"
    modality: str | None = "DX"
    view_position: str | None = "PA"
    station_name: str | None = "ROOM-1"
    rows: int = 2000
    bits_stored: int = 12
    patient_age_years: float | None = 50


IDENTITY = tuple(field.name for field in fields(Film))[12:]
HAVE_ANSWERS = {ArrivalState.DONE, ArrivalState.DUPLICATE}


def ask(begin: float = 0, end: float = DAY, zone: tzinfo = UTC, **changed: Any) -> Question:
    """Ask for a period in seconds from ``START``."""
    since, until = ((START + timedelta(seconds=moment)).astimezone(zone) for moment in (begin, end))
    return Question(Period(since, until), **changed)


def fill_ledger(engine: Engine, films: Iterable[Film]) -> None:
    """Leave nothing in the ledger but these films, in their order."""
    with engine.begin() as connection:
        for table in (arrivals, screenings, headers):
            connection.execute(delete(table))
        known = set(connection.scalars(select(models.c.model_version)))
        for number, film in enumerate(films, start=1):
            if film.model not in known:
                record_model(connection, digest(film.model), film.model, Path("/bundle"))
                known.add(film.model)
            _insert(connection, number, film)


def _insert(connection: Connection, number: int, film: Film) -> None:
    received_at = START + timedelta(seconds=film.at_seconds)
    has_answer = film.state in HAVE_ANSWERS
    if has_answer:
        connection.execute(insert(screenings).values(**_as_screening(number, film), screened_at=received_at))
    finished_at = received_at + timedelta(seconds=film.takes_seconds)
    connection.execute(
        insert(arrivals).values(
            id=number,
            inbox=Path(film.inbox),
            path=Path(film.inbox, f"film-{number}.dcm"),
            size_bytes=1,
            after=AfterScreening.MOVE,
            state=film.state,
            received_at=received_at,
            finished_at=finished_at if film.state in FINISHED_STATES else None,
            screening_id=number if has_answer else None,
            reason_code=None if has_answer else film.reason_code,
            source_sha256=digest(f"{number}"),
            priority=film.priority,
        )
    )


def _as_screening(number: int, film: Film) -> dict[str, Any]:
    label = film.label if film.outcome is Outcome.PREDICTED else None
    top = film.label or Label.NORMAL
    others = [other for other in film.knows if other is not top]
    shares = {top: film.probability} | dict.fromkeys(others, (1 - film.probability) / len(others))
    judged = film.outcome is not Outcome.REJECTED
    return {
        "id": number,
        "arrival_id": number,
        "source_sha256": digest(f"{number}"),
        "model_sha256": digest(film.model),
        "outcome": film.outcome,
        "label": label,
        **({f"probability_{label}": share for label, share in shares.items()} if judged else {}),
        "reason_code": film.reason_code,
        "conflict": film.conflict,
        "columns": 2500,
        **{name: getattr(film, name) for name in IDENTITY},
    }
