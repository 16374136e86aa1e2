"""The network: a pretrained backbone, one 1 x 1 convolution and global average pooling.

The 1 x 1 convolution maps the last features to one class activation map an output; its spatial mean is the logit.
A global average pooling followed by a dense layer is the same function (both are linear, so they commute), but in
this order the maps that explain an answer are the answer's own summands, without a gradient (Zhou et al., CVPR 2016).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from inference.bundle import KERAS_NAME, SHIPPED_BUNDLE
from inference.engines import INPUT_NAME, LOGITS_NAME, MAPS_NAME

BACKBONE = "efficientnet_lite0"
INPUT_SCALING: Mapping[str, tuple[float, float]] = {
    # Published preprocessing (x - 127) / 128 of 8-bit values, written for an input in [0, 1].
    BACKBONE: (255.0 / 128.0, -127.0 / 128.0),
}


class WeightsError(ValueError):
    """The file given as `weights` holds no backbone that this network can be built on."""


def build_network(
    weights: str, output_count: int, input_size: int, *, scaling: tuple[float, float] | None = None
) -> Any:
    """Build the classifier network on a pretrained backbone.

    Parameters
    ----------
    weights : str
        `shipped`: the backbone of the bundle that ships; else the path of a `.keras` file, either a network built
        here or an image classifier with three input channels.
    output_count : int
        Number of logits.
    input_size : int
        Rows and columns in pixels.
    scaling : tuple of float, optional
        Scale and offset that a three-channel backbone expects to be applied to [0, 1]; EfficientNet-Lite0's by default.

    Returns
    -------
    keras.Model
        Input float32 (batch, size, size, 1) in [0, 1]; outputs `logits` (batch, outputs) and `activation_maps`
        (batch, rows, columns, outputs).

    Raises
    ------
    WeightsError
        No backbone in the file.
    """
    import keras

    source = _load(weights)
    radiograph = keras.Input((input_size, input_size, 1), name=INPUT_NAME)
    channels = source.input_shape[-1]
    if channels not in (1, 3):
        raise WeightsError(f"a backbone with {channels} input channels: accepted are 1 and 3")
    # A one-channel backbone was built here: its own scaling is already inside.
    stem = keras.layers.Rescaling(*(scaling or INPUT_SCALING[BACKBONE]), name="scaling") if channels == 3 else None
    features = _copy_backbone(source, radiograph, stem)
    maps = keras.layers.Conv2D(output_count, 1, name=MAPS_NAME)(features)
    logits = keras.layers.GlobalAveragePooling2D(name=LOGITS_NAME)(maps)
    return keras.Model(radiograph, {LOGITS_NAME: logits, MAPS_NAME: maps}, name="classifier")


def find_features(network: Any) -> Any:
    """Return the tensor (batch, rows, columns, channels) of the last features, on which the head stands.

    Raises
    ------
    WeightsError
        The network neither was built here, nor pools its features, nor ends with them.
    """
    names = [layer.name for layer in network.layers]
    if MAPS_NAME in names:
        return network.get_layer(MAPS_NAME).input
    for layer in reversed(network.layers):
        if type(layer).__name__ == "GlobalAveragePooling2D":
            return layer.input
    if len(network.output_shape) == 4:
        return network.output
    raise WeightsError("no global average pooling in the network given as weights")


def set_head(network: Any, kernel: npt.NDArray[np.float32], bias: npt.NDArray[np.float32]) -> None:
    """Put the weights of a linear classifier of pooled features, (channels, outputs) and (outputs,), into the head."""
    network.get_layer(MAPS_NAME).set_weights([kernel[np.newaxis, np.newaxis], bias])


def freeze_backbone(network: Any, trainable_layers: int) -> None:
    """Leave only the last `trainable_layers` layers trainable, and no batch normalisation.

    Batch normalisation keeps its ImageNet statistics: batches balanced by source do not look like what is served.
    """
    first = len(network.layers) - trainable_layers
    for position, layer in enumerate(network.layers):
        layer.trainable = position >= first and type(layer).__name__ != "BatchNormalization"


def _load(weights: str) -> Any:
    import keras

    path = SHIPPED_BUNDLE / KERAS_NAME if weights == "shipped" else Path(weights)
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except (OSError, TypeError, ValueError) as error:
        raise WeightsError(f"no Keras model can be read from the weights file {path.name}") from error


def _copy_backbone(source: Any, radiograph: Any, scaling: Any) -> Any:
    """Lay fresh copies of the layers up to the last features over `radiograph`; a three-channel stem becomes one."""
    import keras

    def call(layer: Any, inputs: Any, *arguments: Any, **options: Any) -> Any:
        scaled = scaling(inputs) if scaling is not None and inputs is radiograph else inputs
        return layer(scaled, *arguments, **options)

    backbone = keras.Model(source.inputs, find_features(source))
    copy = keras.models.clone_model(
        backbone,
        input_tensors=[radiograph],
        clone_function=_copy_layer,
        call_function=call,
    )
    shapes = [tuple(variable.shape) for variable in copy.weights]
    copy.set_weights(_fold_stem(backbone.get_weights(), shapes))
    return copy.output


def _copy_layer(layer: Any) -> Any:
    # TensorFlow's exporter refuses names that begin with an underscore, as those of converted weights do.
    return type(layer).from_config(layer.get_config() | {"name": layer.name.lstrip("_")})


def _fold_stem(
    weights: Sequence[npt.NDArray[np.float32]], shapes: Sequence[tuple[int, ...]]
) -> list[npt.NDArray[np.float32]]:
    """Sum the stem's kernel over its colours: on three equal channels that is the same convolution, and cheaper."""
    folded = [
        kernel.sum(axis=2, keepdims=True) if kernel.ndim == 4 and shape[2] == 1 and kernel.shape[2] == 3 else kernel
        for kernel, shape in zip(weights, shapes, strict=True)
    ]
    return [np.asarray(kernel, dtype=np.float32) for kernel in folded]
