"""What an evaluation found, typed: one object for the page, the terminal, the model card and the JSON."""

import json
from pathlib import Path
from typing import Any

from pydantic import Field

from documents.figures import Estimate
from inference.labels import NOTICE
from training.evaluation.measures import ABSENT, EvaluationError, EvaluationPart, LeftOutSource, Measures, Scores

SCHEMA = 1

WORKS_WITHOUT_LUNGS, NOT_RULED_OUT, NEAR_CHANCE = "works_without_lungs", "not_ruled_out", "near_chance"
"""Verdicts of the shortcut audit."""

HELD_OUT = "held-out"
"""The films of an evaluation that neither the model nor its starting weights have seen."""

SAME_GROUP, HELD_OUT_PATIENTS = "same_group", "held_out_patients"
"""What films of COVID-19 of a group that was left out are ranked against, or its normal films."""

Numbers = tuple[float, ...]


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
    left_out_sources: tuple[LeftOutSource, ...] = ()


class DatasetFacts(EvaluationPart):
    """What films were evaluated.

    Attributes
    ----------
    n_seen : int or None
        Of patients that made the model or the weights that it started from; None where that is not known.
    n_without_patient : int or None
        Of patients who are not known; None in what earlier versions wrote.
    """

    name: str
    split: str = "all"
    n_files: int
    sha256: str | None = None
    n_seen: int | None = None
    same_as_training: bool = False
    n_without_patient: int | None = None


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
