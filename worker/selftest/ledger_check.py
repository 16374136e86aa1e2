"""Proves P1 and P2 over inbox, database and folders: nothing lost, nothing doubled, nothing false.

    python -m worker.selftest.ledger_check INBOX HOME [DATABASE_URL]

looks at an installation at rest and prints what is wrong, if anything is.
"""

import json
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from inference.labels import LABELS
from store.database import open_database, reading
from store.states import FINISHED_STATES, PENDING_STATES, AfterScreening, ArrivalState
from store.tables import arrivals, screenings
from worker.inbox import is_ignored
from worker.shelf import REASON_SUFFIX

MOVED = (ArrivalState.DONE, ArrivalState.DUPLICATE, ArrivalState.QUARANTINED)


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


def find_faults(ledger: Ledger, inbox: Path, home: Path, dropped: Mapping[str, str] | None = None) -> list[str]:
    """Return what contradicts the promises, one line each; an empty list proves them for this moment.

    Parameters
    ----------
    dropped : mapping of str to str, optional
        SHA-256 by name of all that was ever dropped: then what is lost or doubled is seen too.
    """
    faults = [*_check_rows(ledger), *_check_screenings(ledger), *_check_places(ledger), *_check_folders(ledger, home)]
    if dropped is not None:
        faults += _check_dropped(ledger, inbox, home, dropped)
    return faults


def _check_rows(ledger: Ledger) -> Iterator[str]:
    """P1: the parts add up; each finished row says what answers it."""
    states = Counter(ArrivalState(row.state) for row in ledger.arrivals)
    if sum(states[state] for state in (*FINISHED_STATES, *PENDING_STATES)) != len(ledger.arrivals):
        yield "the states do not add up to the arrivals"
    for row in ledger.arrivals:
        answered = row.state in (ArrivalState.DONE, ArrivalState.DUPLICATE)
        if answered != (row.screening_id in ledger.screenings):
            yield f"arrival {row.id}: {row.state}, but its screening is {row.screening_id}"
        if row.state == ArrivalState.QUARANTINED and not row.reason_code:
            yield f"arrival {row.id}: quarantined without a reason"
        if row.state in FINISHED_STATES and row.lease_owner is not None:
            yield f"arrival {row.id}: finished, and still held"


def _check_screenings(ledger: Ledger) -> Iterator[str]:
    """P2: one result for each bytes and model, and one arrival that is done by it."""
    keys = Counter((row.source_sha256, row.model_sha256) for row in ledger.screenings.values())
    yield from (f"{count} results for the bytes {key[0][:8]}" for key, count in keys.items() if count > 1)
    done: dict[int, list[int]] = defaultdict(list)
    for row in ledger.arrivals:
        found = ledger.screenings.get(row.screening_id)
        if found is not None and found.source_sha256 != row.source_sha256:
            yield f"arrival {row.id}: answered by a result of other bytes"
        if row.state == ArrivalState.DONE:
            done[row.screening_id].append(row.id)
    for screening_id in ledger.screenings:
        if len(done[screening_id]) != 1:
            yield f"screening {screening_id}: {len(done[screening_id])} arrivals are done by it, not one"


def _check_places(ledger: Ledger) -> Iterator[str]:
    """Look whether a file lies where its row says, with the bytes that its row names."""
    for row in ledger.arrivals:
        if row.state not in MOVED or row.after == AfterScreening.KEEP:
            continue
        if row.fingerprint is not None:
            yield f"arrival {row.id}: recorded, but its file has not been seen to"
        elif not row.stored_path.is_file():
            yield f"arrival {row.id}: its file is not where its row says"
        elif row.source_sha256 not in (None, _hash(row.stored_path)):
            yield f"arrival {row.id}: its file holds other bytes than were judged"
        elif row.state == ArrivalState.QUARANTINED:
            yield from _check_reason(row)


def _check_reason(row: Row[Any]) -> Iterator[str]:
    beside = row.stored_path.with_name(row.stored_path.name + REASON_SUFFIX)
    if not beside.is_file():
        yield f"arrival {row.id}: quarantined without a reason file"
    elif json.loads(beside.read_text())["reason_code"] != row.reason_code:
        yield f"arrival {row.id}: its reason file says something else than its row"


def _check_folders(ledger: Ledger, home: Path) -> Iterator[str]:
    """No file lies in the home that no row knows."""
    named = {row.stored_path for row in ledger.arrivals if row.stored_path is not None}
    for path in _list_stored(home):
        if path not in named:
            yield f"{path.relative_to(home)}: no row knows this file"


def _check_dropped(ledger: Ledger, inbox: Path, home: Path, dropped: Mapping[str, str]) -> Iterator[str]:
    """One row for each file that was dropped, and all of its bytes still somewhere: nothing is deleted."""
    rows = Counter(os.fspath(row.path.relative_to(inbox)) for row in ledger.arrivals)
    yield from (f"{name!a}: {rows[name]} rows instead of one" for name in dropped if rows[name] != 1)
    yield from (f"{name!a}: a row of a file that was never dropped" for name in rows if name not in dropped)
    lying = Counter(_hash(path) for path in [*_list_stored(home), *_list_inbox(inbox)])
    wanted = Counter(dropped.values())
    yield from (f"bytes {found[:8]}: {count} files too few" for found, count in (wanted - lying).items())
    yield from (f"bytes {found[:8]}: {count} files too many" for found, count in (lying - wanted).items())


def _list_stored(home: Path) -> list[Path]:
    stored = [path for room in ("processed", "quarantine") for path in (home / room).rglob("*") if path.is_file()]
    return [path for path in stored if not path.name.endswith(REASON_SUFFIX)]


def _list_inbox(inbox: Path) -> list[Path]:
    return [path for path in inbox.rglob("*") if not path.is_symlink() and path.is_file() and not is_ignored(path.name)]


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        digest = sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def main() -> None:
    """Look at the installation that the command line names."""
    inbox, home = (Path(word).resolve() for word in sys.argv[1:3])
    url = sys.argv[3] if len(sys.argv) > 3 else f"sqlite:///{home / 'xray.db'}"
    ledger = Ledger.read(url)
    faults = find_faults(ledger, inbox, home)
    print(*faults, f"{len(ledger.arrivals)} arrivals, {len(faults)} faults", sep="\n")  # noqa: T201
    raise SystemExit(bool(faults))


if __name__ == "__main__":
    main()
