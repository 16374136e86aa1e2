"""All rows of a ledger as of one moment, and what they say of each file."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from inference.labels import LABELS
from store.database import open_database, reading
from store.states import ArrivalState
from store.tables import arrivals, screenings


@dataclass(frozen=True, slots=True)
class Answer:
    """What the ledger says about a file's bytes, whichever of equal files was first."""

    source_sha256: str | None
    quarantined: bool
    outcome: str | None
    label: str | None
    probabilities: tuple[float | None, ...]
    reason_code: str | None
    model_sha256: str | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """All rows, with the screening that answers each."""

    arrivals: list[Row[Any]]
    screenings: dict[int, Row[Any]]

    @classmethod
    def read(cls, database_url: str) -> "Ledger":
        """Read all of it as of one moment."""
        engine = open_database(database_url)
        with reading(engine) as connection:
            found = list(connection.execute(select(arrivals).order_by(arrivals.c.id)))
            answered = {row.id: row for row in connection.execute(select(screenings))}
        engine.dispose()
        return cls(found, answered)

    def find(self, name: str) -> Row[Any] | None:
        """Return the first row of a file by its own name, without its folder."""
        return next((row for row in self.arrivals if row.path.name == name), None)

    def answers(self, inbox: Path) -> dict[str, Answer]:
        """Return what is known of each file, by its name in the inbox."""
        return {os.fspath(row.path.relative_to(inbox)): self._answer(row) for row in self.arrivals}

    def _answer(self, row: Row[Any]) -> Answer:
        found = self.screenings.get(row.screening_id)
        return Answer(
            source_sha256=row.source_sha256,
            quarantined=row.state == ArrivalState.QUARANTINED,
            outcome=found and found.outcome,
            label=found and found.label,
            probabilities=tuple(found._mapping[f"probability_{label}"] for label in LABELS) if found else (),
            reason_code=row.reason_code or (found and found.reason_code),
            model_sha256=found and found.model_sha256,
        )
