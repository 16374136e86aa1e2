"""The most certain wrong answers, with pictures: where a model is wrong and sure, its shortcuts show."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from imaging.opencv import cv2
from inference.explanation.heatmap import draw_overlay
from inference.labels import Label
from inference.prediction import Prediction
from training.evaluation.judged_films import ExaminedFilm
from training.evaluation.result import WrongAnswer

MOST = 12
EDGE = 224
QUALITY = 82
"""Of the JPEGs: a dozen pairs of PNG would make a page heavy to send."""

Explain = Callable[[npt.NDArray[np.float32], Prediction], Prediction]
"""Takes a framed film and its answer; as `inference.explanation.occlusion.explain_framed` of a classifier."""


def find_worst(films: Sequence[ExaminedFilm], roots: Sequence[Path], explain: Explain) -> tuple[WrongAnswer, ...]:
    """Return the most certain wrong answers, at most 12, the most certain first.

    Parameters
    ----------
    films : sequence of ExaminedFilm
        Of the three labels.
    roots : sequence of Path
        Data set folders, to which file names are made relative.
    explain : Callable
        Finds where the evidence of an answer lies; asked for the films that are returned, half a second each.
    """
    wrong = [film for film in films if _name_top(film) != film.case.reference_label]
    wrong.sort(key=lambda film: -film.prediction.probabilities[_name_top(film)])
    return tuple(_describe(film, roots, explain) for film in wrong[:MOST])


def name_file(path: Path, roots: Sequence[Path]) -> str:
    """Return a file's name relative to the data set folder that it lies in."""
    root = next((root for root in roots if path.is_relative_to(root)), path.parent)
    return path.relative_to(root).as_posix()


def _name_top(film: ExaminedFilm) -> Label:
    return max(film.prediction.probabilities, key=film.prediction.probabilities.__getitem__)


def _describe(film: ExaminedFilm, roots: Sequence[Path], explain: Explain) -> WrongAnswer:
    case, prediction, top = film.case, film.prediction, _name_top(film)
    framed = film.evidence.framed.astype(np.float32) / np.float32(255)
    overlay = draw_overlay(framed, explain(framed, prediction).activation_map, None, EDGE)
    return WrongAnswer(
        file=name_file(case.path, roots),
        reference_label=case.reference_label,
        answered=str(top),
        probability=round(prediction.probabilities[top], 4),
        outcome=str(prediction.outcome),
        reason_code=prediction.reason_code,
        probabilities={str(label): round(share, 4) for label, share in prediction.probabilities.items()},
        source=case.source,
        view=case.view,
        age_group=case.age_group,
        sex=case.sex,
        picture=_to_jpeg(cv2.resize(film.evidence.framed, (EDGE, EDGE), interpolation=cv2.INTER_AREA)),
        overlay=_to_jpeg(overlay[:, :, ::-1]),
    )


def _to_jpeg(pixels: npt.NDArray[np.uint8]) -> bytes:
    _, jpeg = cv2.imencode(".jpg", pixels, (cv2.IMWRITE_JPEG_QUALITY, QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, 1))
    return jpeg.tobytes()
