"""The pooled features of a bundle's network: what its linear head sees."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from inference.bundle import KERAS_NAME
from inference.engines.litert import native_messages_to_log

BATCH = 32


def pool_features(folder: Path, framed: npt.NDArray[np.uint8], console: Console) -> npt.NDArray[np.float64]:
    """Compute the features under the head of a bundle's network, averaged over the picture.

    Parameters
    ----------
    folder : Path
        The bundle's folder, verified.
    framed : numpy.ndarray
        uint8 (films, size, size): model inputs.
    console : rich.console.Console
        For the progress bar.

    Returns
    -------
    numpy.ndarray
        float64 (films, channels).
    """
    trunk = _load_trunk(folder)
    starts = range(0, len(framed), BATCH)
    batches = [
        trunk.predict_on_batch(_to_input(framed[start : start + BATCH]))
        for start in track(starts, "computing features", console=console)
    ]
    return np.concatenate(batches).astype(np.float64)


def _load_trunk(folder: Path) -> Any:
    # TensorFlow greets whoever imports it and runs a network for the first time
    with native_messages_to_log():
        import keras

        from training.fit.network import find_features

        network = keras.saving.load_model(folder / KERAS_NAME, compile=False, safe_mode=True)
        pooled = keras.layers.GlobalAveragePooling2D()(find_features(network))
        trunk = keras.Model(network.input, pooled)
        trunk.predict_on_batch(np.zeros((1, *network.input_shape[1:]), np.float32))
    return trunk


def _to_input(framed: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    return framed[..., np.newaxis].astype(np.float32) / np.float32(255)
