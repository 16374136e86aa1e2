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

from inference.bundle import Bundle
from training.evaluation.measures import EvaluationError, EvaluationPart, Measures
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
        Films on which figures were measured and that the starting weights had seen; None where that is not known.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    films: FilmCounts = FilmCounts()
    measured_on: str = ""
    calibrated_on: str = ""
    left_out: int | None = None
    held_out_films_seen_by_weights: int | None = 0


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
    lung_finder: FinderFigures | None = None


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
    def audit(self) -> Audit | None:
        """The shortcut audit, where one was run."""
        return self.evaluation.audit if self.evaluation else None

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the training run by name."""
        return dict(self.metrics.training.model_extra or {})
