"""The network: a pretrained backbone, one 1 x 1 convolution and global average pooling.

The 1 x 1 convolution maps the last features to one class activation map an output; its spatial mean is the logit.
A global average pooling followed by a dense layer is the same function (both are linear, so they commute), but in
this order the maps that explain an answer are the answer's own summands, without a gradient (Zhou et al., CVPR 2016).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from inference.engines.protocol import INPUT_NAME, LOGITS_NAME, MAPS_NAME
from training.fit.backbones import DEFAULT_BACKBONE, INPUT_SCALING, WeightsError, read_backbone


def build_network(
    weights: str,
    output_count: int,
    input_size: int,
    *,
    backbone: str = DEFAULT_BACKBONE,
    imagenet_file: Path | None = None,
    precision: str = "float32",
    known_outputs: Sequence[int] = (),
) -> Any:
    """Build the classifier network on a backbone.

    Parameters
    ----------
    weights, backbone, imagenet_file
        What the backbone is and starts from, see `training.fit.backbones`.
    output_count : int
        Number of logits.
    input_size : int
        Rows and columns in pixels.
    precision : {"float32", "mixed_float16"}
        Of the backbone; the head computes in float32 either way.
    known_outputs : sequence of int
        For each output its place in the head of the network that the weights are of, to begin with; empty: a new head.

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

    source = read_backbone(backbone, weights, imagenet_file, input_size)
    radiograph = keras.Input((input_size, input_size, 1), name=INPUT_NAME)
    features = _copy_backbone(source, radiograph, _build_scaling(source, backbone, precision), precision)
    maps = keras.layers.Conv2D(output_count, 1, name=MAPS_NAME, dtype="float32")(features)
    logits = keras.layers.GlobalAveragePooling2D(name=LOGITS_NAME, dtype="float32")(maps)
    network = keras.Model(radiograph, {LOGITS_NAME: logits, MAPS_NAME: maps}, name="classifier")
    if known_outputs:
        kernel, bias = get_head(source)
        set_head(network, kernel[:, list(known_outputs)], bias[list(known_outputs)])
    return network


def _build_scaling(source: Any, backbone: str, precision: str) -> Any:
    """Build the layer that scales to what the backbone expects; None for one that was built here: it holds its own."""
    import keras

    channels = source.input_shape[-1]
    if channels not in (1, 3):
        raise WeightsError(f"a backbone with {channels} input channels: accepted are 1 and 3")
    return keras.layers.Rescaling(*INPUT_SCALING[backbone], name="scaling", dtype=precision) if channels == 3 else None


def to_float32(network: Any) -> Any:
    """Return the same network computing in float32: mixed precision is for training, not for what is served."""
    import keras

    copy = keras.models.clone_model(network, clone_function=lambda layer: _copy_layer(layer, "float32"))
    copy.set_weights(network.get_weights())
    return copy


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


def get_head(network: Any) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return the head as a linear classifier of pooled features: (channels, outputs) and (outputs,)."""
    kernel, bias = network.get_layer(MAPS_NAME).get_weights()
    return kernel[0, 0], bias


def set_head(network: Any, kernel: npt.NDArray[np.float32], bias: npt.NDArray[np.float32]) -> None:
    """Put the weights of a linear classifier of pooled features, (channels, outputs) and (outputs,), into the head."""
    network.get_layer(MAPS_NAME).set_weights([kernel[np.newaxis, np.newaxis], bias])


def freeze_backbone(network: Any, trainable_layers: int) -> None:
    """Leave only the last `trainable_layers` layers trainable, and no batch normalisation.

    Batch normalisation keeps its ImageNet statistics: batches balanced by source do not look like what is served.
    (A network with random weights has no statistics to keep: do not call this for one.)
    """
    first = len(network.layers) - trainable_layers
    for position, layer in enumerate(network.layers):
        layer.trainable = position >= first and type(layer).__name__ != "BatchNormalization"


def _copy_backbone(source: Any, radiograph: Any, scaling: Any, precision: str) -> Any:
    """Lay fresh copies of the layers up to the last features over `radiograph`; a three-channel stem becomes one."""
    import keras

    def call(layer: Any, inputs: Any, *arguments: Any, **options: Any) -> Any:
        scaled = scaling(inputs) if scaling is not None and inputs is radiograph else inputs
        return layer(scaled, *arguments, **options)

    backbone = keras.Model(source.inputs, find_features(source))
    copy = keras.models.clone_model(
        backbone,
        input_tensors=[radiograph],
        clone_function=lambda layer: _copy_layer(layer, precision),
        call_function=call,
    )
    shapes = [tuple(variable.shape) for variable in copy.weights]
    copy.set_weights(_fold_stem(backbone.get_weights(), shapes))
    return copy.output


def _copy_layer(layer: Any, precision: str) -> Any:
    # TensorFlow's exporter refuses names that begin with an underscore, as those of converted weights do.
    return type(layer).from_config(layer.get_config() | {"name": layer.name.lstrip("_"), "dtype": precision})


def _fold_stem(
    weights: Sequence[npt.NDArray[np.float32]], shapes: Sequence[tuple[int, ...]]
) -> list[npt.NDArray[np.float32]]:
    """Sum the stem's kernel over its colours: on three equal channels that is the same convolution, and cheaper."""
    folded = [
        kernel.sum(axis=2, keepdims=True) if kernel.ndim == 4 and shape[2] == 1 and kernel.shape[2] == 3 else kernel
        for kernel, shape in zip(weights, shapes, strict=True)
    ]
    return [np.asarray(kernel, dtype=np.float32) for kernel in folded]
