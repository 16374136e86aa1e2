"""What is measured of films that were judged, typed: the part of an evaluation that stands in a bundle too.

The order of the fields is their order in the JSON. A part that was never set is left out there: a group has fewer
parts than the whole, and so has what earlier versions wrote. Labels are names in mappings: which there are, and in
which order, the model's bundle says.

The errors:

    EvaluationError    a file or a bundle's metrics are no evaluation, or one that lacks what every evaluation has
"""

import os
from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_serializer, model_validator
from pydantic_core.core_schema import SerializerFunctionWrapHandler

from documents.figures import Estimate

ABSENT = Estimate()
ANSWERED = "answered_"


class EvaluationError(ValueError):
    """A file or a bundle's metrics are no evaluation, or one that lacks what every evaluation has."""

    exit_code = os.EX_DATAERR


class EvaluationPart(BaseModel):
    """A part of an evaluation."""

    model_config = ConfigDict(frozen=True)

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """Read a part from what JSON holds; what this version does not know is passed over.

        Raises
        ------
        EvaluationError
            Something that every evaluation has is missing, or is of another type.
        """
        try:
            return cls.model_validate(dict(found))
        except ValidationError as error:
            places = {".".join(map(str, each["loc"])): each["msg"] for each in error.errors()}
            raise EvaluationError("; ".join(f"{place}: {message}" for place, message in places.items())) from error

    def to_json(self) -> dict[str, Any]:
        """Return what JSON holds."""
        return self.model_dump(mode="json", exclude_unset=True)


class PredictiveValues(EvaluationPart):
    """What an answer is worth where a class has a stated prevalence."""

    prevalence: float
    ppv: Estimate
    npv: Estimate


class ClassScores(EvaluationPart):
    """One class against the rest.

    Attributes
    ----------
    support : int
        Films of the class.
    n_patients, n_patients_of_others : int
        Patients that its sensitivity is over, and its specificity.
    """

    sensitivity: Estimate = ABSENT
    specificity: Estimate = ABSENT
    ppv: Estimate = ABSENT
    npv: Estimate = ABSENT
    auroc: Estimate = ABSENT
    auprc: Estimate = ABSENT
    support: int = 0
    n_patients: int = 0
    n_patients_of_others: int = 0
    at_prevalence: tuple[PredictiveValues, ...] = ()


class Scores(EvaluationPart):
    """Figures over the most probable class of each film, whatever the outcome.

    Attributes
    ----------
    per_class : dict
        From label to scores, in the order of the confusion matrix.
    confusion_matrix : tuple of tuple of int
        True label by most probable label.
    """

    n: int
    n_patients: int = 0
    accuracy: Estimate = ABSENT
    balanced_accuracy: Estimate = ABSENT
    ece: Estimate = ABSENT
    brier: Estimate = ABSENT
    auroc_covid19_vs_normal: Estimate = ABSENT
    per_class: dict[str, ClassScores]
    confusion_matrix: tuple[tuple[int, ...], ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels in the order of the confusion matrix."""
        return tuple(self.per_class)


class GroupScores(Scores):
    """The scores of a group of films, how many more of it are refused, and which share gets an answer."""

    refused: int = 0
    coverage: Estimate = ABSENT


class Answered(EvaluationPart):
    """Shares of the films with the operating points applied; `accuracy` is over those that got an answer."""

    coverage: Estimate = ABSENT
    accuracy: Estimate = ABSENT
    lost_to_other_finding: Estimate = ABSENT
    below_operating_point: Estimate = ABSENT
    outside_training_population: Estimate = ABSENT


class CoveragePoint(EvaluationPart):
    """Which share of the films reaches a probability, and which share of these is right."""

    threshold: float
    coverage: Estimate
    accuracy: Estimate


class DiagramBin(EvaluationPart):
    """The films whose top probability lies between `low` and `high`."""

    low: float
    high: float
    n: int
    mean_probability: float | None
    accuracy: Estimate


class ReliabilityDiagram(EvaluationPart):
    """Stated probability against the share that is right."""

    bins: tuple[DiagramBin, ...] = ()


class OtherFindings(EvaluationPart):
    """What films of none of the classes are answered; in JSON each label's share is `answered_` and its name."""

    n: int = 0
    n_refused: int = 0
    answered: dict[str, Estimate] = Field(default_factory=dict)
    indeterminate: Estimate = ABSENT
    reason_other_finding: Estimate = ABSENT

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, found: dict[str, Any]) -> dict[str, Any]:
        shares = {name.removeprefix(ANSWERED): each for name, each in found.items() if name.startswith(ANSWERED)}
        return {"answered": shares, **found} if shares else found

    @model_serializer(mode="wrap")
    def _spread(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        found: dict[str, Any] = write(self)
        shares = {f"{ANSWERED}{label}": share for label, share in found.pop("answered", {}).items()}
        counts = {name: found.pop(name) for name in ("n", "n_refused") if name in found}
        return counts | shares | found


class Measures(Scores):
    """All that can be said of answers alone: what `evaluate` measures, and what stands in a bundle."""

    answered: Answered = Answered()
    coverage_curve: tuple[CoveragePoint, ...] = ()
    reliability: ReliabilityDiagram = ReliabilityDiagram()
    other_finding: OtherFindings = OtherFindings()
    by_group: dict[str, dict[str, GroupScores]] = Field(default_factory=dict)


class LeftOutSource(EvaluationPart):
    """What a training without some sources showed on these, see `training.run.left_out`."""

    sources: tuple[str, ...]
    n: int
    n_patients: int = 0
    auroc_covid19_vs_normal: Estimate = ABSENT
    auroc_against: str = ""
    per_class: dict[str, ClassScores] = Field(default_factory=dict)
    answered: Answered = Answered()
    other_finding: OtherFindings = OtherFindings()
    not_learnt: tuple[str, ...] = ()
    films_to_learn_from: int = 0
    epochs: int = 0
