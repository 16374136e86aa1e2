"""Which films stay: each film once, none under two labels, patients whole, and not too many of one patient."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from training.preparation.offer import Offer

EXACT_DUPLICATE, SAME_PIXELS = "exact_duplicate", "same_pixels"
NEAR_DUPLICATE, MIRRORED_DUPLICATE = "near_duplicate", "mirrored_duplicate"
LABEL_CONFLICT, OVER_CAP = "label_conflict", "over_patient_cap"
ABSENT = "bytes_not_at_hand"

DUPLICATES = frozenset({EXACT_DUPLICATE, SAME_PIXELS, NEAR_DUPLICATE, MIRRORED_DUPLICATE})

Item = TypeVar("Item", bound=Hashable)


class Groups(Generic[Item]):
    """Disjoint sets: what was joined, directly or by way of others, is in one group."""

    def __init__(self) -> None:
        self._parents: dict[Item, Item] = {}

    def find(self, item: Item) -> Item:
        """Return what stands for the item's group."""
        root = item
        while (parent := self._parents.get(root, root)) != root:
            root = parent
        while item != root:
            self._parents[item], item = root, self._parents[item]
        return root

    def join(self, first: Item, second: Item) -> None:
        """Make one group of two."""
        self._parents[self.find(second)] = self.find(first)


@dataclass(frozen=True, slots=True)
class Film:
    """An offer whose pixels were read.

    Attributes
    ----------
    offer : Offer
        With its label.
    sha256, pixel_sha256 : str
        Hashes of the bytes and of the pixels, hex.
    rows, columns : int
        Size, pixels.
    """

    offer: Offer
    sha256: str
    pixel_sha256: str
    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class Link:
    """Two films, as positions, of which the pixels say that they are one."""

    film: int
    other: int
    mirrored: bool = False


@dataclass(frozen=True, slots=True)
class Selected:
    """The films that stay, and the offers that do not, each with `why` and `duplicate_of`."""

    kept: tuple[Film, ...]
    dropped: tuple[Offer, ...]


def select_films(films: Sequence[Film], links: Iterable[Link], max_per_patient: int | None) -> Selected:
    """Decide which films stay in the data set.

    Of one film with one label the copy stays that names its patient, then the larger one. A film under two labels goes
    with all its copies, since nobody knows which label is wrong. Patients who share a film are one patient. Of a
    patient with too many films those stay whose hashes come first, which is by chance, but always the same.

    Parameters
    ----------
    films : sequence of Film
        All films, whose order does not matter.
    links : iterable of Link
        Pairs that are one film, beyond those of equal bytes or pixels.
    max_per_patient : int or None
        Most films of one patient.
    """
    links = tuple(links)
    groups = _group_films(films, links)
    patients = _join_patients(films, groups)
    mirrored = _find_linked(links, mirrored=True) - _find_linked(links, mirrored=False)
    kept: list[Film] = []
    dropped: list[Offer] = []
    for places in groups:
        members = [films[place] for place in places]
        # a film to which a table of labels gives two comes without any
        if len({film.offer.label for film in members}) > 1 or not members[0].offer.label:
            dropped += [_refuse(film, members) for film in members]
            continue
        # a film of which only an earlier run had the bytes cannot come back
        best = min(members, key=_rank)
        kept += [_with_patient(best, patients)] if best.offer.path else []
        dropped += [] if best.offer.path else [replace(best.offer, why=best.offer.why or ABSENT)]
        copies = ((place, film) for place, film in zip(places, members, strict=True) if film is not best)
        dropped += [_drop_copy(film, best, mirrored=place in mirrored) for place, film in copies]
    kept, over = _cap(kept, max_per_patient)
    return Selected(tuple(sorted(kept, key=_key)), tuple(sorted(dropped + over, key=lambda offer: offer.key)))


def _find_linked(links: Iterable[Link], *, mirrored: bool) -> set[int]:
    return {place for link in links if link.mirrored is mirrored for place in (link.film, link.other)}


def _key(film: Film) -> tuple[str, str]:
    return film.offer.key


def _group_films(films: Sequence[Film], links: Iterable[Link]) -> list[list[int]]:
    groups: Groups[int] = Groups()
    for hashes in ([film.sha256 for film in films], [film.pixel_sha256 for film in films]):
        for places in _gather(hashes):
            for place in places[1:]:
                groups.join(places[0], place)
    for link in links:
        groups.join(link.film, link.other)
    return _gather([groups.find(place) for place in range(len(films))])


def _gather(signs: Sequence[Hashable]) -> list[list[int]]:
    """Return the places of equal signs."""
    gathered: dict[Hashable, list[int]] = defaultdict(list)
    for place, sign in enumerate(signs):
        gathered[sign].append(place)
    return list(gathered.values())


def _join_patients(films: Sequence[Film], groups: Iterable[Sequence[int]]) -> Mapping[str, str]:
    """Return the one id of each patient: the first of those whose films are the same."""
    same: Groups[str] = Groups()
    for places in groups:
        first, *others = sorted({films[place].offer.patient_id for place in places} - {""}) or [""]
        for other in others:
            low, high = sorted((same.find(first), same.find(other)))
            same.join(low, high)
    return {film.offer.patient_id: same.find(film.offer.patient_id) for film in films}


def _with_patient(film: Film, patients: Mapping[str, str]) -> Film:
    return replace(film, offer=replace(film.offer, patient_id=patients[film.offer.patient_id]))


def _rank(film: Film) -> tuple[object, ...]:
    """Order copies, best first."""
    return film.offer.path is None, not film.offer.patient_id, -film.rows * film.columns, film.offer.key


def _refuse(film: Film, members: Sequence[Film]) -> Offer:
    others = (other.offer for other in members if other.offer.label != film.offer.label)
    other = min(others, key=lambda offer: offer.key, default=None)
    place = f"{other.label or 'two labels'}: {other.source}/{other.origin}" if other else ""
    return replace(film.offer, why=LABEL_CONFLICT, duplicate_of=place)


def _drop_copy(film: Film, best: Film, *, mirrored: bool) -> Offer:
    if film.sha256 == best.sha256:
        why = EXACT_DUPLICATE
    elif film.pixel_sha256 == best.pixel_sha256:
        why = SAME_PIXELS
    else:
        why = MIRRORED_DUPLICATE if mirrored else NEAR_DUPLICATE
    return replace(film.offer, why=why, duplicate_of=f"{best.offer.source}/{best.offer.origin}")


def _cap(films: Iterable[Film], most: int | None) -> tuple[list[Film], list[Offer]]:
    by_patient: dict[str, list[Film]] = defaultdict(list)
    for film in films:
        by_patient[film.offer.patient_id].append(film)
    kept: list[Film] = []
    over: list[Offer] = []
    for patient, members in by_patient.items():
        limit = most if patient else None
        members.sort(key=lambda film: film.sha256)
        kept += members[:limit]
        over += [replace(film.offer, why=OVER_CAP) for film in members[len(members) if limit is None else limit :]]
    return kept, over
