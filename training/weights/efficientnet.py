"""EfficientNet-Lite0 in Keras, with the weights that were published for PyTorch.

The network is that of Tan and Le (ICML 2019) without squeeze and excitation and with ReLU6; its layers have the names
of the checkpoint, so that each finds its own weights.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

INPUT_SIZE = 224
CLASSES = 1000
STEM, HEAD = 32, 1280
STAGES = (
    # how often, kernel, stride of the first, expansion, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)

Tensors = Mapping[str, npt.NDArray[Any]]


def build_efficientnet_lite0(tensors: Tensors) -> Any:
    """Build the network, an image classifier of 1000 classes, and give it the checkpoint's weights.

    Parameters
    ----------
    tensors : mapping
        From `training.weights.checkpoint.read_tensors`.

    Returns
    -------
    keras.Model
        Input (batch, 224, 224, 3), 8-bit values scaled by (x - 127) / 128.

    Raises
    ------
    KeyError, ValueError
        A layer's weights are missing, or have another shape.
    """
    import keras

    picture = keras.Input((INPUT_SIZE, INPUT_SIZE, 3))
    features = _activate(_convolve(picture, "_conv_stem", "_bn0", STEM, kernel=3, stride=2))
    channels, number = STEM, 0
    for repeats, kernel, stride, expansion, width in STAGES:
        for place in range(repeats):
            features = _add_block(features, number, kernel, stride if place == 0 else 1, channels * expansion, width)
            channels, number = width, number + 1
    features = _activate(_convolve(features, "_conv_head", "_bn1", HEAD))
    pooled = keras.layers.GlobalAveragePooling2D()(features)
    answers = keras.layers.Dense(CLASSES, activation="softmax", name="_fc")(pooled)
    network = keras.Model(picture, answers, name="efficientnet_lite0")
    for layer in network.layers:
        if layer.weights:
            layer.set_weights(_find_weights(layer, tensors))
    return network


def _add_block(features: Any, number: int, kernel: int, stride: int, wide: int, width: int) -> Any:
    """Add an inverted residual block: widen, look round in each channel, narrow; and add what came in, if it fits."""
    import keras

    name = f"_blocks-{number}-"
    inner, channels = features, features.shape[-1]
    if wide != channels:
        inner = _activate(_convolve(inner, f"{name}_expand_conv", f"{name}_bn0", wide))
    depthwise = keras.layers.DepthwiseConv2D(
        kernel, strides=stride, padding="same", use_bias=False, name=f"{name}_depthwise_conv"
    )
    inner = _activate(_normalize(depthwise(inner), f"{name}_bn1"))
    inner = _convolve(inner, f"{name}_project_conv", f"{name}_bn2", width)
    return keras.layers.Add()([inner, features]) if stride == 1 and channels == width else inner


def _convolve(features: Any, name: str, normalization: str, filters: int, *, kernel: int = 1, stride: int = 1) -> Any:
    import keras

    layer = keras.layers.Conv2D(filters, kernel, strides=stride, padding="same", use_bias=False, name=name)
    return _normalize(layer(features), normalization)


def _normalize(features: Any, name: str) -> Any:
    import keras

    return keras.layers.BatchNormalization(epsilon=1e-3, momentum=0.99, name=name)(features)


def _activate(features: Any) -> Any:
    import keras

    return keras.layers.ReLU(6.0)(features)


def _find_weights(layer: Any, tensors: Tensors) -> list[npt.NDArray[np.float32]]:
    """Return a layer's weights in Keras' order of axes."""
    name, kind = layer.name.replace("-", "."), type(layer).__name__
    if kind == "BatchNormalization":
        return [tensors[f"{name}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")]
    kernel = tensors[f"{name}.weight"]
    if kind == "Dense":
        return [kernel.T, tensors[f"{name}.bias"]]
    # PyTorch has (out, in, rows, columns); for depthwise ones "in" is 1
    return [kernel.transpose((2, 3, 0, 1) if kind == "DepthwiseConv2D" else (2, 3, 1, 0))]
