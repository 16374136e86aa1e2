"""Folding: a convolution and the normalisation that follows it become one convolution, with a bias.

That is what LiteRT computes in any case. Done here, before weights are rounded, both model files hold the same numbers.
"""

from typing import Any

import numpy as np


def fold_normalisation(network: Any) -> Any:
    """Return a network that computes the same, without the batch normalisation that stands behind a convolution.

    Parameters
    ----------
    network : keras.Model
        From `training.fit.network.build_network`.

    Returns
    -------
    keras.Model
        With as many layers under the same names: a normalisation that went into its convolution passes on what it gets.
    """
    import keras

    pairs = _find_pairs(network)
    folded = {convolution.name for convolution in pairs.values()}

    def copy(layer: Any) -> Any:
        if layer.name in pairs:
            return keras.layers.Activation("linear", name=layer.name)
        biased = {"use_bias": True} if layer.name in folded else {}
        return type(layer).from_config(layer.get_config() | biased)

    def call(layer: Any, inputs: Any, *arguments: Any, **options: Any) -> Any:
        return layer(inputs) if layer.name in pairs else layer(inputs, *arguments, **options)

    copied = keras.models.clone_model(network, clone_function=copy, call_function=call)
    normalisations = {convolution.name: network.get_layer(name) for name, convolution in pairs.items()}
    for layer in network.layers:
        if layer.weights and layer.name not in pairs:
            normalisation = normalisations.get(layer.name)
            merged = _merge(layer, normalisation) if normalisation else layer.get_weights()
            copied.get_layer(layer.name).set_weights(merged)
    return copied


def _find_pairs(network: Any) -> dict[str, Any]:
    """Return by the name of each normalisation the convolution that it alone gets its numbers from."""
    pairs = {}
    for layer in network.layers:
        if type(layer).__name__ == "BatchNormalization":
            before = layer.input._keras_history.operation
            is_alone = len(before._outbound_nodes) == 1
            if type(before).__name__ in ("Conv2D", "DepthwiseConv2D") and is_alone:
                pairs[layer.name] = before
    return pairs


def _merge(convolution: Any, normalisation: Any) -> list[np.ndarray]:
    import keras

    kernel, *bias = (each.astype(np.float64) for each in convolution.get_weights())
    mean, variance = (
        keras.ops.convert_to_numpy(each) for each in (normalisation.moving_mean, normalisation.moving_variance)
    )
    factor = 1.0 / np.sqrt(variance.astype(np.float64) + normalisation.epsilon)
    if normalisation.scale:
        factor = factor * keras.ops.convert_to_numpy(normalisation.gamma)
    shift = keras.ops.convert_to_numpy(normalisation.beta) if normalisation.center else 0.0
    is_depthwise = type(convolution).__name__ == "DepthwiseConv2D"
    widened = factor.reshape(kernel.shape[2:]) if is_depthwise else factor
    merged = kernel * widened, ((bias[0] if bias else 0.0) - mean) * factor + shift
    return [each.astype(np.float32) for each in merged]
