"""Dealing patients to the sides of a split, stratified by class and source, so that no patient is on two sides."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

import numpy as np

from training.data.dataset import Case
from training.data.errors import DatasetManifestError, LabelConflictError, PatientOnTwoSidesError


class Side(StrEnum):
    """What a radiograph is used for."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


def unite_patients(cases: Sequence[Case], hashes: Sequence[str]) -> list[Case]:
    """Give patients that share a file, byte for byte, one patient id: no split may tear them apart.

    Parameters
    ----------
    cases : sequence of Case
        Radiographs.
    hashes : sequence of str
        SHA-256 of each file.

    Raises
    ------
    LabelConflictError
        The same file stands under two labels.
    """
    same: defaultdict[str, list[Case]] = defaultdict(list)
    for case, file_hash in zip(cases, hashes, strict=True):
        same[file_hash].append(case)
    torn = sum(len({case.reference_label for case in copies}) > 1 for copies in same.values())
    if torn:
        raise LabelConflictError(
            f"{torn} files stand under more than one label: keep one of each, or none; 'xray-cli prepare' makes a data "
            "set without them and names them in its dropped.csv, as label_conflict"
        )
    leaders = {case.patient_id: case.patient_id for case in cases}
    for first, *others in same.values():
        for other in others:
            leaders[_find_leader(leaders, other.patient_id)] = _find_leader(leaders, first.patient_id)
    return [replace(case, patient_id=_find_leader(leaders, case.patient_id)) for case in cases]


def _find_leader(leaders: Mapping[str, str], patient: str) -> str:
    while leaders[patient] != patient:
        patient = leaders[patient]
    return patient


def choose_sides(cases: Sequence[Case], shares: tuple[float, float, float], seed: int) -> list[Side]:
    """Put each case on a side: training, validation or test.

    Where the manifest has a column `split` on every row, it decides; else patients are dealt at random.

    Parameters
    ----------
    cases : sequence of Case
        At least one.
    shares : tuple of float
        Parts of the patients for training, validation and test; they need not sum to 1.
    seed : int
        Of the random numbers; the same seed gives the same split.

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
    return sides


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
        raise PatientOnTwoSidesError(
            f"{torn} patients are on more than one side of the split, or share a file with one: move each to one side"
        )


def _to_side(name: str) -> Side:
    try:
        return Side(name)
    except ValueError as error:
        accepted = ", ".join(Side)
        raise DatasetManifestError(f"column split holds {name!r}: accepted on every row are {accepted}") from error
