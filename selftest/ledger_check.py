"""Proves P1 and P2 over inbox, database and folders: nothing lost, nothing doubled, nothing false.

    python -m selftest.ledger_check INBOX HOME [DATABASE_URL]

looks at an installation at rest and prints what is wrong, if anything is.
"""

import json
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import file_digest
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from inference.labels import LABELS
from store.database import open_database, reading
from store.states import FINISHED_STATES, PENDING_STATES, AfterScreening, ArrivalState
from store.tables import arrivals, screenings
from worker.intake.inbox import list_files
from worker.screening.shelf import REASON_SUFFIX


@dataclass(frozen=True, slots=True)
class LedgerAnswer:
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

    def answers(self, inbox: Path) -> dict[str, LedgerAnswer]:
        """Return what is known of each file, by its name in the inbox."""
        return {os.fspath(row.path.relative_to(inbox)): self._answer(row) for row in self.arrivals}

    def _answer(self, row: Row[Any]) -> LedgerAnswer:
        found = self.screenings.get(row.screening_id)
        return LedgerAnswer(
            source_sha256=row.source_sha256,
            quarantined=row.state == ArrivalState.QUARANTINED,
            outcome=found and found.outcome,
            label=found and found.label,
            probabilities=tuple(found._mapping[f"probability_{label}"] for label in LABELS) if found else (),
            reason_code=row.reason_code or (found and found.reason_code),
            model_sha256=found and found.model_sha256,
        )


MOVED = (ArrivalState.DONE, ArrivalState.DUPLICATE, ArrivalState.QUARANTINED)


class FaultKind(StrEnum):
    """What is wrong with a file or a row."""

    LOST = "lost"
    DOUBLED = "doubled"
    FALSE = "false"


@dataclass(frozen=True, slots=True)
class LedgerFault:
    """One thing that contradicts the promises."""

    kind: FaultKind
    text: str

    def __str__(self) -> str:
        return self.text


def find_faults(
    ledger: Ledger, inbox: Path, home: Path, dropped: Mapping[str, str] | Iterable[tuple[str, str]] | None = None
) -> list[LedgerFault]:
    """Return what contradicts the promises, one line each; an empty list proves them for this moment.

    Parameters
    ----------
    dropped : mapping of str to str, or iterable of pairs of str, optional
        Name and SHA-256 of all that was ever dropped: then what is lost or doubled is seen too.
    """
    faults = [*_check_rows(ledger), *_check_screenings(ledger), *_check_places(ledger), *_check_folders(ledger, home)]
    if dropped is not None:
        pairs = dropped.items() if isinstance(dropped, Mapping) else dropped
        faults += _check_dropped(ledger, inbox, home, list(pairs))
    return faults


def _check_rows(ledger: Ledger) -> Iterator[LedgerFault]:
    """P1: the parts add up; each finished row says what answers it."""
    states = Counter(ArrivalState(row.state) for row in ledger.arrivals)
    if sum(states[state] for state in (*FINISHED_STATES, *PENDING_STATES)) != len(ledger.arrivals):
        yield LedgerFault(FaultKind.FALSE, "the states do not add up to the arrivals")
    for row in ledger.arrivals:
        answered = row.state in (ArrivalState.DONE, ArrivalState.DUPLICATE)
        if answered != (row.screening_id in ledger.screenings):
            yield LedgerFault(
                FaultKind.FALSE, f"arrival {row.id}: {row.state}, but its screening is {row.screening_id}"
            )
        if row.state == ArrivalState.QUARANTINED and not row.reason_code:
            yield LedgerFault(FaultKind.FALSE, f"arrival {row.id}: quarantined without a reason")
        if row.state in FINISHED_STATES and row.lease_owner is not None:
            yield LedgerFault(FaultKind.FALSE, f"arrival {row.id}: finished, and still held")


def _check_screenings(ledger: Ledger) -> Iterator[LedgerFault]:
    """P2: one result for each bytes and model, and one arrival that is done by it."""
    keys = Counter((row.source_sha256, row.model_sha256) for row in ledger.screenings.values())
    for key, count in keys.items():
        if count > 1:
            yield LedgerFault(FaultKind.DOUBLED, f"{count} results for the bytes {key[0][:8]}")
    done: dict[int, list[int]] = defaultdict(list)
    for row in ledger.arrivals:
        found = ledger.screenings.get(row.screening_id)
        if found is not None and found.source_sha256 != row.source_sha256:
            yield LedgerFault(FaultKind.FALSE, f"arrival {row.id}: answered by a result of other bytes")
        if row.state == ArrivalState.DONE:
            done[row.screening_id].append(row.id)
    for screening_id in ledger.screenings:
        if len(done[screening_id]) != 1:
            kind = FaultKind.DOUBLED if done[screening_id] else FaultKind.LOST
            yield LedgerFault(
                kind, f"screening {screening_id}: {len(done[screening_id])} arrivals are done by it, not one"
            )


def _check_places(ledger: Ledger) -> Iterator[LedgerFault]:
    """Look whether a file lies where its row says, with the bytes that its row names."""
    for row in ledger.arrivals:
        if row.state not in MOVED or row.after == AfterScreening.KEEP:
            continue
        if row.fingerprint is not None:
            yield LedgerFault(FaultKind.FALSE, f"arrival {row.id}: recorded, but its file has not been seen to")
        elif not row.stored_path.is_file():
            yield LedgerFault(FaultKind.LOST, f"arrival {row.id}: its file is not where its row says")
        elif row.source_sha256 not in (None, _hash(row.stored_path)):
            yield LedgerFault(FaultKind.FALSE, f"arrival {row.id}: its file holds other bytes than were judged")
        elif row.state == ArrivalState.QUARANTINED:
            yield from _check_reason(row)


def _check_reason(row: Row[Any]) -> Iterator[LedgerFault]:
    beside = row.stored_path.with_name(row.stored_path.name + REASON_SUFFIX)
    if not beside.is_file():
        yield LedgerFault(FaultKind.FALSE, f"arrival {row.id}: quarantined without a reason file")
    elif json.loads(beside.read_text())["reason_code"] != row.reason_code:
        yield LedgerFault(FaultKind.FALSE, f"arrival {row.id}: its reason file says something else than its row")


def _check_folders(ledger: Ledger, home: Path) -> Iterator[LedgerFault]:
    """No file lies in the home that no row knows."""
    named = {row.stored_path for row in ledger.arrivals if row.stored_path is not None}
    for path in _list_stored(home):
        if path not in named:
            yield LedgerFault(FaultKind.FALSE, f"{path.relative_to(home)}: no row knows this file")


def _check_dropped(ledger: Ledger, inbox: Path, home: Path, dropped: list[tuple[str, str]]) -> Iterator[LedgerFault]:
    """One row for each file that was dropped, and all of its bytes still somewhere: nothing is deleted."""
    wanted = Counter(name for name, _ in dropped)
    rows = Counter(os.fspath(row.path.relative_to(inbox)) for row in ledger.arrivals)
    for name in wanted | rows:
        if rows[name] != wanted[name]:
            kind = FaultKind.LOST if rows[name] < wanted[name] else FaultKind.DOUBLED
            yield LedgerFault(kind, f"{name!a}: {rows[name]} rows instead of {wanted[name]}")
    lying = Counter(_hash(path) for path in [*_list_stored(home), *_list_inbox(inbox)])
    bytes_wanted = Counter(found for _, found in dropped)
    for found, count in (bytes_wanted - lying).items():
        yield LedgerFault(FaultKind.LOST, f"bytes {found[:8]}: {count} files too few")
    for found, count in (lying - bytes_wanted).items():
        yield LedgerFault(FaultKind.DOUBLED, f"bytes {found[:8]}: {count} files too many")


def _list_stored(home: Path) -> list[Path]:
    stored = [path for room in ("processed", "quarantine") for path in (home / room).rglob("*") if path.is_file()]
    return [path for path in stored if not path.name.endswith(REASON_SUFFIX)]


def _list_inbox(inbox: Path) -> list[Path]:
    return [Path(path) for path, _ in list_files(str(inbox), frozenset())] if inbox.is_dir() else []


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


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
