"""The films of an evaluation with what became of each, and as arrays that metrics can be computed from."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from inference.labels import OTHER_FINDING, Label
from inference.prediction import Prediction
from training.data.dataset import Case

THUMBNAIL = 16


@dataclass(frozen=True, slots=True)
class JudgedFilm:
    """A radiograph of the data set to which the classifier gave probabilities.

    Attributes
    ----------
    case : Case
        With its reference label.
    prediction : Prediction
        Of the classifier that serves.
    rows, columns : int
        The film's size in pixels; 0 where it is not known.
    """

    case: Case
    prediction: Prediction
    rows: int = 0
    columns: int = 0


@dataclass(frozen=True, slots=True)
class Focus:
    """Where the evidence of an answer lies.

    Attributes
    ----------
    in_lungs : float
        Share of the activation map's mass within the lungs; NaN for an empty map.
    area : float
        Share of the framed film that is lung: what evidence spread at random would give.
    peak_in_lungs : float
        1 if the map's maximum lies in the lungs, else 0; NaN for an empty map.
    """

    in_lungs: float
    area: float
    peak_in_lungs: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an audit knows of a film beside the answer.

    Attributes
    ----------
    framed : numpy.ndarray
        uint8 (size, size): the model's input.
    film_thumbnail : numpy.ndarray
        uint8 (16, 16): the whole film, squeezed.
    focus : Focus
        Of the answer.
    without_lungs, border_only : Prediction
        The answers to the film without its lungs, and to its border alone. The frame is the original film's and the
        gate is not asked: the model is to see the same place.
    """

    framed: npt.NDArray[np.uint8]
    film_thumbnail: npt.NDArray[np.uint8]
    focus: Focus
    without_lungs: Prediction
    border_only: Prediction


@dataclass(frozen=True, slots=True)
class ExaminedFilm(JudgedFilm):
    """A film that was judged, with what an audit needs beside."""

    evidence: Evidence = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class RefusedFilm:
    """A radiograph of the data set that got no probabilities.

    Attributes
    ----------
    case : Case
        With its reference label.
    reason_code : str
        See `imaging.REASONS`.
    unreadable : bool
        The file is damaged; else it was read and the gate refused it.
    rows, columns : int
        The film's size in pixels; 0 where it is not known.
    """

    case: Case
    reason_code: str
    unreadable: bool = False
    rows: int = 0
    columns: int = 0


EvaluatedFilm = JudgedFilm | RefusedFilm


def is_of_a_class(film: EvaluatedFilm) -> bool:
    """Say whether a film is of one of the labels, and not of another finding."""
    return film.case.reference_label != OTHER_FINDING


def set_unknown_aside(film: EvaluatedFilm, labels: Sequence[Label]) -> EvaluatedFilm:
    """Return a film of a class that the model does not know as one of another finding: no answer to it is right."""
    if film.case.reference_label in (*labels, OTHER_FINDING):
        return film
    return replace(film, case=replace(film.case, reference_label=OTHER_FINDING))


def to_reference(films: Sequence[JudgedFilm], labels: Sequence[Label]) -> npt.NDArray[np.intp]:
    """Return the place of each true label among those that the model knows, int (films,)."""
    return np.asarray([labels.index(Label(film.case.reference_label)) for film in films], dtype=np.intp)


def to_probabilities(films: Sequence[JudgedFilm], labels: Sequence[Label]) -> npt.NDArray[np.float64]:
    """Return the probabilities of the labels that the model knows, float64 (films, labels); rows sum to 1."""
    rows = [[film.prediction.probabilities[label] for label in labels] for film in films]
    return np.asarray(rows, dtype=np.float64).reshape(len(films), len(labels))


def to_patients(films: Sequence[EvaluatedFilm]) -> list[str]:
    """Return the patient of each film."""
    return [film.case.patient_id for film in films]
