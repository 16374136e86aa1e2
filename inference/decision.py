"""From logits to an answer: calibration, and the operating points that decide whether a label may be given."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from inference.labels import BELOW_OPERATING_POINT, LABELS, OTHER_FINDING, Label


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


def renormalize(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the probabilities of the labels alone, float64 (batch, labels), each row made to sum to 1."""
    labels = probabilities[:, : len(LABELS)]
    total = labels.sum(axis=1, keepdims=True)
    # All three may underflow when the fourth output is certain: then nothing is known about them.
    return np.where(total > 0, labels / np.where(total > 0, total, 1.0), 1.0 / len(LABELS))


def decide(probabilities: npt.NDArray[np.float64], operating_points: Mapping[str, float]) -> tuple[Label, str | None]:
    """Apply the operating points to one radiograph.

    Parameters
    ----------
    probabilities : numpy.ndarray
        float64 (outputs,), from `calibrate`.
    operating_points : Mapping[str, float]
        For each output a probability in [0, 1].

    Returns
    -------
    label : Label
        The most probable of the three.
    reason_code : str or None
        Why this label must not be given, None if it may.
    """
    labels = renormalize(probabilities[np.newaxis])[0]
    label = LABELS[int(labels.argmax())]
    if len(probabilities) > len(LABELS) and probabilities[len(LABELS)] >= operating_points[OTHER_FINDING]:
        return label, OTHER_FINDING
    if labels.max() < operating_points[label]:
        return label, BELOW_OPERATING_POINT
    return label, None
