"""Class folders as an input."""

from collections.abc import Iterator

from training.data.folders import ClassFolders, FolderFilm
from training.preparation.offer import Offer


def list_folders(found: ClassFolders, source: str = "") -> Iterator[Offer]:
    """Yield what each picture in class folders offers, in the order of their paths; the gate will look at each.

    Parameters
    ----------
    found : ClassFolders
        The data set.
    source : str
        Name of the data set; "" takes the layout's, else the folder's.
    """
    for film in found.films:
        yield _to_offer(found, film, source)


def _to_offer(found: ClassFolders, film: FolderFilm, source: str) -> Offer:
    facts = found.find_facts(film)
    return Offer(
        source=source or facts.source or found.name,
        origin=film.origin,
        label=film.label,
        patient_id=film.patient_id,
        view=facts.view,
        site=facts.site,
        licence=facts.licence,
        age_group=facts.age_group,
        path=film.path,
        needs_gate=True,
    )
