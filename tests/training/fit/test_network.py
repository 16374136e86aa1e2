from pathlib import Path

import numpy as np
import pytest

from inference.engines.protocol import LOGITS_NAME, MAPS_NAME
from training.fit.network import WeightsError, build_network, find_features, freeze_backbone, set_head
from training.run.run import TrainingResult

# TensorFlow hands its tensors to numpy in a way that numpy 2 has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SCALE, OFFSET = 255 / 128, -127 / 128


@pytest.fixture
def batch() -> np.ndarray:
    return np.random.default_rng(0).random((3, 64, 64, 1), dtype=np.float32)


def test_folding_the_stem_into_one_channel_keeps_the_features(backbone: Path, batch: np.ndarray):
    import keras

    original = keras.saving.load_model(backbone)
    original_features = keras.Model(original.inputs, find_features(original))
    network = build_network(str(backbone), 4, 64)
    features = keras.Model(network.inputs, find_features(network))
    expected = original_features.predict_on_batch(batch.repeat(3, axis=-1) * SCALE + OFFSET)
    np.testing.assert_allclose(features.predict_on_batch(batch), expected, atol=1e-5)


def test_the_mean_of_an_activation_map_is_its_logit(backbone: Path, batch: np.ndarray):
    answer = build_network(str(backbone), 4, 64).predict_on_batch(batch)
    assert answer[MAPS_NAME].shape == (3, 8, 8, 4)
    np.testing.assert_allclose(answer[MAPS_NAME].mean(axis=(1, 2)), answer[LOGITS_NAME], atol=1e-5)


def test_the_head_is_a_linear_classifier_of_pooled_features(backbone: Path, batch: np.ndarray):
    import keras

    network = build_network(str(backbone), 4, 64)
    generator = np.random.default_rng(1)
    kernel, bias = generator.normal(size=(16, 4)).astype(np.float32), generator.normal(size=4).astype(np.float32)
    set_head(network, kernel, bias)
    pooled = keras.Model(network.inputs, find_features(network)).predict_on_batch(batch).mean(axis=(1, 2))
    np.testing.assert_allclose(network.predict_on_batch(batch)[LOGITS_NAME], pooled @ kernel + bias, atol=1e-4)


def test_a_bundle_can_be_trained_on_with_its_backbone_and_a_new_head(result: TrainingResult, batch: np.ndarray):
    import keras

    bundled = keras.saving.load_model(result.model / "model.keras")
    network = build_network(str(result.model / "model.keras"), 3, 64)
    left, right = (keras.Model(each.inputs, find_features(each)).predict_on_batch(batch) for each in (bundled, network))
    np.testing.assert_array_equal(left, right)
    assert network.predict_on_batch(batch)[LOGITS_NAME].shape == (3, 3)


def test_shipped_names_the_backbone_of_the_bundle_that_ships():
    assert build_network("shipped", 3, 160).count_params() == 3_353_267


def test_a_head_that_knew_the_outputs_is_begun_with(result: TrainingResult, batch: np.ndarray):
    import keras

    bundled = keras.saving.load_model(result.model / "model.keras").predict_on_batch(batch)[LOGITS_NAME]
    network = build_network(str(result.model / "model.keras"), 2, 64, known_outputs=[2, 0])
    np.testing.assert_allclose(network.predict_on_batch(batch)[LOGITS_NAME], bundled[:, [2, 0]], atol=1e-5)


def test_only_the_last_layers_learn_and_no_batch_normalisation(backbone: Path):
    network = build_network(str(backbone), 4, 64)
    freeze_backbone(network, 3)
    assert [type(layer).__name__ for layer in network.layers if layer.trainable][:-2] == ["Conv2D"]
    assert [layer.name for layer in network.layers if layer.trainable][-2:] == [MAPS_NAME, LOGITS_NAME]


def test_a_file_that_is_no_model_is_refused(tmp_path: Path):
    (tmp_path / "weights.keras").write_bytes(b"no model")
    with pytest.raises(WeightsError, match=r"weights\.keras"):
        build_network(str(tmp_path / "weights.keras"), 4, 64)


def test_a_model_of_vectors_has_no_backbone(tmp_path: Path):
    import keras

    keras.Sequential([keras.Input((4, 4, 2)), keras.layers.Flatten(), keras.layers.Dense(2)]).save(tmp_path / "m.keras")
    with pytest.raises(WeightsError, match="2 input channels"):
        build_network(str(tmp_path / "m.keras"), 4, 64)
