"""What the classifier said about the films of a data set, as arrays that metrics can be computed from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from imaging import RadiographError, read_radiograph
from inference.classifier import Classifier
from inference.labels import LABELS, OTHER_FINDING, Label
from inference.prediction import Prediction
from training.data.dataset import Case


@dataclass(frozen=True, slots=True)
class Answer:
    """A radiograph of the data set and what the classifier said.

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
class Refusal:
    """A radiograph of the data set that got no answer.

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


def answer_cases(classifier: Classifier, cases: Iterable[Case]) -> list[Answer]:
    """Classify each radiograph as serving does; one that is refused gives no answer."""
    answers = []
    for case in cases:
        try:
            radiograph = read_radiograph(case.path)
            prediction = classifier.predict_radiograph(radiograph)
        except RadiographError:
            continue
        answers.append(Answer(case, prediction, *radiograph.pixels.shape))
    return answers


def is_labelled(answer: Answer | Refusal) -> bool:
    """Say whether a film is of one of the three labels."""
    return answer.case.reference_label != OTHER_FINDING


def to_reference(answers: Sequence[Answer]) -> npt.NDArray[np.intp]:
    """Return the index of each true label, int (films,)."""
    return np.asarray([LABELS.index(Label(answer.case.reference_label)) for answer in answers], dtype=np.intp)


def to_probabilities(answers: Sequence[Answer]) -> npt.NDArray[np.float64]:
    """Return the three probabilities of each film, float64 (films, labels)."""
    rows = [[answer.prediction.probabilities[label] for label in LABELS] for answer in answers]
    return np.asarray(rows, dtype=np.float64).reshape(len(answers), len(LABELS))


def to_patients(answers: Sequence[Answer]) -> list[str]:
    """Return the patient of each film."""
    return [answer.case.patient_id for answer in answers]
