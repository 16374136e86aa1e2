"""Where a label's evidence lies, found by hiding one part of the lungs after the other.

A class activation map costs nothing, but each of its few cells sees most of the picture; where all but the lungs is
black, the strongest one is the middle one, between the lungs, where the network is shown nothing. For a picture that
somebody looks at, the lungs are therefore hidden piece by piece, and what the answer loses is the evidence (occlusion,
Zeiler and Fergus, ECCV 2014). It takes half a second a film.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from imaging import Radiograph, normalize
from imaging.opencv import cv2
from inference.classifier import FILM_SIZE, Classifier
from inference.labels import Label
from inference.prediction import Prediction

Pixels = npt.NDArray[np.float32]

GRID = 9
REACH = 1 / 10
"""Standard deviation of what is hidden at once, as a share of the square's edge: about two ribs."""
FEWEST = 1e-4
"""Log odds are cut at this probability and its opposite."""


def explain(classifier: Classifier, radiograph: Radiograph, prediction: Prediction) -> Prediction:
    """Return the prediction with the evidence for its most probable label in place of the activation map.

    Parameters
    ----------
    classifier : Classifier
        The one that gave the prediction.
    radiograph : Radiograph
        What it was given for.
    prediction : Prediction
        From `Classifier.predict_radiograph`.

    Returns
    -------
    Prediction
        As from `explain_framed`.
    """
    film = normalize(radiograph.pixels, FILM_SIZE)
    return explain_framed(classifier, classifier.frame(film, classifier.find_lungs(film)), prediction)


def explain_framed(classifier: Classifier, framed: Pixels, prediction: Prediction) -> Prediction:
    """Return the same for a film that is framed already.

    Parameters
    ----------
    classifier : Classifier
        The one that gave the prediction.
    framed : numpy.ndarray
        float32 (size, size) in [0, 1]: what the network was given, from `Classifier.frame`.
    prediction : Prediction
        What it answered.

    Returns
    -------
    Prediction
        Its ``activation_map`` is float32 (9, 9) in [0, 1], the maximum 1, or 0 everywhere where nothing that is hidden
        makes the label less probable.
    """
    label = max(prediction.probabilities, key=lambda each: prediction.probabilities[each])
    odds = [_measure_odds(answer, label) for answer in classifier.predict(_hide_parts(framed))]
    lost = np.maximum(_measure_odds(prediction, label) - np.array(odds, dtype=np.float32).reshape(GRID, GRID), 0.0)
    return replace(prediction, activation_map=np.asarray(lost / max(float(lost.max()), FEWEST), dtype=np.float32))


def _measure_odds(prediction: Prediction, label: Label) -> float:
    share = float(np.clip(prediction.probabilities[label], FEWEST, 1.0 - FEWEST))
    return float(np.log(share / (1.0 - share)))


def _hide_parts(framed: Pixels) -> Pixels:
    """Return the picture once for each part, float32 (GRID * GRID, size, size, 1): that part in the gray around it."""
    size = framed.shape[0]
    visible = (framed > 0).astype(np.float32)
    blur = (0, 0), size / 4
    gray = cv2.GaussianBlur(framed, *blur) / np.maximum(cv2.GaussianBlur(visible, *blur), FEWEST) * visible
    centers = (np.arange(GRID) + 0.5) * size / GRID
    bumps = np.exp(-(((np.arange(size)[np.newaxis] - centers[:, np.newaxis]) / (size * REACH)) ** 2) / 2)
    weights = (bumps[:, np.newaxis, :, np.newaxis] * bumps[np.newaxis, :, np.newaxis, :]).reshape(-1, size, size)
    hidden = framed + weights * (gray - framed)
    return np.asarray(np.clip(hidden, 0.0, 1.0)[..., np.newaxis], dtype=np.float32)
