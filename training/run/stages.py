"""The trainings that a run is made of: one, or one a fold and then the one whose model is shipped."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inference.labels import Label, order_labels
from training.data.dataset import Case
from training.data.errors import DatasetManifestError, DatasetTooSmallError
from training.data.split import Side, choose_sides, deal_patients
from training.fit.settings import TrainingSettings

FINAL = "final"

Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Stage:
    """One training: the places of its films among all cases.

    Attributes
    ----------
    name : str
        `fold 1`, `fold 2` ..., `final`.
    number : int
        From 1; other stages draw other random numbers.
    train, validation, test : numpy.ndarray
        int: to learn from, to choose the epoch with, to measure on; the last is empty where folds measured before.
    """

    name: str
    number: int
    train: Places
    validation: Places
    test: Places

    @property
    def is_final(self) -> bool:
        """Say whether this is the training whose model is shipped."""
        return self.name == FINAL


def plan_stages(cases: Sequence[Case], settings: TrainingSettings) -> list[Stage]:
    """Plan the trainings of a run, the final one last; no patient is on two sides of any of them.

    Parameters
    ----------
    cases : sequence of Case
        Radiographs that could be read, from `training.data.split.unite_patients`.
    settings : TrainingSettings
        Folds, shares and seed.

    Raises
    ------
    DatasetError
        Too few patients, a patient on two sides, or a manifest whose column `split` contradicts the folds.
    """
    labels = find_labels(cases)
    stages = _plan_folds(cases, labels, settings) if settings.folds else []
    stages.append(_plan_final(cases, settings, len(stages) + 1))
    for stage in stages:
        for side, places in (("training", stage.train), ("validation", stage.validation)):
            check_labels([cases[place] for place in places], labels, f"on the {side} side of {stage.name}")
    if not settings.folds:
        check_labels([cases[place] for place in stages[-1].test], labels, "on the test side")
    return stages


def find_labels(cases: Sequence[Case]) -> tuple[Label, ...]:
    """Return the labels that a data set holds, in their order; other findings are none."""
    return order_labels({case.reference_label for case in cases})


def check_labels(cases: Sequence[Case], labels: Sequence[Label], where: str) -> None:
    """Refuse a side without a film of each label.

    Raises
    ------
    DatasetTooSmallError
        Which labels are missing there.
    """
    missing = [label for label in labels if all(case.reference_label != label for case in cases)]
    if missing:
        raise DatasetTooSmallError(
            f"no readable film of {', '.join(missing)} {where}: each label needs three patients or more"
        )


def _plan_folds(cases: Sequence[Case], labels: Sequence[Label], settings: TrainingSettings) -> list[Stage]:
    if any(case.side for case in cases):
        raise DatasetManifestError("the manifest's column split names sides: leave out the column, or --folds")
    for label in labels:
        patients = len({case.patient_id for case in cases if case.reference_label == label})
        if patients < settings.folds:
            raise DatasetTooSmallError(f"{patients} patients of {label}: {settings.folds} folds need as many at least")
    folds = np.asarray(deal_patients(cases, [1.0] * settings.folds, settings.fit.seed))
    stages = []
    for fold in range(settings.folds):
        rest = np.flatnonzero(folds != fold)
        train, validation = _deal_validation(cases, rest, settings, fold + 1)
        stages.append(Stage(f"fold {fold + 1}", fold + 1, train, validation, np.flatnonzero(folds == fold)))
    return stages


def _plan_final(cases: Sequence[Case], settings: TrainingSettings, number: int) -> Stage:
    if settings.folds:
        train, validation = _deal_validation(cases, np.arange(len(cases)), settings, number)
        return Stage(FINAL, number, train, validation, np.zeros(0, dtype=np.intp))
    rest = 1.0 - settings.test_share
    validation_share = rest * settings.validation_share
    shares = (rest - validation_share, validation_share, settings.test_share)
    sides = np.asarray(choose_sides(cases, shares, settings.fit.seed))
    return Stage(FINAL, number, *(np.flatnonzero(sides == side) for side in Side))


def _deal_validation(
    cases: Sequence[Case], places: Places, settings: TrainingSettings, number: int
) -> tuple[Places, Places]:
    shares = (1.0 - settings.validation_share, settings.validation_share)
    dealt = np.asarray(deal_patients([cases[place] for place in places], shares, settings.fit.seed + number))
    return places[dealt == 0], places[dealt == 1]
