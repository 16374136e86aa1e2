"""What the trainings without a source say: how the recipe does at a hospital that it has not met.

Temperature and operating points of the shipped model are chosen here, on films of sources that the answering model had
never seen: what a label is worth among held-out patients of known hospitals says little about the next one. There too
95 % of the labels have to be right, so that operating points may be raised for them. A class
that stands in one source alone could not be learnt without it; its threshold comes from patients held out of all.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from inference.labels import OTHER_FINDING, Label
from inference.prediction import calibrate, to_prediction
from training.data.dataset import Case
from training.evaluation.evaluation import evaluate
from training.evaluation.judged_films import JudgedFilm
from training.fit.calibration import FEWEST_PATIENTS, Calibration, hold_at_known_hospitals
from training.run.cross_validation import OutOfFold
from training.run.data import TrainingData
from training.run.trained import Trained

OF_HELD_OUT_PATIENTS = 0
"""Number of the fold, in place of a training's, of the films that lend a class its threshold."""


@dataclass(frozen=True, slots=True)
class KnownFilms:
    """Films of known hospitals whose patients the model that ships has not seen, and its logits of them."""

    logits: npt.NDArray[np.float32]
    cases: Sequence[Case]

    def leave_out(self, sources: Collection[str]) -> "KnownFilms":
        """Return those of all other sources."""
        kept = [place for place, case in enumerate(self.cases) if case.source not in sources]
        return KnownFilms(self.logits[kept], [self.cases[place] for place in kept])


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The trainings without a source, and the data that they were parts of."""

    trained: Sequence[Trained]
    data: TrainingData

    def pool(self) -> OutOfFold:
        """Return the films of the left-out sources with the logits of the models that had never seen these."""
        parts = [self._list_left_out(each) for each in self.trained]
        folds = [np.full(len(part), each.stage.number) for part, each in zip(parts, self.trained, strict=True)]
        logits = [each.logits[part] for part, each in zip(parts, self.trained, strict=True)]
        places = [each.stage.test[part] for part, each in zip(parts, self.trained, strict=True)]
        lent = self._lend(np.concatenate(places))
        first = self.trained[0]
        return OutOfFold(
            cases=[self.data.cases[int(at)] for at in np.concatenate([*places, first.stage.test[lent]])],
            folds=np.concatenate([*folds, np.full(len(lent), OF_HELD_OUT_PATIENTS)]),
            logits=np.concatenate([*logits, first.logits[lent]]),
            outputs=self.data.outputs,
            seen=np.zeros(sum(map(len, parts)) + len(lent), dtype=np.bool_),
        )

    def _list_left_out(self, trained: Trained) -> np.ndarray:
        """Return which of a training's test films are of its left-out sources, and of a class that it could learn."""
        learnt = {self.data.cases[int(at)].reference_label for at in trained.stage.train}
        tested = [self.data.cases[int(at)] for at in trained.stage.test]
        return np.flatnonzero(
            [case.source in trained.stage.left_out and case.reference_label in learnt for case in tested]
        )

    def _lend(self, places: np.ndarray) -> np.ndarray:
        """Return which films that the first training held out, of known sources, are of a class that is missing."""
        patients: dict[str, set[str]] = {str(label): set() for label in self.data.labels}
        for at in places:
            case = self.data.cases[int(at)]
            if case.reference_label != OTHER_FINDING:
                patients[case.reference_label].add(case.patient_id)
        missing = {label for label, known in patients.items() if len(known) < FEWEST_PATIENTS}
        stage = self.trained[0].stage
        tested = [self.data.cases[int(at)] for at in stage.test]
        return np.flatnonzero(
            [case.source not in stage.left_out and case.reference_label in missing for case in tested]
        ).astype(np.intp)

    def calibrate(self, known: KnownFilms) -> Calibration:
        """Choose temperature and operating points on all left-out sources and on films of known hospitals."""
        return hold_at_known_hospitals(self.pool().calibrate_all(), known.logits, known.cases, self.data.outputs)

    def measure(self, known: KnownFilms, *, seed: int) -> list[dict[str, Any]]:
        """Measure each training on its left-out sources, with the thresholds that all other films give."""
        calibrations = self.pool().calibrate_across()
        found = []
        for each in self.trained:
            others = known.leave_out(each.stage.left_out)
            across = calibrations[each.stage.number]
            held = hold_at_known_hospitals(across, others.logits, others.cases, self.data.outputs)
            found.append(self._measure_one(each, held, seed))
        return found

    def _measure_one(self, trained: Trained, calibration: Calibration, seed: int) -> dict[str, Any]:
        stage, labels = trained.stage, self.data.labels
        learnt = {self.data.cases[int(at)].reference_label for at in stage.train}
        judged = [self._judge(trained, at, calibration) for at in range(len(stage.test))]
        of_sources = [film for film in judged if film.case.source in stage.left_out]
        asked = [film for film in of_sources if film.case.reference_label in learnt]
        measures = evaluate(asked, labels, seed=seed)
        found = measures.to_json()
        auroc, against = measures.auroc_covid19_vs_normal, "its own films"
        if not _holds_both(of_sources):
            others = [film for film in judged if film.case.source not in stage.left_out]
            auroc = evaluate(_complete(of_sources, others), labels, seed=seed).auroc_covid19_vs_normal
            against = "held-out patients of the others"
        return {
            "sources": list(stage.left_out),
            "n": measures.n,
            "n_patients": measures.n_patients,
            "auroc_covid19_vs_normal": asdict(auroc),
            "auroc_against": against,
            "per_class": {
                label: {"support": each.support, "sensitivity": asdict(each.sensitivity)}
                for label, each in measures.per_class.items()
                if each.support
            },
            "answered": found.get("answered", {}),
            "other_finding": found.get("other_finding", {}),
            "not_learnt": sorted({film.case.reference_label for film in of_sources} - learnt),
            "films_to_learn_from": len(stage.train),
            "epochs": trained.history[-1].epoch,
        }

    def _judge(self, trained: Trained, at: int, calibration: Calibration) -> JudgedFilm:
        probabilities = calibrate(trained.logits[at][np.newaxis], calibration.temperature)
        no_maps = np.zeros((1, 1, probabilities.shape[1]), dtype=np.float32)
        case = self.data.cases[int(trained.stage.test[at])]
        return JudgedFilm(case, to_prediction(probabilities[0], no_maps, calibration.operating_points))


def _holds_both(films: Sequence[JudgedFilm]) -> bool:
    """Say whether there are so many films of both classes that a figure within the sources says something."""
    return min(len(_pick(films, label)) for label in (Label.COVID19, Label.NORMAL)) >= FEWEST_PATIENTS


def _pick(films: Sequence[JudgedFilm], label: str) -> list[JudgedFilm]:
    return [film for film in films if film.case.reference_label == label]


def _complete(own: Sequence[JudgedFilm], others: Sequence[JudgedFilm]) -> list[JudgedFilm]:
    """Put the other sources' films of one class beside the own ones of the other, whichever there are more of."""
    counts: Mapping[str, int] = {label: len(_pick(own, label)) for label in (Label.COVID19, Label.NORMAL)}
    mine, theirs = sorted(counts, key=lambda label: -counts[label])
    return [*_pick(own, mine), *_pick(others, theirs)]


def list_left_out(trained: Sequence[Trained]) -> list[Trained]:
    """Return the trainings that were made without a source."""
    return [each for each in trained if each.stage.left_out]
