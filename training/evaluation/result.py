"""What an evaluation found, typed: one object for the page, the terminal, the model card and the JSON.

The order of the fields is their order in the JSON. A part that was never set is left out there: a group has fewer
parts than the whole, and so have the metrics within a bundle and what earlier versions wrote. Labels are names in
mappings: which there are, and in which order, the model's bundle says.

The errors:

    EvaluationError    a file or a bundle's metrics are no evaluation, or one that lacks what every evaluation has
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_serializer, model_validator
from pydantic_core.core_schema import SerializerFunctionWrapHandler

from documents.figures import Estimate
from inference.labels import NOTICE

SCHEMA = 1
ABSENT = Estimate()
ANSWERED = "answered_"

WORKS_WITHOUT_LUNGS, NOT_RULED_OUT, NEAR_CHANCE = "works_without_lungs", "not_ruled_out", "near_chance"
"""Verdicts of the shortcut audit."""

SAME_GROUP, HELD_OUT_PATIENTS = "same_group", "held_out_patients"
"""What films of COVID-19 of a group that was left out are ranked against, or its normal films."""

Numbers = tuple[float, ...]


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
    """One class against the rest; `support` counts its films."""

    sensitivity: Estimate = ABSENT
    specificity: Estimate = ABSENT
    ppv: Estimate = ABSENT
    npv: Estimate = ABSENT
    auroc: Estimate = ABSENT
    auprc: Estimate = ABSENT
    support: int = 0
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


class RefusedReason(EvaluationPart):
    """The films that were refused for one reason, and what to do about it."""

    n: int
    advice: str = ""
    by_label: dict[str, int] = Field(default_factory=dict)


class Refusals(EvaluationPart):
    """The films that got no answer; `share` is over those of the classes."""

    n: int = 0
    unreadable: int = 0
    share: Estimate = ABSENT
    by_reason: dict[str, RefusedReason] = Field(default_factory=dict)


class RocCurve(EvaluationPart):
    """Sensitivity over the share of false positives, with the band of its interval."""

    fpr: Numbers
    tpr: Numbers
    low: Numbers = ()
    high: Numbers = ()


class RecallCurve(EvaluationPart):
    """Precision over recall, with the band of its interval; `prevalence` is what guessing gives."""

    recall: Numbers
    precision: Numbers
    low: Numbers = ()
    high: Numbers = ()
    prevalence: float | None = None


class Curves(EvaluationPart):
    """Both curves of one label against the rest, or of COVID-19 against normal."""

    roc: RocCurve
    pr: RecallCurve


class SourceRecognition(EvaluationPart):
    """How well the source of films of one class can be recognised, as balanced accuracy, from three views of them."""

    sources: dict[str, int]
    chance: float
    film_thumbnail: Estimate = ABSENT
    framed_thumbnail: Estimate = ABSENT
    features: Estimate = ABSENT


class Activation(EvaluationPart):
    """How much of the activation map lies in the lungs, which fill `area` of the frame."""

    n: int = 0
    in_lungs: Estimate = ABSENT
    area: Estimate = ABSENT
    peak_in_lungs: Estimate = ABSENT
    ratio: Estimate = ABSENT
    by_label: dict[str, "Activation"] = Field(default_factory=dict)


class Audit(EvaluationPart):
    """The shortcut audit.

    Attributes
    ----------
    works_without_lungs : bool
        Whether it could not be shown that the model needs the lungs.
    limit, chance : float
        Balanced accuracy without lungs that must not be exceeded, and that guessing gives.
    """

    works_without_lungs: bool
    verdict: str
    limit: float
    chance: float
    lungs_masked: Scores | None = None
    border_only: Scores | None = None
    baselines: dict[str, Scores] = Field(default_factory=dict)
    source_within_class: dict[str, SourceRecognition | None] = Field(default_factory=dict)
    activation: Activation = Activation()


class LeftOut(EvaluationPart):
    """Figures on films of a source or site that a head was fitted without.

    Attributes
    ----------
    auroc_against : str or None
        The same group, or held-out patients of the others where it lacks COVID-19 or normal films.
    labels_not_trained : tuple of str
        Labels that are found nowhere else.
    """

    n: int
    n_patients: int = 0
    support: dict[str, int] = Field(default_factory=dict)
    balanced_accuracy: Estimate = ABSENT
    accuracy: Estimate = ABSENT
    auroc_covid19_vs_normal: Estimate = ABSENT
    auroc_against: str | None = None
    labels_not_trained: tuple[str, ...] = ()


class LeaveOneOut(EvaluationPart):
    """Each source or site measured by a head that was fitted without it; `skipped` says why some were not."""

    by: str
    method: str = ""
    groups: dict[str, LeftOut] = Field(default_factory=dict)
    skipped: dict[str, str] = Field(default_factory=dict)
    all: LeftOut | None = None


class WrongAnswer(EvaluationPart):
    """A film that was answered wrongly; the pictures are JPEG and no part of the JSON."""

    file: str
    reference_label: str
    answered: str
    probability: float
    outcome: str
    reason_code: str | None
    probabilities: dict[str, float]
    source: str
    view: str
    age_group: str
    sex: str
    picture: bytes | None = Field(default=None, exclude=True)
    overlay: bytes | None = Field(default=None, exclude=True)


class Caution(EvaluationPart):
    """What a reader of the figures must know before them."""

    code: str
    message: str


class ModelFacts(EvaluationPart):
    """What the model is."""

    input_size: int
    preprocessing_version: str
    outputs: tuple[str, ...] = ()
    temperature: float
    operating_points: dict[str, float] = Field(default_factory=dict)
    gate: dict[str, float] = Field(default_factory=dict)
    training_data_sha256: str | None = None


class DatasetFacts(EvaluationPart):
    """What films were evaluated; `n_seen` of them are of patients that made the model, None where that is not known."""

    name: str
    split: str = "all"
    n_files: int
    sha256: str | None = None
    n_seen: int | None = None
    same_as_training: bool = False


class Bootstrap(EvaluationPart):
    """How the intervals were drawn."""

    resamples: int
    interval: float
    unit: str
    seed: int


class Origin(EvaluationPart):
    """Which model was measured on which films, when and how."""

    evaluated_at: str | None = None
    model_version: str | None = None
    model_sha256: str | None = None
    model: ModelFacts | None = None
    dataset: DatasetFacts | None = None
    bootstrap: Bootstrap | None = None


class Evaluation(Measures, Origin):  # in this order the fields of Origin come first
    """The whole that `xray-cli evaluate` finds."""

    refused: Refusals = Refusals()
    curves: dict[str, Curves] = Field(default_factory=dict)
    audit: Audit | None = None
    leave_one_out: LeaveOneOut | None = None
    worst: tuple[WrongAnswer, ...] = ()
    warnings: tuple[Caution, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the object that `evaluate --format json` prints."""
        return {"schema": SCHEMA, "notice": NOTICE, **super().to_json()}


def read_evaluation(path: Path) -> Evaluation:
    """Read what `xray-cli evaluate --format json` wrote.

    Raises
    ------
    EvaluationError
        It is no such file.
    """
    advice = "give what 'xray-cli evaluate --format json' wrote"
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise EvaluationError(f"{path.name} is not JSON: {advice}") from error
    if not isinstance(found, dict) or "model_sha256" not in found:
        raise EvaluationError(f"{path.name} is no evaluation: {advice}")
    return Evaluation.from_json(found)
