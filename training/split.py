"""Dealing patients to the sides of a split, stratified by class and source, so that no patient is on two sides."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from training.dataset import Case, DatasetManifestError, PatientOnTwoSidesError


class Side(StrEnum):
    """What a radiograph is used for."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Split:
    """The cases of each side; a patient's cases are all on one."""

    train: tuple[Case, ...]
    validation: tuple[Case, ...]
    test: tuple[Case, ...]


def split_by_patient(cases: Sequence[Case], shares: tuple[float, float, float], seed: int) -> Split:
    """Split cases into training, validation and test.

    Where the manifest has a column `split` on every row, it decides; else patients are dealt at random.

    Parameters
    ----------
    cases : sequence of Case
        At least one.
    shares : tuple of float
        Parts of the patients for training, validation and test; they need not sum to 1.
    seed : int
        Of the random numbers; the same seed gives the same split.

    Returns
    -------
    Split

    Raises
    ------
    PatientOnTwoSidesError
        The manifest puts a patient on two sides.
    DatasetManifestError
        The manifest names a side for some rows only, or another side.
    """
    given = [case.side for case in cases]
    if any(given):
        sides = [_to_side(name) for name in given]
    else:
        sides = [tuple(Side)[place] for place in deal_patients(cases, shares, seed)]
    check_patients_apart(cases, sides)
    parts = {side: tuple(case for case, at in zip(cases, sides, strict=True) if at is side) for side in Side}
    return Split(parts[Side.TRAIN], parts[Side.VALIDATION], parts[Side.TEST])


def deal_patients(cases: Sequence[Case], shares: Sequence[float], seed: int) -> list[int]:
    """Deal whole patients to places in the proportion of `shares`; equal shares give cross-validation folds.

    Within each stratum (class and source of a patient's first radiograph) the patients are shuffled and each goes to
    the place that lacks the largest part of its share of radiographs. Patients with many radiographs go first, since
    what is left can still even them out.

    Returns
    -------
    list of int
        For each case the index of its place in `shares`.
    """
    generator = np.random.default_rng(seed)
    patients: defaultdict[str, int] = defaultdict(int)
    strata: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for case in cases:
        if case.patient_id not in patients:
            strata[case.reference_label, case.source].append(case.patient_id)
        patients[case.patient_id] += 1
    places: dict[str, int] = {}
    for stratum in sorted(strata):
        members = [str(patient) for patient in generator.permutation(strata[stratum])]
        members.sort(key=lambda patient: -patients[patient])
        places |= _deal(members, patients, np.asarray(shares, dtype=np.float64))
    return [places[case.patient_id] for case in cases]


def _deal(members: Sequence[str], sizes: dict[str, int], shares: np.ndarray) -> dict[str, int]:
    wanted = shares / shares.sum() * sum(sizes[patient] for patient in members)
    filled = np.zeros_like(wanted)
    places: dict[str, int] = {}
    for patient in members:
        place = int(np.argmax((wanted - filled) / np.maximum(wanted, 1e-9)))
        filled[place] += sizes[patient]
        places[patient] = place
    return places


def check_patients_apart(cases: Sequence[Case], sides: Sequence[Side]) -> None:
    """Refuse a split with a patient on two sides.

    Raises
    ------
    PatientOnTwoSidesError
        With the number of such patients; their ids are not named.
    """
    seen = {(case.patient_id, side) for case, side in zip(cases, sides, strict=True)}
    torn = sum(count > 1 for count in Counter(patient for patient, _ in seen).values())
    if torn:
        raise PatientOnTwoSidesError(f"{torn} patients are on more than one side of the split: move each to one side")


def _to_side(name: str) -> Side:
    try:
        return Side(name)
    except ValueError as error:
        accepted = ", ".join(Side)
        raise DatasetManifestError(f"column split holds {name!r}: accepted on every row are {accepted}") from error
