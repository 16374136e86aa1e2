"""What an answer is made of: one film's row in the ledger, the model that gave it, and the site's own root of UIDs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from imaging.dicom.own_objects import make_uid
from inference.labels import Label


class ObjectKind(StrEnum):
    """What an answer can be sent as."""

    SR = "sr"
    SC = "sc"


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """What is said of one film, and by whom.

    Attributes
    ----------
    outcome : str
        `predicted`, `indeterminate`, `rejected`; or `quarantined`, where the file could not be read.
    probabilities : Mapping of Label to float
        Of the labels that the model knows; empty where it was not asked.
    reason : str
        Why there is no label, or why it is to be doubted: code and sentence; no value of the header.
    answered_at : datetime
        Aware, in the site's time zone: it becomes a date and a time without one.
    model_version, model_sha256 : str or None
        None where no model was asked.
    operating_points : Mapping of str to float
        Of the model.
    """

    source_sha256: str
    outcome: str
    answered_at: datetime
    label: Label | None = None
    probabilities: Mapping[Label, float] = field(default_factory=dict)
    reason: str = ""
    model_version: str | None = None
    model_sha256: str | None = None
    operating_points: Mapping[str, float] = field(default_factory=dict)


def make_instance_uid(root: str, sop_class_uid: str, source_sha256: str, model_sha256: str | None) -> str:
    """Return the SOP Instance UID of the answer of one model about one file, as an object of one class."""
    return make_uid(root, "instance", sop_class_uid, source_sha256, model_sha256 or "unread")
