"""The finder's network: a small U-net (Ronneberger et al., MICCAI 2015) with a second head on its encoder."""

from typing import Any

import numpy as np
import numpy.typing as npt

from inference.engines.protocol import INPUT_NAME
from inference.lungs import DISTANCE_OUTPUT, KINDS, KINDS_OUTPUT, LUNGS_OUTPUT

SIZE = 128
LUNGS_SIZE = SIZE // 2
WIDTHS = (16, 32, 48, 64, 80)
FEATURES = WIDTHS[-2] + WIDTHS[-1]
FEATURES_OUTPUT = "features"


def build_finder() -> Any:
    """Build the network for training.

    The first convolution halves the picture already, so that a film costs 2 ms; lungs need no finer edges.

    Returns
    -------
    keras.Model
        Input float32 (batch, 128, 128, 1) in [0, 1]. Outputs: `lungs`, logits (batch, 64, 64, 1); `kinds`, logits
        (batch, kinds); `features`, float32 (batch, 144), on which the distance is measured.
    """
    import keras

    radiograph = keras.Input((SIZE, SIZE, 1), name=INPUT_NAME)
    stages = [_twice(keras.layers.Rescaling(2.0, -1.0)(radiograph), WIDTHS[0])]
    for width in WIDTHS[1:]:
        stages.append(_twice(stages[-1], width))
    up = stages[-1]
    for stage, width in zip(stages[-2::-1], WIDTHS[-2::-1], strict=True):
        up = _convolve(keras.layers.Concatenate()([keras.layers.UpSampling2D(2)(up), stage]), width)
    lungs = keras.layers.Conv2D(1, 1, name=LUNGS_OUTPUT)(up)
    pooled = [keras.layers.GlobalAveragePooling2D()(stage) for stage in stages[-2:]]
    features = keras.layers.Concatenate(name=FEATURES_OUTPUT)(pooled)
    hidden = keras.layers.Dense(48, activation="relu")(keras.layers.Dropout(0.1)(features))
    kinds = keras.layers.Dense(len(KINDS), name=KINDS_OUTPUT)(keras.layers.Dropout(0.1)(hidden))
    return keras.Model(radiograph, {LUNGS_OUTPUT: lungs, KINDS_OUTPUT: kinds, FEATURES_OUTPUT: features})


def finish_finder(network: Any, mean: npt.NDArray[np.float64], whitening: npt.NDArray[np.float64]) -> Any:
    """Turn logits into probabilities and features into a Mahalanobis distance, inside the graph.

    Parameters
    ----------
    network : keras.Model
        From `build_finder`.
    mean, whitening : numpy.ndarray
        float64 (144,) and (144, 144): features minus the mean times the whitening have unit covariance on good films.

    Returns
    -------
    keras.Model
        Outputs as `inference.lungs.LungFinder` expects them.
    """
    import keras

    white = keras.layers.Dense(whitening.shape[1], name="whitening")(network.output[FEATURES_OUTPUT])
    outputs = {
        LUNGS_OUTPUT: keras.ops.sigmoid(network.output[LUNGS_OUTPUT]),
        KINDS_OUTPUT: keras.ops.softmax(network.output[KINDS_OUTPUT]),
        DISTANCE_OUTPUT: keras.ops.sqrt(keras.ops.sum(keras.ops.square(white), axis=-1, keepdims=True)),
    }
    finished = keras.Model(network.inputs, outputs)
    finished.get_layer("whitening").set_weights([whitening.astype(np.float32), (-mean @ whitening).astype(np.float32)])
    return finished


def _twice(inputs: Any, width: int) -> Any:
    return _convolve(_convolve(inputs, width, strides=2), width)


def _convolve(inputs: Any, width: int, strides: int = 1) -> Any:
    import keras

    convolved = keras.layers.Conv2D(width, 3, strides, padding="same", use_bias=False)(inputs)
    return keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.95)(convolved))
