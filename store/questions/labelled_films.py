"""Films that RT-PCR or a reader spoke of, with what the ledger knows of them: what a model can be evaluated on."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from store.questions.selection import JOINED, Selection
from store.references.words import Reference, ReferenceSource
from store.tables import arrivals, reference_labels, screenings


@dataclass(frozen=True, slots=True)
class LabelledFilm:
    """A film with its labels.

    Attributes
    ----------
    moved_to : tuple of Path
        Where the service put its copies; one at least should be there still.
    left_at : tuple of Path
        Where copies were found that the service left in their place; something else may lie there by now.
    patient_id : str or None
        As the ledger holds it, plain or hashed.
    inbox : Path
        Through which it came.
    """

    source_sha256: str
    references: Mapping[ReferenceSource, Reference]
    moved_to: tuple[Path, ...]
    left_at: tuple[Path, ...]
    patient_id: str | None
    inbox: Path
    station_name: str | None
    view_position: str | None
    patient_age_years: float | None
    patient_sex: str | None


def list_labelled_films(connection: Connection, selection: Selection) -> list[LabelledFilm]:
    """Return the films of a selection that have a label, each once, in the order of their first arrival."""
    a, s, r = arrivals.c, screenings.c, reference_labels.c
    about = (s.patient_id, a.inbox, s.station_name, s.view_position, s.patient_age_years, s.patient_sex)
    statement = (
        select(a.path, a.stored_path, s.source_sha256, r.source, r.reference, *about)
        .select_from(JOINED.join(reference_labels, r.source_sha256 == s.source_sha256))
        .where(selection.where_finished())
        .order_by(a.id)
    )
    films: dict[str, LabelledFilm] = {}
    for path, stored_path, source_sha256, source, reference, *facts in connection.execute(statement):
        known = films.get(source_sha256)
        paths = (known.moved_to, known.left_at) if known else ((), ())
        moved, left = ((stored_path,), ()) if stored_path is not None else ((), (path,))
        films[source_sha256] = LabelledFilm(
            source_sha256,
            {**(known.references if known else {}), ReferenceSource(source): Reference(reference)},
            tuple(dict.fromkeys((*paths[0], *moved))),
            tuple(dict.fromkeys((*paths[1], *left))),
            *facts,
        )
    return list(films.values())
