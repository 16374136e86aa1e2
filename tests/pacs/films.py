"""Films and the facts of an answer about them."""

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from imaging.phantoms.files import write_dicom_phantom
from inference.labels import Label
from pacs.answers.facts import AnswerFacts

MODEL = "ab" * 32
PROBABILITIES = {Label.COVID19: 0.125, Label.VIRAL_PNEUMONIA: 0.25, Label.NORMAL: 0.625}
POINTS = {"covid19": 0.5, "viral_pneumonia": 0.5, "normal": 0.5, "other_finding": 0.5}


def write_film(path: Path, seed: int = 7, **attributes: object) -> bytes:
    write_dicom_phantom(path, seed=seed, rows=320, columns=256, attributes=attributes)
    return path.read_bytes()


def describe_film(content: bytes, **changed: Any) -> AnswerFacts:
    """Return the facts of a prediction of ``normal``, or what is changed of it."""
    facts: dict[str, Any] = {
        "source_sha256": sha256(content).hexdigest(),
        "outcome": "predicted",
        "answered_at": datetime(2026, 11, 29, 1, 2, 3, tzinfo=UTC),
        "label": Label.NORMAL,
        "probabilities": PROBABILITIES,
        "model_version": "lite0-1",
        "model_sha256": MODEL,
        "operating_points": POINTS,
    }
    return AnswerFacts(**facts | changed)
