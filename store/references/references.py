"""Reference labels: what a test or a reader said of a film, against which the model's answers are held."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, select

from store.columns import database_now
from store.database import build_insert
from store.tables import reference_labels, screenings

ASKED_AT_ONCE = 500  # keys a statement: far below both databases' limit of parameters


class ReferenceSource(StrEnum):
    """Where a reference label comes from."""

    PCR = "pcr"  # RT-PCR: COVID-19 or not, and nothing else
    READER = "reader"  # a person, or a panel, who read the film


class Reference(StrEnum):
    """What is taken for the truth of a film."""

    COVID19 = "covid19"
    NOT_COVID19 = "not_covid19"  # a negative RT-PCR: it does not say what the film shows
    VIRAL_PNEUMONIA = "viral_pneumonia"
    NORMAL = "normal"
    OTHER_FINDING = "other_finding"


REFERENCES: Mapping[ReferenceSource, tuple[Reference, ...]] = {
    ReferenceSource.PCR: (Reference.COVID19, Reference.NOT_COVID19),
    ReferenceSource.READER: (
        Reference.COVID19,
        Reference.VIRAL_PNEUMONIA,
        Reference.NORMAL,
        Reference.OTHER_FINDING,
    ),
}


class FilmKey(StrEnum):
    """By what a results file may name a film: columns of the table ``screenings``."""

    SOP_INSTANCE_UID = "sop_instance_uid"
    SOURCE_SHA256 = "source_sha256"
    ACCESSION_NUMBER = "accession_number"


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
    connection.execute(
        statement.on_conflict_do_update(index_elements=["source_sha256", "source"], set_=changed),
        rows,
    )


def _in_parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), ASKED_AT_ONCE):
        yield values[start : start + ASKED_AT_ONCE]
