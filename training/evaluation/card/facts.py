"""The facts that a model card rests on: the bundle, the metrics of its training run, and an evaluation of it.

The errors:

    CardError    the evaluation is of another model than the bundle, or the bundle lacks what a card needs
"""

import os
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Self

from pydantic import ConfigDict, Field

from inference.bundle import SHIPPED_BUNDLE, Bundle
from training.evaluation.held_out import HeldOut
from training.evaluation.measures import EvaluationError, EvaluationPart, LeftOutSource, Measures
from training.evaluation.result import Audit, Evaluation


@cache
def read_toml(name: str) -> dict[str, Any]:
    """Read one of the text files of this package."""
    return tomllib.loads(files("training.evaluation.card").joinpath(name).read_text(encoding="utf-8"))


def claim(name: str) -> str:
    """Return a sentence of `claims.toml` by part and name, as in `limits.entangled`."""
    part, _, key = name.partition(".")
    return str(read_toml("claims.toml")[part][key])


class CardError(ValueError):
    """The evaluation is of another model than the bundle, or the bundle lacks what a card needs."""

    exit_code = os.EX_DATAERR


class FilmCounts(EvaluationPart):
    """How many films of each `label/source` a model was trained on, and stopped by."""

    train: dict[str, int] = Field(default_factory=dict)
    validation: dict[str, int] = Field(default_factory=dict)


class Training(EvaluationPart):
    """What a training run says of itself; the settings, whichever they are, are kept beside.

    Attributes
    ----------
    held_out_films_seen_by_weights : int or None
        Films on which figures were measured, of patients whom the starting weights had seen; None where that is not
        known.
    held_out_films_without_patient, films_without_patient : int or None
        Of those, and of the films that made the model: how many are of a patient who is not known.
    starts_from : str
        `imagenet-file`, `random`, or what the starting weights are in words.
    ages : dict
        Films that made the model by class and age group.
    films_with_unknown : dict
        How many films of the classes have no known age group, sex, view.
    calibration_fitted : bool
        Whether temperature and operating points were fitted on films.
    calibration_patients : dict
        How many patients there were of each class to fit them on.
    operating_points_chosen : tuple of str or None
        Outputs whose operating point was chosen on films; None where the bundle does not say, as it always was.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    films: FilmCounts = FilmCounts()
    measured_on: str = ""
    calibrated_on: str = ""
    left_out: int | None = None
    held_out_films_seen_by_weights: int | None = None
    held_out_films_without_patient: int | None = None
    films_without_patient: int | None = None
    starts_from: str = ""
    ages: dict[str, dict[str, int]] = Field(default_factory=dict)
    films_with_unknown: dict[str, int] = Field(default_factory=dict)
    folds: int = 0
    calibration_fitted: bool = True
    calibration_patients: dict[str, int] = Field(default_factory=dict)
    operating_points_chosen: tuple[str, ...] | None = None


class MeanAndDeviation(EvaluationPart):
    """Over the folds; None where they cannot be had."""

    mean: float | None
    sd: float | None


class CrossValidation(EvaluationPart):
    """The figures of each fold by name, and over all folds."""

    per_fold: tuple[dict[str, float | None], ...]
    mean_sd: dict[str, MeanAndDeviation]


class PictureShare(EvaluationPart):
    """A share or a score of so many pictures."""

    value: float
    n: int


class FinderFigures(EvaluationPart):
    """How well the lung finder finds lungs, and which share of each kind of picture it refuses."""

    dice: PictureShare | None = None
    refused_frontal: dict[str, PictureShare] = Field(default_factory=dict)
    refused: dict[str, PictureShare] = Field(default_factory=dict)


class BundleMetrics(Measures):
    """What stands under `metrics` in a bundle."""

    training: Training = Training()
    cross_validation: CrossValidation | None = None
    left_out_sources: tuple[LeftOutSource, ...] = ()
    lung_finder: FinderFigures | None = None
    audit: Audit | None = None


def is_shipped(bundle: Bundle) -> bool:
    """Say whether a bundle is the one that ships."""
    return bundle.model_version == SHIPPED_BUNDLE.name


@dataclass(frozen=True, slots=True)
class CardFacts:
    """All that a sentence of the card may depend on."""

    bundle: Bundle
    metrics: BundleMetrics
    evaluation: Evaluation | None

    @classmethod
    def gather(cls, bundle: Bundle, evaluation: Evaluation | None) -> Self:
        """Gather the facts.

        Raises
        ------
        CardError
            The evaluation is of another model, or the bundle lacks what a card needs.
        """
        if evaluation and evaluation.model_sha256 != bundle.model_sha256:
            other, this = str(evaluation.model_sha256)[:16], bundle.model_sha256[:16]
            raise CardError(f"the evaluation is of model {other}, the bundle is {this}: evaluate this bundle")
        try:
            metrics = BundleMetrics.from_json(bundle.metrics)
        except EvaluationError as error:
            raise CardError(f"the bundle lacks figures that a card needs: {error}") from error
        return cls(bundle, metrics, evaluation)

    @property
    def training(self) -> Training:
        """What the training run says of itself."""
        return self.metrics.training

    @property
    def is_shipped(self) -> bool:
        """Whether this is the model that ships: only of it this program knows why and how it was made."""
        return is_shipped(self.bundle)

    @property
    def held_out(self) -> HeldOut:
        """The films that the figures of the training run are over."""
        training = self.training
        seen, nameless = training.held_out_films_seen_by_weights, training.held_out_films_without_patient
        return HeldOut(self.metrics.n, seen, nameless, training.folds)

    @property
    def audit(self) -> Audit | None:
        """The shortcut audit: that of the evaluation, else that of the training run, where one was run."""
        return (self.evaluation and self.evaluation.audit) or self.metrics.audit

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the training run by name."""
        return {**(self.training.model_extra or {}), "folds": self.training.folds}
