"""Which films a model has seen: figures on films that it was trained on are too kind."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from inference.bundle import Bundle
from training.data.dataset import Case

DIGITS = 12
"""Of a film's SHA-256 in hex: enough to tell any films apart that one data set will hold."""

FILMS_KEY = "film_sha256"
COMPLETE_KEY = "film_sha256_is_complete"
"""Whether these are all films that the bundle and its starting weights have seen, and theirs, back to the first."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """What a data set and a model's training share.

    Attributes
    ----------
    seen : tuple of bool or None
        For each case whether the model, or the weights that it started from, were trained or calibrated on a film of
        its patient; None where the bundle does not say.
    same_as_training : bool
        The data set is the training side, film by film.
    is_complete : bool
        Whether the bundle names all films behind it; else those that are not called seen may have been.
    """

    seen: tuple[bool, ...] | None
    same_as_training: bool
    is_complete: bool = True

    @property
    def count(self) -> int | None:
        """Return how many films were seen; None where none is known to be, and some may have been."""
        count = sum(self.seen or ())
        return count if count or (self.seen is not None and self.is_complete) else None


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
        Its `metrics["training"]["film_sha256"]` names films of the training and validation sides, and those that its
        starting weights had seen, see `name_films`.
    cases : sequence of Case
        The data set.
    hashes : sequence of str
        SHA-256 of each file.
    dataset_sha256 : str
        Hash of the data set, from `hash_films`.
    """
    same = dataset_sha256 == bundle.training_data_sha256
    training = bundle.metrics.get("training", {})
    named = training.get(FILMS_KEY)
    if named is None:
        return Overlap((True,) * len(cases) if same else None, same, is_complete=False)
    seen = find_seen(cases, hashes, frozenset(named))
    return Overlap(tuple(seen.tolist()), same, bool(training.get(COMPLETE_KEY, True)))


def find_seen(cases: Sequence[Case], hashes: Sequence[str], known: Collection[str]) -> npt.NDArray[np.bool_]:
    """Return, bool (cases,), which films are among those of `name_films`, or of a patient who has a film among them."""
    pairs = list(zip(cases, hashes, strict=True))
    patients = {case.patient_id for case, sha256 in pairs if sha256[:DIGITS] in known}
    return np.asarray([case.patient_id in patients for case, _ in pairs], dtype=np.bool_)


def list_films_seen(metrics: Mapping[str, Any]) -> frozenset[str] | None:
    """Return what stands for each film that a bundle has seen, from its metrics; None where it does not name all."""
    training = metrics.get("training", {})
    named = training.get(FILMS_KEY)
    return frozenset(named) if named is not None and training.get(COMPLETE_KEY, True) else None
