"""Which films the rows of a results file speak of, and whether that can be trusted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from store.references.columns import Columns
from store.references.references import FilmKey, KnownFilm, ReferenceLabel, find_films
from store.references.rows import Refusal, ResultRow


@dataclass(frozen=True, slots=True)
class Claim:
    """What the file says of one film, and on which line first."""

    line: int
    label: ReferenceLabel


def match_films(
    connection: Connection, rows: Sequence[ResultRow], columns: Columns
) -> tuple[dict[str, Claim], list[Refusal]]:
    """Find each row's films: claims by the film's SHA-256, and the rows that cannot be trusted.

    Where two rows call a film differently, both are refused.
    """
    films = find_films(connection, columns.key_kind, (row.key for row in rows))
    claims: dict[str, Claim] = {}
    refusals: list[Refusal] = []
    contradicted: set[str] = set()
    for row in rows:
        named = films.get(row.key, set())
        reason = _find_doubt(named, columns.key_kind)
        if reason:
            refusals.append(Refusal(row.line, reason))
            continue
        for claim in _claim(named, row, columns):
            first = claims.setdefault(claim.label.source_sha256, claim)
            if first.label.reference != row.reference:
                refusals.append(Refusal(row.line, f"line {first.line} has another label for the same film"))
                contradicted.add(claim.label.source_sha256)
    firsts = (claims.pop(film).line for film in contradicted)
    return claims, [*refusals, *(Refusal(line, "a later line has another label for the same film") for line in firsts)]


def _claim(named: Iterable[KnownFilm], row: ResultRow, columns: Columns) -> list[Claim]:
    films = sorted({film.source_sha256 for film in named})
    return [Claim(row.line, ReferenceLabel(film, columns.source, row.reference, row.obtained_at)) for film in films]


def _find_doubt(films: set[KnownFilm], key: FilmKey) -> str | None:
    """Say why a key does not tell which films are meant, or return None where it does."""
    if not films:
        return "no film with this key was screened here"
    if len({film.patient_id for film in films if film.patient_id is not None}) > 1:
        return "films of different patients have this key"
    if key is FilmKey.SOP_INSTANCE_UID and len({film.source_sha256 for film in films}) > 1:
        return "different films have this UID: name them by source_sha256"
    return None
