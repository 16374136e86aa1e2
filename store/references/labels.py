"""Reference labels in the ledger: the films that a file names, and what a test or a reader said of each."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from store.columns import database_now
from store.database import build_insert
from store.references.columns import Columns
from store.references.rows import LabelRow, RefusedRow
from store.references.words import FilmKey, Reference, ReferenceSource
from store.tables import reference_labels, screenings

ASKED_AT_ONCE = 500  # keys a statement: far below both databases' limit of parameters


@dataclass(frozen=True, slots=True)
class KnownFilm:
    """A film that was screened; ``patient_id`` as the ledger holds it, plain or hashed."""

    source_sha256: str
    patient_id: str | None


@dataclass(frozen=True, slots=True)
class ReferenceLabel:
    """What one source says of one film."""

    source_sha256: str
    source: ReferenceSource
    reference: Reference
    obtained_at: datetime | None = None


def find_films(connection: Connection, key: FilmKey, values: Iterable[str]) -> dict[str, set[KnownFilm]]:
    """Return the screened films that each value names; a value that names none is left out."""
    column, found = screenings.c[key], dict[str, set[KnownFilm]]()
    for asked in _in_parts(sorted(set(values))):
        statement = select(column, screenings.c.source_sha256, screenings.c.patient_id).where(column.in_(asked))
        for value, source_sha256, patient_id in connection.execute(statement):
            found.setdefault(value, set()).add(KnownFilm(source_sha256, patient_id))
    return found


def find_references(connection: Connection, source: ReferenceSource, films: Iterable[str]) -> dict[str, Reference]:
    """Return what a source already says of films, by their SHA-256."""
    r, found = reference_labels.c, dict[str, Reference]()
    for asked in _in_parts(sorted(set(films))):
        statement = select(r.source_sha256, r.reference).where(r.source == source, r.source_sha256.in_(asked))
        found |= {film: Reference(reference) for film, reference in connection.execute(statement)}
    return found


def record_references(connection: Connection, labels: Sequence[ReferenceLabel]) -> None:
    """Record labels; of one film and source there is one, and the last to be recorded holds."""
    if not labels:
        return
    statement = build_insert(connection, reference_labels).values(recorded_at=database_now())
    changed = {name: statement.excluded[name] for name in ("reference", "obtained_at", "recorded_at")}
    rows = [{name: getattr(label, name) for name in ReferenceLabel.__dataclass_fields__} for label in labels]
    connection.execute(statement.on_conflict_do_update(index_elements=["source_sha256", "source"], set_=changed), rows)


def _in_parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), ASKED_AT_ONCE):
        yield values[start : start + ASKED_AT_ONCE]


@dataclass(frozen=True, slots=True)
class LabelClaim:
    """What the file says of one film, and on which line first."""

    line: int
    label: ReferenceLabel


def match_films(
    connection: Connection, rows: Sequence[LabelRow], columns: Columns
) -> tuple[dict[str, LabelClaim], list[RefusedRow]]:
    """Find each row's films: claims by the film's SHA-256, and the rows that cannot be trusted.

    Where two rows call a film differently, both are refused.
    """
    films = find_films(connection, columns.key_kind, (row.key for row in rows))
    claims: dict[str, LabelClaim] = {}
    refusals: list[RefusedRow] = []
    contradicted: set[str] = set()
    for row in rows:
        named = films.get(row.key, set())
        reason = _find_doubt(named, columns.key_kind)
        if reason:
            refusals.append(RefusedRow(row.line, reason))
            continue
        for claim in _claim(named, row, columns):
            first = claims.setdefault(claim.label.source_sha256, claim)
            if first.label.reference != row.reference:
                refusals.append(RefusedRow(row.line, f"line {first.line} has another label for the same film"))
                contradicted.add(claim.label.source_sha256)
    firsts = (claims.pop(film).line for film in contradicted)
    return claims, [
        *refusals,
        *(RefusedRow(line, "a later line has another label for the same film") for line in firsts),
    ]


def _claim(named: Iterable[KnownFilm], row: LabelRow, columns: Columns) -> list[LabelClaim]:
    films = sorted({film.source_sha256 for film in named})
    return [
        LabelClaim(row.line, ReferenceLabel(film, columns.source, row.reference, row.obtained_at)) for film in films
    ]


def _find_doubt(films: set[KnownFilm], key: FilmKey) -> str | None:
    """Say why it is not clear which films a key means, or return None where it is."""
    if not films:
        return "no film with this key was screened here"
    if len({film.patient_id for film in films if film.patient_id is not None}) > 1:
        return "films of different patients have this key"
    if key is FilmKey.SOP_INSTANCE_UID and len({film.source_sha256 for film in films}) > 1:
        return "different films have this UID: name them by source_sha256"
    return None
