"""Which films a model has seen: figures on films that it was trained on are too kind."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inference.bundle import Bundle
from training.data.dataset import Case

DIGITS = 12
"""Of a film's SHA-256 in hex: enough to tell any films apart that one data set will hold."""

FILMS_KEY = "film_sha256"


@dataclass(frozen=True, slots=True)
class Overlap:
    """What a data set and a model's training share.

    Attributes
    ----------
    seen : tuple of bool or None
        For each case whether the model was trained or calibrated on a film of its patient; None where the bundle does
        not say.
    same_as_training : bool
        The data set is the training side, film by film.
    """

    seen: tuple[bool, ...] | None
    same_as_training: bool


def name_films(hashes: Iterable[str]) -> list[str]:
    """Return what a bundle keeps of its training films: the first 12 digits of each SHA-256, sorted."""
    return sorted({sha256[:DIGITS] for sha256 in hashes})


def hash_films(cases: Sequence[Case], hashes: Sequence[str]) -> str:
    """Return one SHA-256, in hex, over the sorted hashes and reference labels: the same films give the same hash."""
    lines = sorted(f"{sha256} {case.reference_label}\n" for case, sha256 in zip(cases, hashes, strict=True))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def find_overlap(bundle: Bundle, cases: Sequence[Case], hashes: Sequence[str], dataset_sha256: str) -> Overlap:
    """Find the films that a model has seen, and their patients' other films.

    Parameters
    ----------
    bundle : Bundle
        Its `metrics["training"]["film_sha256"]` names films of the training and validation sides, see `name_films`.
    cases : sequence of Case
        The data set.
    hashes : sequence of str
        SHA-256 of each file.
    dataset_sha256 : str
        Hash of the data set, from `hash_films`.
    """
    same = dataset_sha256 == bundle.training_data_sha256
    named = bundle.metrics.get("training", {}).get(FILMS_KEY)
    if named is None:
        return Overlap((True,) * len(cases) if same else None, same)
    known = frozenset(named)
    pairs = list(zip(cases, hashes, strict=True))
    patients = {case.patient_id for case, sha256 in pairs if sha256[:DIGITS] in known}
    seen = tuple(case.patient_id in patients or sha256[:DIGITS] in known for case, sha256 in pairs)
    return Overlap(seen, same)
