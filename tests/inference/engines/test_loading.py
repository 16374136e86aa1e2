import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from imaging import normalize, read_radiograph
from inference.bundle import SHIPPED_BUNDLE
from inference.classifier import Classifier
from inference.engines.loading import load_engine
from inference.engines.protocol import Engine
from tests.inference.conftest import MAP_SIZE, SIZE

TOLERANCE = 1e-4
# TensorFlow hands its tensors to numpy in a way that numpy 2 has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="session")
def real_batch(shared: Path) -> np.ndarray:
    """Every 50th real radiograph, and so all classes and sources, (25, size, size, 1)."""
    folder = shared / "data" / "radiographs"
    with (folder / "manifest.csv").open(newline="") as lines:
        files = [row["file"] for row in csv.DictReader(lines)][::50]
    return np.stack([normalize(read_radiograph(folder / file).pixels, SIZE) for file in files])[..., np.newaxis]


@pytest.fixture(scope="session")
def litert(classifier: Classifier) -> Engine:
    return load_engine(classifier.bundle, "litert")


@pytest.fixture(scope="session")
def keras(keras_classifier: Classifier) -> Engine:
    return load_engine(keras_classifier.bundle, "keras")


def test_litert_and_keras_agree_on_real_radiographs(
    classifier: Classifier, keras_classifier: Classifier, real_batch: np.ndarray
):
    assert len(real_batch) >= 24
    assert_same_predictions(classifier, keras_classifier, real_batch)


def test_litert_and_keras_agree_on_synthetic_input(
    classifier: Classifier, keras_classifier: Classifier, synthetic_batch: np.ndarray
):
    assert_same_predictions(classifier, keras_classifier, synthetic_batch)


@pytest.mark.parametrize("engine_name", ["litert", "keras"])
def test_the_mean_of_an_activation_map_is_its_logit(
    engine_name: str, request: pytest.FixtureRequest, synthetic_batch: np.ndarray
):
    logits, maps = request.getfixturevalue(engine_name).run(synthetic_batch)
    assert maps.shape == (len(synthetic_batch), MAP_SIZE, MAP_SIZE, logits.shape[1])
    np.testing.assert_allclose(maps.mean(axis=(1, 2)), logits, atol=1e-4)


def test_the_litert_graph_computes_in_float32_however_its_weights_are_kept():
    from ai_edge_litert.interpreter import Interpreter

    graph = Interpreter(model_path=str(SHIPPED_BUNDLE / "model.tflite"))
    kinds = {detail["index"]: detail["dtype"] for detail in graph.get_tensor_details()}
    assert set(kinds.values()) <= {np.float16, np.float32, np.int32}
    made = {int(at) for each in graph._get_ops_details() for at in each["outputs"] if each["op_name"] != "DELEGATE"}
    assert made
    assert {kinds[at] for at in made} <= {np.float32, np.int32}


def test_what_litert_announces_goes_to_the_log_and_not_to_stderr():
    program = (
        "import logging, sys; logging.basicConfig(level=logging.DEBUG, stream=sys.stdout);"
        "from inference.bundle import SHIPPED_BUNDLE; from inference.classifier import Classifier;"
        "Classifier.load(SHIPPED_BUNDLE)"
    )
    child = subprocess.run([sys.executable, "-c", program], check=True, timeout=60, capture_output=True, text=True)
    assert child.stderr == ""
    assert "DEBUG:inference.engines.litert:litert: INFO: Created TensorFlow Lite XNNPACK" in child.stdout


def assert_same_predictions(left: Classifier, right: Classifier, batch: np.ndarray) -> None:
    for one, other in zip(left.predict(batch), right.predict(batch), strict=True):
        assert list(one.probabilities.values()) == pytest.approx(list(other.probabilities.values()), abs=TOLERANCE)
        np.testing.assert_allclose(one.activation_map, other.activation_map, atol=1e-3)
