"""Rows for tests, made through the store's own functions: the shortest way to each state of an arrival."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select

from inference.labels import Answer, Label, Outcome
from store.ledger.arrivals import NewArrival, claim_arrival, record_arrivals
from store.ledger.models import record_model
from store.ledger.outcomes import NewScreening, record_quarantine, record_screening, record_vanished
from store.states import AfterScreening, ArrivalState, Priority
from store.tables import arrivals, screenings

INBOX = Path("/inbox")
OWNER = "worker-1"
UID = "1.2.826.0.1.3680043.10.1"
MODEL_SHA256 = sha256(b"model").hexdigest()
PROBABILITIES = {Label.COVID19: 0.125, Label.VIRAL_PNEUMONIA: 0.25, Label.NORMAL: 0.625}


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def new_arrival(
    name: str = "a.dcm", after: AfterScreening = AfterScreening.MOVE, priority: Priority = Priority.ROUTINE
) -> NewArrival:
    return NewArrival(digest(name), inbox=INBOX, path=INBOX / name, size_bytes=7, after=after, priority=priority)


def arrive(
    engine: Engine, *names: str, after: AfterScreening = AfterScreening.MOVE, priority: Priority = Priority.ROUTINE
) -> list[int]:
    """Record files; return their ids."""
    with engine.begin() as connection:
        record_arrivals(connection, [new_arrival(name, after, priority) for name in names])
        ids = {row.fingerprint: row.id for row in connection.execute(select(arrivals.c.fingerprint, arrivals.c.id))}
    return [ids[digest(name)] for name in names]


def hold(engine: Engine, name: str, owner: str = OWNER) -> int:
    """Record a file and take its lease; return its id."""
    (arrival_id,) = arrive(engine, name)
    with engine.begin() as connection:
        assert claim_arrival(connection, arrival_id, owner, 60) is not None
    return arrival_id


def register_model(engine: Engine, model_sha256: str = MODEL_SHA256, version: str = "1") -> None:
    with engine.begin() as connection:
        record_model(connection, model_sha256, version, Path("/bundle"))


def new_screening(content: str = "bytes", **changed: Any) -> NewScreening:
    """Describe a prediction of ``normal``, or what is changed of it."""
    fields: dict[str, Any] = {"source_sha256": digest(content), "model_sha256": MODEL_SHA256, "identity": {}}
    fields |= {name: changed.pop(name) for name in tuple(fields) if name in changed}
    answer: dict[str, Any] = {"outcome": Outcome.PREDICTED, "label": Label.NORMAL, "probabilities": PROBABILITIES}
    return NewScreening(**fields, answer=Answer(**answer | changed))


def count_screenings(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(screenings)) or 0


def screen(engine: Engine, arrival_id: int, screening: NewScreening, owner: str = OWNER) -> ArrivalState:
    with engine.begin() as connection:
        return record_screening(connection, arrival_id, owner, screening, None)


def predict(engine: Engine, name: str, **changed: Any) -> int:
    """Take a file from arrival to prediction; its content is its name. Return its id."""
    arrival_id = hold(engine, name)
    screen(engine, arrival_id, new_screening(changed.pop("content", name), **changed))
    return arrival_id


def reject(engine: Engine, name: str, reason_code: str = "lateral", **changed: Any) -> int:
    answer: dict[str, Any] = {"outcome": Outcome.REJECTED, "label": None, "probabilities": None, "reason": "no"}
    return predict(engine, name, reason_code=reason_code, **answer, **changed)


def quarantine(
    engine: Engine, name: str, reason_code: str = "truncated", header: Mapping[str, Any] | None = None
) -> int:
    arrival_id = hold(engine, name)
    with engine.begin() as connection:
        record_quarantine(
            connection,
            arrival_id,
            OWNER,
            reason_code=reason_code,
            reason="it ends early",
            source_sha256=digest(name),
            stored_path=Path("/quarantine") / name,
            header=header,
        )
    return arrival_id


def vanish(engine: Engine, name: str) -> int:
    arrival_id = hold(engine, name)
    with engine.begin() as connection:
        record_vanished(connection, arrival_id, OWNER)
    return arrival_id
