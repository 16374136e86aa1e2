"""What the classifier answers, and how: calibration, operating points, and a mark where an answer stands on nobody.

Data may entangle class and age, as those behind the shipped model do: its viral pneumonia films are all of small
children, its COVID-19 films of adults. So an adult's `viral_pneumonia` and a child's `covid19` rest on nobody like that
patient. The answer stands, with its label and its probabilities, and is marked. Which ages a label was learnt from
is a fact of the bundle. Where it does not say so, and without an age in the header (every PNG and JPEG), nothing is
marked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from inference.framing import Box
from inference.labels import (
    BELOW_OPERATING_POINT,
    OTHER_FINDING,
    OUTSIDE_TRAINING_POPULATION,
    Answer,
    Label,
    Outcome,
    order_labels,
)

if TYPE_CHECKING:
    from imaging import Identity

LIGHTLY = 0.02
"""Probability of viral pneumonia, as the second best class, at which a grown-up's film is not called COVID-19."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction(Answer):
    """The classifier's answer for one radiograph, with the picture behind it.

    Attributes
    ----------
    outcome : Outcome
        `predicted` or `indeterminate`.
    reason_code : str or None
        `other_finding` or `below_operating_point` when indeterminate; `outside_training_population` may mark a label.
    activation_map : numpy.ndarray
        float32 (rows, columns) in [0, 1], coarse: where the most probable label's evidence lies
        (class activation map, Zhou et al., CVPR 2016; negative evidence is cut off, the maximum is 1).
    box : Box or None
        The part of the radiograph, in its pixels, that the map covers; None where the radiograph is not known.
    """

    probabilities: dict[Label, float]
    activation_map: npt.NDArray[np.float32]
    box: Box | None = None


def calibrate(logits: npt.NDArray[np.float32], temperature: float) -> npt.NDArray[np.float64]:
    """Turn logits into calibrated probabilities by temperature scaling (Guo et al., ICML 2017).

    Parameters
    ----------
    logits : numpy.ndarray
        float32 (batch, outputs).
    temperature : float
        Above 0; it never changes the order of the outputs.

    Returns
    -------
    numpy.ndarray
        float64 (batch, outputs) in [0, 1], each row sums to 1.
    """
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def renormalize(probabilities: npt.NDArray[np.float64], labels: Sequence[Label]) -> npt.NDArray[np.float64]:
    """Return the probabilities of a model's labels alone, float64 (batch, labels), each row made to sum to 1."""
    shares = probabilities[:, : len(labels)]
    total = shares.sum(axis=1, keepdims=True)
    # All of them may underflow when the output for other findings is certain: then nothing is known about them.
    return np.where(total > 0, shares / np.where(total > 0, total, 1.0), 1.0 / len(labels))


def decide(probabilities: npt.NDArray[np.float64], operating_points: Mapping[str, float]) -> tuple[Label, str | None]:
    """Apply the operating points to one radiograph.

    Parameters
    ----------
    probabilities : numpy.ndarray
        float64 (outputs,), from `calibrate`.
    operating_points : Mapping[str, float]
        For each output a probability in [0, 1]; its names are the labels that the model knows.

    Returns
    -------
    label : Label
        The most probable of those.
    reason_code : str or None
        Why this label must not be given, None if it may.
    """
    labels = order_labels(operating_points)
    shares = renormalize(probabilities[np.newaxis], labels)[0]
    label = labels[int(shares.argmax())]
    if len(probabilities) > len(labels) and probabilities[len(labels)] >= operating_points[OTHER_FINDING]:
        return label, OTHER_FINDING
    if shares.max() < operating_points[label]:
        return label, BELOW_OPERATING_POINT
    return label, None


def to_prediction(
    probabilities: npt.NDArray[np.float64], maps: npt.NDArray[np.float32], operating_points: Mapping[str, float]
) -> Prediction:
    """Return the answer for one radiograph.

    Parameters
    ----------
    probabilities : numpy.ndarray
        float64 (outputs,), from `calibrate`.
    maps : numpy.ndarray
        float32 (rows, columns, outputs), the activation maps.
    operating_points : Mapping[str, float]
        For each output a probability in [0, 1].
    """
    label, reason_code = decide(probabilities, operating_points)
    labels = order_labels(operating_points)
    shares = renormalize(probabilities[np.newaxis], labels)[0]
    return Prediction(
        outcome=Outcome.INDETERMINATE if reason_code else Outcome.PREDICTED,
        label=None if reason_code else label,
        probabilities={name: float(share) for name, share in zip(labels, shares, strict=True)},
        reason_code=reason_code,
        activation_map=_scale_map(maps[:, :, labels.index(label)]),
    )


def _scale_map(activation_map: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    evidence = np.maximum(activation_map, 0.0)
    maximum = evidence.max()
    return np.asarray(evidence / maximum if maximum > 0 else evidence, dtype=np.float32)


def mark_population(
    prediction: Prediction, identity: "Identity", ages_years: Mapping[str, tuple[float, float]]
) -> Prediction:
    """Mark a label that the model has learnt only from patients of another age.

    Parameters
    ----------
    prediction : Prediction
        An answer of the classifier.
    identity : Identity
        Of the same radiograph; its `patient_age_years` is Patient's Age (0010,1010), PS3.3 C.7.2.2.
    ages_years : Mapping
        From label to the ages that it was learnt from, as in `inference.bundle.Bundle`.

    Returns
    -------
    Prediction
        The same, its `reason_code` `outside_training_population` where a label was given and the age is known and
        outside of what the label was learnt from. An indeterminate answer keeps the reason that it has.
    """
    age = identity.patient_age_years
    if prediction.label is None or age is None or prediction.label not in ages_years:
        return prediction
    first, end = ages_years[prediction.label]
    return prediction if first <= age < end else replace(prediction, reason_code=OUTSIDE_TRAINING_POPULATION)


def withhold_undecided(
    prediction: Prediction, identity: "Identity", ages_years: Mapping[str, tuple[float, float]]
) -> Prediction:
    """Take `covid19` back where viral pneumonia comes second and was learnt from no patient of this age.

    What COVID-19 and another virus do to a grown-up's lungs looks alike, and a model that knows the other only in small
    children cannot tell. Of films of grown-ups with COVID-19 at hospitals that a model had not met this concerns one in
    a hundred.

    Parameters
    ----------
    prediction, identity, ages_years
        As for `mark_population`.
    """
    age, known = identity.patient_age_years, ages_years.get(Label.VIRAL_PNEUMONIA)
    if prediction.label is not Label.COVID19 or age is None or known is None or known[0] <= age < known[1]:
        return prediction
    others = {label: share for label, share in prediction.probabilities.items() if label is not Label.COVID19}
    second = max(others, key=others.__getitem__)
    if second is not Label.VIRAL_PNEUMONIA or others[second] < LIGHTLY:
        return prediction
    return replace(prediction, outcome=Outcome.INDETERMINATE, label=None, reason_code=BELOW_OPERATING_POINT)
