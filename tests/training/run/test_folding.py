import numpy as np
import pytest

from training.run.folding import fold_normalisation

# TensorFlow hands its tensors to numpy in a way that numpy 2 has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_a_folded_network_computes_the_same_without_normalisation():
    import keras

    radiograph = keras.Input((16, 16, 1))
    features = keras.layers.Conv2D(4, 3, use_bias=False)(radiograph)
    features = keras.layers.ReLU()(keras.layers.BatchNormalization()(features))
    features = keras.layers.DepthwiseConv2D(3, depth_multiplier=2)(features)
    network = keras.Model(radiograph, keras.layers.BatchNormalization(scale=False)(features))
    generator = np.random.default_rng(0)
    network.set_weights([generator.uniform(0.5, 2.0, each.shape).astype(np.float32) for each in network.get_weights()])
    folded = fold_normalisation(network)
    films = generator.random((3, 16, 16, 1), dtype=np.float32)
    np.testing.assert_allclose(folded(films), network(films), rtol=1e-4, atol=1e-4)
    assert not any(isinstance(layer, keras.layers.BatchNormalization) for layer in folded.layers)
    assert len(folded.layers) == len(network.layers)


def test_a_normalisation_of_what_something_else_needs_too_stays():
    import keras

    radiograph = keras.Input((8, 8, 1))
    features = keras.layers.Conv2D(2, 3)(radiograph)
    network = keras.Model(radiograph, keras.layers.Add()([features, keras.layers.BatchNormalization()(features)]))
    generator = np.random.default_rng(0)
    network.set_weights([generator.uniform(0.5, 2.0, each.shape).astype(np.float32) for each in network.get_weights()])
    films = generator.random((2, 8, 8, 1), dtype=np.float32)
    np.testing.assert_allclose(fold_normalisation(network)(films), network(films), rtol=1e-5)
