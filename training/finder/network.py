"""The finder's network: a small U-net (Ronneberger et al., MICCAI 2015), a head for kinds, and a second look.

The second look is a branch of its own for pictures in which the lungs are found readily and that are no chest film all
the same: slices of CT, two films in one picture, screens, photographs of a monitor. It is learnt last, with everything
else frozen, so that a gate can learn a new kind of picture without moving a single lung's edge: a classifier stays
valid behind it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from inference.engines.protocol import INPUT_NAME
from inference.lungs import DISTANCE_OUTPUT, KINDS, KINDS_OUTPUT, LUNGS_OUTPUT

SIZE = 128
LUNGS_SIZE = SIZE // 2
WIDTHS = (16, 32, 48, 64, 80)
FEATURES = WIDTHS[-2] + WIDTHS[-1]
FEATURES_OUTPUT = "features"
LOOK_WIDTHS = (24, 40, 56)
LOOK_OUTPUT = "second_look"
_LEARNT = ("CONV_2D", "FULLY_CONNECTED")

Constants: TypeAlias = list[npt.NDArray[np.float32]]


def build_finder(*, folded: bool = False) -> Any:
    """Build the network for training.

    The first convolution halves the picture already, so that a film costs 2 ms; lungs need no finer edges.

    Parameters
    ----------
    folded : bool
        With biases in place of batch normalisation, as a LiteRT file holds it.

    Returns
    -------
    keras.Model
        Input float32 (batch, 128, 128, 1) in [0, 1]. Outputs: `lungs`, logits (batch, 64, 64, 1); `kinds`, logits
        (batch, kinds); `features`, float32 (batch, 144), on which the distance is measured.
    """
    import keras

    radiograph = keras.Input((SIZE, SIZE, 1), name=INPUT_NAME)
    stages = [_twice(keras.layers.Rescaling(2.0, -1.0)(radiograph), WIDTHS[0], folded)]
    for width in WIDTHS[1:]:
        stages.append(_twice(stages[-1], width, folded))
    up = stages[-1]
    for stage, width in zip(stages[-2::-1], WIDTHS[-2::-1], strict=True):
        up = _convolve(keras.layers.Concatenate()([keras.layers.UpSampling2D(2)(up), stage]), width, folded=folded)
    lungs = keras.layers.Conv2D(1, 1, name=LUNGS_OUTPUT)(up)
    pooled = [keras.layers.GlobalAveragePooling2D()(stage) for stage in stages[-2:]]
    features = keras.layers.Concatenate(name=FEATURES_OUTPUT)(pooled)
    hidden = keras.layers.Dense(48, activation="relu")(keras.layers.Dropout(0.1)(features))
    kinds = keras.layers.Dense(len(KINDS), name=KINDS_OUTPUT)(keras.layers.Dropout(0.1)(hidden))
    return keras.Model(radiograph, {LUNGS_OUTPUT: lungs, KINDS_OUTPUT: kinds, FEATURES_OUTPUT: features})


def add_second_look(network: Any, weights: Sequence[Constants] = ()) -> Any:
    """Freeze a trained finder and add the branch that looks again at what passes for a frontal film.

    It sees the edges of the frozen first stage, and where lungs were found: two films have four.

    Parameters
    ----------
    network : keras.Model
        From `build_finder` or `read_finder`.
    weights : sequence of list of numpy.ndarray
        Kernel and bias of each layer of a second look that `read_finder` read, to go on from; without normalisation.

    Returns
    -------
    keras.Model
        The outputs of `network` and `second_look`, one logit (batch, 1): positive for what is no chest film.
    """
    import keras

    network.trainable = False
    convolutions = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    edges = keras.layers.ReLU()(_end_of_block(network, convolutions[1]))
    found = keras.layers.AveragePooling2D(4)(keras.ops.sigmoid(network.output[LUNGS_OUTPUT]))
    folded = bool(weights)
    look = _look(edges, LOOK_WIDTHS[0], 0, folded)
    look = _look(look, LOOK_WIDTHS[1], 1, folded)
    look = _look(keras.layers.Concatenate()([look, found]), LOOK_WIDTHS[2], 2, folded)
    pooled = keras.layers.GlobalAveragePooling2D()(look)
    grid = keras.layers.Flatten()(keras.layers.AveragePooling2D(2)(look))
    hidden = keras.layers.Concatenate()([pooled, keras.layers.Dropout(0.2)(grid), network.output[FEATURES_OUTPUT]])
    hidden = keras.layers.Dense(48, activation="relu", name=f"{LOOK_OUTPUT}_hidden")(hidden)
    logit = keras.layers.Dense(1, name=LOOK_OUTPUT)(keras.layers.Dropout(0.2)(hidden))
    looking = keras.Model(network.inputs, {**network.output, LOOK_OUTPUT: logit})
    own = [layer for layer in looking.layers if layer.name.startswith(LOOK_OUTPUT)] if folded else []
    for layer, constants in zip(own, weights, strict=True) if folded else ():
        layer.set_weights(constants)
    return looking


def _end_of_block(network: Any, convolution: Any) -> Any:
    """Return what the block of a convolution gives before its rectifier."""
    after = network.layers[network.layers.index(convolution) + 1]
    return after.output if "normalization" in after.name else convolution.output


def _look(inputs: Any, width: int, number: int, folded: bool) -> Any:
    import keras

    for part, strides in enumerate((2, 1)):
        name = f"{LOOK_OUTPUT}_{number}_{part}"
        inputs = keras.layers.Conv2D(width, 3, strides, padding="same", use_bias=folded, name=name)(inputs)
        if not folded:
            inputs = keras.layers.BatchNormalization(momentum=0.98, name=f"{name}_normalization")(inputs)
        inputs = keras.layers.ReLU()(inputs)
    return inputs


def finish_finder(network: Any, mean: npt.NDArray[np.float64], whitening: npt.NDArray[np.float64]) -> Any:
    """Turn logits into probabilities and features into a Mahalanobis distance, inside the graph.

    The second look divides the share of what the first one takes for frontal between `frontal` and `other`.

    Parameters
    ----------
    network : keras.Model
        From `add_second_look`.
    mean, whitening : numpy.ndarray
        float64 (144,) and (144, 144): features minus the mean times the whitening have unit covariance on good films.

    Returns
    -------
    keras.Model
        Outputs as `inference.lungs.LungFinder` expects them.
    """
    import keras

    white = keras.layers.Dense(whitening.shape[1], name="whitening")(network.output[FEATURES_OUTPUT])
    first = keras.ops.softmax(network.output[KINDS_OUTPUT])
    moved = first[:, :1] * keras.ops.sigmoid(network.output[LOOK_OUTPUT])
    kinds = keras.ops.concatenate([first[:, :1] - moved, first[:, 1:-1], first[:, -1:] + moved], axis=1)
    outputs = {
        LUNGS_OUTPUT: keras.ops.sigmoid(network.output[LUNGS_OUTPUT]),
        KINDS_OUTPUT: kinds,
        DISTANCE_OUTPUT: keras.ops.sqrt(keras.ops.sum(keras.ops.square(white), axis=-1, keepdims=True)),
    }
    finished = keras.Model(network.inputs, outputs)
    finished.get_layer("whitening").set_weights([whitening.astype(np.float32), (-mean @ whitening).astype(np.float32)])
    return finished


class FinderParts(NamedTuple):
    """What `read_finder` reads.

    Attributes
    ----------
    network : keras.Model
        What `build_finder(folded=True)` builds.
    mean, whitening : numpy.ndarray
        As `finish_finder` takes them.
    second_look : list of list of numpy.ndarray
        Kernel and bias of each of its layers; empty where the file has no second look.
    """

    network: Any
    mean: npt.NDArray[np.float64]
    whitening: npt.NDArray[np.float64]
    second_look: list[Constants]


def read_finder(path: Path) -> FinderParts:
    """Read a finder back from a bundle's `lungs.tflite`, as `finish_finder` and `write_litert` made it."""
    found = _read_constants(path)
    first = [constants for name, constants in found if LOOK_OUTPUT not in name]
    convolutions, dense = ([each for each in first if each[0].ndim == axes] for axes in (4, 2))
    network = build_finder(folded=True)
    for layer in network.layers:
        if layer.get_weights():
            layer.set_weights(convolutions.pop(0) if layer.get_weights()[0].ndim == 4 else dense.pop(0))
    whitening, bias = (np.asarray(each, dtype=np.float64) for each in dense.pop(0))
    mean = np.asarray(-np.linalg.solve(whitening.T, bias), dtype=np.float64)
    return FinderParts(network, mean, whitening, [constants for name, constants in found if LOOK_OUTPUT in name])


def _read_constants(path: Path) -> list[tuple[str, Constants]]:
    """Return name, kernel and bias of convolutions and dense layers in the order of the graph."""
    from ai_edge_litert.interpreter import Interpreter

    graph = Interpreter(model_path=str(path))
    graph.allocate_tensors()
    names = {each["index"]: str(each["name"]) for each in graph.get_tensor_details()}
    found: list[tuple[str, Constants]] = []
    for operation in graph._get_ops_details():
        if operation["op_name"] in _LEARNT:
            kernel, at_bias = graph.get_tensor(int(operation["inputs"][1])), int(operation["inputs"][2])
            # a bias of zeros is left out by the converter
            bias = np.zeros(len(kernel), np.float32) if at_bias < 0 else graph.get_tensor(at_bias)
            turned = kernel.transpose(1, 2, 3, 0) if kernel.ndim == 4 else kernel.T
            found.append((names[int(operation["inputs"][1])], [turned, bias]))
    return found


def _twice(inputs: Any, width: int, folded: bool) -> Any:
    return _convolve(_convolve(inputs, width, strides=2, folded=folded), width, folded=folded)


def _convolve(inputs: Any, width: int, strides: int = 1, *, folded: bool) -> Any:
    import keras

    convolved = keras.layers.Conv2D(width, 3, strides, padding="same", use_bias=folded)(inputs)
    normalized = convolved if folded else keras.layers.BatchNormalization(momentum=0.95)(convolved)
    return keras.layers.ReLU()(normalized)
