"""The classes, their order, the outcomes of a screening and the notice: each of these facts is written here only."""

from collections.abc import Collection
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


NOTICE = "Research use only. Not for diagnosis."
