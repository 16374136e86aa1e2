"""The last step of an arrival: what became of it, committed before its file moves."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, Update, bindparam, insert, select, update
from sqlalchemy.sql.dml import ReturningInsert

from inference.labels import Answer
from store.audit import record_event
from store.columns import database_now
from store.database import build_insert_in, wait_for_turn
from store.errors import AnswerPrunedError, LeaseLostError
from store.states import ArrivalState
from store.tables import arrivals, headers, screenings


@dataclass(frozen=True, slots=True)
class NewScreening:
    """What was said of one file's bytes with one model.

    ``identity`` holds columns of the table ``screenings`` by name; identifiers are protected already.
    """

    source_sha256: str
    model_sha256: str
    answer: Answer
    identity: Mapping[str, Any]


def find_screening(connection: Connection, source_sha256: str, model_sha256: str) -> int | None:
    """Return the screening of these bytes with this model, or None."""
    given = {"source": source_sha256, "model": model_sha256}
    return connection.execute(_build_search(), given).scalar_one_or_none()


@cache
def _build_search() -> Select[int]:
    """Build it once, as all that each film runs: ``store.ledger.arrivals`` says why."""
    s = screenings.c
    same = (s.source_sha256 == bindparam("source")) & (s.model_sha256 == bindparam("model"))
    return select(s.id).where(same)


def record_screening(
    connection: Connection, arrival_id: int, owner: str, screening: NewScreening, stored_path: Path | None
) -> ArrivalState:
    """Record a result, or that the same bytes have one already.

    Returns
    -------
    ArrivalState
        ``done``, or ``duplicate`` where another arrival brought these bytes before.

    Raises
    ------
    LeaseLostError
        Another worker has taken over; nothing is recorded (roll back).
    AnswerPrunedError
        The result of the same bytes was pruned this very moment; nothing is recorded, try again.
    """
    uid = screening.identity.get("sop_instance_uid")
    if uid is not None:
        wait_for_turn(connection, uid)  # two at once would not see each other's conflict
    screening_id = _insert(connection, arrival_id, screening)
    if screening_id is None:
        known = find_screening(connection, screening.source_sha256, screening.model_sha256)
        if known is None:
            raise AnswerPrunedError(f"arrival {arrival_id}: the result of the same bytes was pruned meanwhile")
        record_duplicate(connection, arrival_id, owner, known, screening.source_sha256, stored_path)
        return ArrivalState.DUPLICATE
    _flag_conflicts(connection, arrival_id, screening_id, screening)
    answered = {"screening_id": screening_id, "source_sha256": screening.source_sha256, "reason_code": None}
    _finish(connection, arrival_id, owner, state=ArrivalState.DONE, stored_path=stored_path, **answered)
    return ArrivalState.DONE


def record_duplicate(
    connection: Connection, arrival_id: int, owner: str, screening_id: int, source_sha256: str, stored_path: Path | None
) -> None:
    """Record that a screening of another arrival answers these bytes; raises as ``record_screening``."""
    _hold_answer(connection, arrival_id, screening_id, source_sha256)
    answered = {"screening_id": screening_id, "source_sha256": source_sha256, "reason_code": None}
    _finish(connection, arrival_id, owner, state=ArrivalState.DUPLICATE, stored_path=stored_path, **answered)


def record_quarantine(
    connection: Connection,
    arrival_id: int,
    owner: str,
    *,
    reason_code: str,
    reason: str,
    source_sha256: str | None,
    stored_path: Path | None,
    header: Mapping[str, Any] | None = None,
) -> None:
    """Record that a file cannot be read, and why; raises LeaseLostError as ``record_screening``.

    ``header`` holds columns of the table ``headers``: what could be read all the same, identifiers protected.
    """
    known = {"reason_code": reason_code, "reason": reason, "source_sha256": source_sha256}
    _finish(connection, arrival_id, owner, state=ArrivalState.QUARANTINED, stored_path=stored_path, **known)
    if header and any(value is not None for value in header.values()):
        connection.execute(insert(headers).values(arrival_id=arrival_id, **header))


def record_vanished(connection: Connection, arrival_id: int, owner: str) -> None:
    """Record that the file was gone, or another one, before it could be read."""
    _finish(connection, arrival_id, owner, state=ArrivalState.VANISHED, reason_code="vanished", fingerprint=None)


def _hold_answer(connection: Connection, arrival_id: int, screening_id: int, source_sha256: str) -> None:
    """Keep the result from being pruned until the commit; its number alone may be another file's by now."""
    same = (screenings.c.id == screening_id) & (screenings.c.source_sha256 == source_sha256)
    held = select(screenings.c.id).where(same).with_for_update(read=True, key_share=True)
    if connection.execute(held).first() is None:
        raise AnswerPrunedError(f"arrival {arrival_id}: the result of the same bytes was pruned meanwhile")


def _insert(connection: Connection, arrival_id: int, screening: NewScreening) -> int | None:
    answer = screening.answer
    probabilities = {f"probability_{label}": value for label, value in (answer.probabilities or {}).items()}
    if not all(map(isfinite, probabilities.values())):  # SQLite would take it for the sign of an unknown class
        raise ValueError("a probability that is no number was about to be stored")
    row = {
        "arrival_id": arrival_id,
        "source_sha256": screening.source_sha256,
        "model_sha256": screening.model_sha256,
        "outcome": answer.outcome,
        "label": answer.label,
        "reason_code": answer.reason_code,
        "reason": answer.reason,
        **probabilities,
        **screening.identity,
    }
    return connection.execute(_build_insert(connection.dialect.name), row).scalar_one_or_none()


@cache
def _build_insert(dialect: str) -> ReturningInsert[int]:
    statement = build_insert_in(dialect, screenings).values(screened_at=database_now())
    once = statement.on_conflict_do_nothing(index_elements=["source_sha256", "model_sha256"])
    return once.returning(screenings.c.id)


def _flag_conflicts(connection: Connection, arrival_id: int, screening_id: int, screening: NewScreening) -> None:
    """Flag all where one SOP Instance UID, which names one instance for ever (PS3.5 9), has other bytes."""
    uid = screening.identity.get("sop_instance_uid")
    if uid is None:
        return
    s, given = screenings.c, {"uid": uid, "source": screening.source_sha256}
    flagged = connection.execute(_build_conflict_search(), given).scalar_one_or_none()
    if flagged is None:
        return
    # once two differ all are flagged: a sender that gives a thousand files one UID must not cost a million updates
    which = s.id == screening_id if flagged else (s.sop_instance_uid == uid) & ~s.conflict
    connection.execute(update(screenings).where(which).values(conflict=True))
    record_event(connection, "sop_instance_conflict", arrival_id=arrival_id, screening_id=screening_id)


@cache
def _build_conflict_search() -> Select[bool]:
    s = screenings.c
    others = (s.sop_instance_uid == bindparam("uid")) & (s.source_sha256 != bindparam("source"))
    return select(s.conflict).where(others).limit(1)


def _finish(connection: Connection, arrival_id: int, owner: str, **values: Any) -> None:
    given = {"finished": arrival_id, "holder": owner, **values}
    if connection.execute(_build_finish(), given).rowcount != 1:
        raise LeaseLostError(f"arrival {arrival_id} is held by another worker")


@cache
def _build_finish() -> Update:
    """Build what ends an arrival; the columns that a state sets are given when it is run."""
    a = arrivals.c
    held = (a.state == ArrivalState.SCREENING) & (a.lease_owner == bindparam("holder"))
    ended = {"lease_owner": None, "lease_until": None, "not_before": None, "finished_at": database_now()}
    return update(arrivals).where(a.id == bindparam("finished"), held).values(ended)
