"""The trainings that a run is made of: one, or one a fold and then the one whose model is shipped.

Films of patients whom the starting weights have seen may be learnt from and are not held out: a figure on them says how
well the weights remember. Only where too few other patients are left they are, and the run says so
(`training.evaluation.held_out`).
"""

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
Seen = npt.NDArray[np.bool_]


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
    left_out : tuple of str
        The sources without which it is trained; the test side holds all of their films, and those that the final
        training holds out.
    epochs : int or None
        At most; None: as the settings say.
    """

    name: str
    number: int
    train: Places
    validation: Places
    test: Places
    left_out: tuple[str, ...] = ()
    epochs: int | None = None

    @property
    def is_final(self) -> bool:
        """Say whether this is the training whose model is shipped."""
        return self.name == FINAL


def plan_stages(cases: Sequence[Case], settings: TrainingSettings, seen: Seen) -> list[Stage]:
    """Plan the trainings of a run, the final one last; no patient is on two sides of any of them.

    Parameters
    ----------
    cases : sequence of Case
        Radiographs that could be read, from `training.data.split.unite_patients`.
    settings : TrainingSettings
        Folds, shares and seed.
    seen : numpy.ndarray
        bool (cases,): those of patients whom the starting weights have seen, as far as is known.

    Raises
    ------
    DatasetError
        Too few patients, a patient on two sides, or a manifest whose column `split` contradicts the folds.
    """
    labels = find_labels(cases)
    stages = _plan_folds(cases, labels, settings, seen) if settings.folds else []
    final = _plan_final(cases, settings, len(stages) + len(settings.leave_out) + 1, seen)
    stages += _plan_left_out(cases, settings, final, len(stages) + 1)
    stages.append(final)
    for stage in stages:
        if stage.left_out:
            continue
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


def _plan_folds(cases: Sequence[Case], labels: Sequence[Label], settings: TrainingSettings, seen: Seen) -> list[Stage]:
    if any(case.side for case in cases):
        raise DatasetManifestError("the manifest's column split names sides: leave out the column, or --folds")
    unseen = np.flatnonzero(~seen)
    too_few = _find_too_few(_pick(cases, unseen), labels, settings.folds)
    asked = unseen if too_few is None else np.arange(len(cases))
    if too_few is not None and (found := _find_too_few(cases, labels, settings.folds)):
        raise DatasetTooSmallError(f"{found}: {settings.folds} folds need as many at least")
    folds = np.full(len(cases), -1)
    folds[asked] = deal_patients(_pick(cases, asked), [1.0] * settings.folds, settings.fit.seed)
    stages = []
    for fold in range(settings.folds):
        rest = np.flatnonzero(folds != fold)
        train, validation = _deal_validation(cases, rest, settings, fold + 1)
        stages.append(Stage(f"fold {fold + 1}", fold + 1, train, validation, np.flatnonzero(folds == fold)))
    return stages


def _plan_left_out(cases: Sequence[Case], settings: TrainingSettings, final: Stage, first: int) -> list[Stage]:
    """Plan a training without each group of sources. What the final training holds out, these hold out as well."""
    stages = []
    for number, sources in enumerate(settings.leave_out, first):
        gone = np.asarray([case.source in sources for case in cases], dtype=np.bool_)
        if not gone.any():
            raise DatasetManifestError(f"leave_out names {', '.join(sources)}: the data set has no film of it")
        held_out = gone.copy()
        held_out[final.test] = True
        train, validation = _deal_validation(cases, np.flatnonzero(~held_out), settings, number)
        name, epochs = f"without {' '.join(sources)}", settings.leave_out_epochs or None
        stages.append(Stage(name, number, train, validation, np.flatnonzero(held_out), tuple(sources), epochs))
    return stages


def _find_too_few(cases: Sequence[Case], labels: Sequence[Label], folds: int) -> str | None:
    """Say of which label there are fewer patients than folds."""
    for label in labels:
        patients = len({case.patient_id for case in cases if case.reference_label == label})
        if patients < folds:
            return f"{patients} patients of {label}"
    return None


def _plan_final(cases: Sequence[Case], settings: TrainingSettings, number: int, seen: Seen) -> Stage:
    if settings.folds:
        train, validation = _deal_validation(cases, np.arange(len(cases)), settings, number)
        return Stage(FINAL, number, train, validation, np.zeros(0, dtype=np.intp))
    rest = 1.0 - settings.test_share
    validation_share = rest * settings.validation_share
    shares = (rest - validation_share, validation_share, settings.test_share)
    labels = find_labels(cases)
    for keeps_apart in (True, False) if seen.any() else (False,):
        sides = _choose_sides(cases, shares, settings.fit.seed, seen if keeps_apart else np.zeros_like(seen))
        found = [np.flatnonzero(sides == side) for side in Side]
        if all(_holds_all(cases, places, labels) for places in found):
            break
    train, validation, test = found
    return Stage(FINAL, number, train, validation, test)


def _choose_sides(
    cases: Sequence[Case], shares: tuple[float, float, float], seed: int, seen: Seen
) -> npt.NDArray[np.str_]:
    """Put each case on a side, "" on none: of those that were seen all to the training, or where the manifest does."""
    sides = np.full(len(cases), str(Side.TRAIN), dtype="<U16")
    if any(case.side for case in cases):
        sides[:] = choose_sides(cases, shares, seed)
        sides[seen & (sides != Side.TRAIN)] = ""
    else:
        unseen = np.flatnonzero(~seen)
        sides[unseen] = choose_sides(_pick(cases, unseen), shares, seed) if len(unseen) else []
    return sides


def _pick(cases: Sequence[Case], places: npt.NDArray[np.signedinteger]) -> list[Case]:
    return [cases[int(place)] for place in places]


def _holds_all(cases: Sequence[Case], places: Places, labels: Sequence[Label]) -> bool:
    return {cases[place].reference_label for place in places} >= set(labels)


def _deal_validation(
    cases: Sequence[Case], places: Places, settings: TrainingSettings, number: int
) -> tuple[Places, Places]:
    shares = (1.0 - settings.validation_share, settings.validation_share)
    dealt = np.asarray(deal_patients([cases[place] for place in places], shares, settings.fit.seed + number))
    return places[dealt == 0], places[dealt == 1]
