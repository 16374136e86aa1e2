"""What people call labels, references and priorities: the same in every page, table, card and mail."""

from collections.abc import Mapping

from inference.labels import LABELS
from store.references.words import ReferenceSource
from store.states import Priority

TITLES: Mapping[str, str] = {
    "covid19": "COVID-19",
    "viral_pneumonia": "viral pneumonia",
    "normal": "normal",
    "other_finding": "other finding",
    "not_covid19": "not COVID-19",
}
"""What people call labels and references; whatever is not in here is written as it is named."""


SOURCES: Mapping[str, str] = {
    ReferenceSource.PCR: "RT-PCR",
    ReferenceSource.READER: "readers",
    ReferenceSource.REVIEW: "reviews",
}


def name_label(label: str) -> str:
    """Return what people call a label or an output of the model."""
    return TITLES.get(label, label.replace("_", " "))


def name_priority(priority: str) -> str:
    """Return what people call a priority: "STAT" or "routine"."""
    return priority.upper() if priority == Priority.STAT else priority


def list_labels() -> list[tuple[str, str]]:
    """Return each label with its name for people, in the model's order."""
    return [(str(label), name_label(label)) for label in LABELS]
