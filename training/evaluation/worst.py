"""The most certain wrong answers, with pictures: where a model is wrong and sure, its shortcuts show."""

import base64
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from imaging.opencv import cv2
from inference.explanation.heatmap import draw_overlay
from inference.labels import Label
from inference.prediction import Prediction
from training.evaluation.answers import Answer
from training.evaluation.shortcuts.audit import Film

MOST = 12
EDGE = 224
PICTURES = ("picture_png", "overlay_png")

Explain = Callable[[npt.NDArray[np.float32], Prediction], Prediction]
"""Takes a framed film and its answer; as `inference.explanation.occlusion.explain_framed` of a classifier."""


def find_worst(films: Sequence[Film], roots: Sequence[Path], explain: Explain) -> list[dict[str, Any]]:
    """Return the most certain wrong answers, the most certain first.

    Parameters
    ----------
    films : sequence of tuple
        Answers to films of the three labels, with their evidence.
    roots : sequence of Path
        Data set folders, to which file names are made relative.
    explain : Callable
        Finds where the evidence of an answer lies; asked for the films that are returned, half a second each.

    Returns
    -------
    list of dict
        At most 12: facts of the film, the answer, and two base64 PNG under the names in `PICTURES`: the model's input,
        and the evidence laid over it.
    """
    wrong = [film for film in films if _name_top(film[0]) != film[0].case.reference_label]
    wrong.sort(key=lambda film: -film[0].prediction.probabilities[_name_top(film[0])])
    return [_describe(film, roots, explain) for film in wrong[:MOST]]


def drop_pictures(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return a report without the pictures of its worst errors, as JSON holds it."""
    worst = [{name: fact for name, fact in each.items() if name not in PICTURES} for each in report["worst"]]
    return {**report, "worst": worst}


def name_file(path: Path, roots: Sequence[Path]) -> str:
    """Return a file's name relative to the data set folder that it lies in."""
    root = next((root for root in roots if path.is_relative_to(root)), path.parent)
    return path.relative_to(root).as_posix()


def _name_top(answer: Answer) -> Label:
    return max(answer.prediction.probabilities, key=answer.prediction.probabilities.__getitem__)


def _describe(film: Film, roots: Sequence[Path], explain: Explain) -> dict[str, Any]:
    answer, evidence = film
    prediction, top = answer.prediction, _name_top(answer)
    framed = evidence.framed.astype(np.float32) / np.float32(255)
    overlay = draw_overlay(framed, explain(framed, prediction).activation_map, None, EDGE)
    return {
        "file": name_file(answer.case.path, roots),
        "reference_label": answer.case.reference_label,
        "answered": str(top),
        "probability": round(prediction.probabilities[top], 4),
        "outcome": str(prediction.outcome),
        "reason_code": prediction.reason_code,
        "probabilities": {str(label): round(share, 4) for label, share in prediction.probabilities.items()},
        **{name: getattr(answer.case, name) for name in ("source", "view", "age_group", "sex")},
        "picture_png": _to_png(cv2.resize(evidence.framed, (EDGE, EDGE), interpolation=cv2.INTER_AREA)),
        "overlay_png": _to_png(overlay[:, :, ::-1]),
    }


def _to_png(pixels: npt.NDArray[np.uint8]) -> str:
    _, png = cv2.imencode(".png", pixels)
    return base64.b64encode(png.tobytes()).decode("ascii")
