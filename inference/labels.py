"""The classes, their order, the outcomes of a screening, what is said of a film, and the notice: written here only.

Nothing here needs numpy or OpenCV, so that the ledger and its reports have these words without them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Label(StrEnum):
    """A class that a radiograph may be given; the order of definition is the order of the model's outputs."""

    COVID19 = "covid19"
    VIRAL_PNEUMONIA = "viral_pneumonia"
    NORMAL = "normal"


LABELS: tuple[Label, ...] = tuple(Label)

FEWEST_LABELS = 2
"""A model knows two or three of the classes."""

OTHER_FINDING = "other_finding"
"""The model's internal fourth output: abnormal, but none of the three. It is never a label, only a reason."""

BELOW_OPERATING_POINT = "below_operating_point"
"""The reason of an indeterminate answer whose best label does not reach its operating point."""

OUTSIDE_TRAINING_POPULATION = "outside_training_population"
"""The mark of a label that was learnt only from patients of another age; the answer stays `predicted`."""


def order_labels(names: Collection[str]) -> tuple[Label, ...]:
    """Return those of the labels that are among some names, in their order: what a model knows, or a data set holds."""
    return tuple(label for label in LABELS if label in names)


class Outcome(StrEnum):
    """How the screening of one radiograph ended."""

    PREDICTED = "predicted"
    INDETERMINATE = "indeterminate"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one film: by the classifier, or in its place where the film must not be judged.

    Attributes
    ----------
    outcome : Outcome
        How its screening ended.
    label : Label or None
        The class, None unless predicted.
    probabilities : Mapping[Label, float] or None
        Calibrated, of the labels that the model knows, in their order; sum 1. What it does not know is absent. None
        where the classifier was not asked.
    reason_code : str or None
        Why there is no label, or why it is to be doubted.
    reason : str or None
        The same in a sentence, where the film was rejected.
    """

    outcome: Outcome
    label: Label | None = None
    probabilities: Mapping[Label, float] | None = None
    reason_code: str | None = None
    reason: str | None = None


NOTICE = "Research use only. Not for diagnosis."
