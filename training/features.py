"""The pooled features of a bundle's network: what its linear head sees."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from inference.bundle import KERAS_NAME

BATCH = 32


def pool_features(folder: Path, framed: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Compute the features under the head of a bundle's network, averaged over the picture.

    Parameters
    ----------
    folder : Path
        The bundle's folder, verified.
    framed : numpy.ndarray
        uint8 (films, size, size): model inputs.

    Returns
    -------
    numpy.ndarray
        float64 (films, channels).
    """
    import keras

    from training.network import find_features

    network = keras.saving.load_model(folder / KERAS_NAME, compile=False, safe_mode=True)
    pooled = keras.layers.GlobalAveragePooling2D()(find_features(network))
    trunk = keras.Model(network.input, pooled)
    batches = [
        trunk.predict_on_batch(framed[start : start + BATCH, :, :, np.newaxis].astype(np.float32) / 255.0)
        for start in range(0, len(framed), BATCH)
    ]
    return np.concatenate(batches).astype(np.float64)
