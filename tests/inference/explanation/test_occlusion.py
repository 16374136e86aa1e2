from dataclasses import replace

import numpy as np
import pytest

from imaging import Identity, Radiograph
from imaging.phantoms.anatomy import draw_chest
from inference.bundle import SHIPPED_BUNDLE
from inference.classifier import Classifier
from inference.explanation.occlusion import GRID, explain
from inference.labels import LABELS, Label
from inference.prediction import Prediction


class Seeing(Classifier):
    """Sees COVID-19 as far as the film's upper left quarter is brighter than its lower right one."""

    def predict(self, batch: np.ndarray) -> list[Prediction]:
        half = batch.shape[1] // 2
        bright = batch[:, :half, :half].mean(axis=(1, 2, 3)) - batch[:, half:, half:].mean(axis=(1, 2, 3))
        shares = 1 / (1 + np.exp(-40 * bright))
        answers = super().predict(batch)
        return [
            replace(answer, probabilities=dict(zip(LABELS, (share, 0.0, 1 - share), strict=True)))
            for answer, share in zip(answers, shares.tolist(), strict=True)
        ]


@pytest.fixture
def radiograph() -> Radiograph:
    chest = draw_chest(3, 500, 400).copy()
    chest[100:250, 60:190] = np.clip(chest[100:250, 60:190] + 0.25, 0, 1)
    return Radiograph(chest, Identity())


def test_evidence_lies_where_hiding_makes_the_label_less_probable(radiograph: Radiograph):
    classifier = Seeing.load(SHIPPED_BUNDLE)
    prediction = classifier.predict_radiograph(radiograph)
    assert max(prediction.probabilities, key=lambda label: prediction.probabilities[label]) is Label.COVID19
    evidence = explain(classifier, radiograph, prediction).activation_map
    assert evidence.shape == (GRID, GRID)
    assert evidence.max() == 1.0
    assert evidence[:5, :5].sum() > 3 * evidence[5:, 5:].sum()


def test_only_the_map_changes_and_lies_in_its_range(radiograph: Radiograph):
    classifier = Classifier.load(SHIPPED_BUNDLE)
    prediction = classifier.predict_radiograph(radiograph)
    explained = explain(classifier, radiograph, prediction)
    assert replace(explained, activation_map=prediction.activation_map) == prediction
    assert explained.activation_map.dtype == np.float32
    assert 0.0 <= explained.activation_map.min() <= explained.activation_map.max() <= 1.0
