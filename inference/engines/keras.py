"""The Keras engine: a bundle's `model.keras` on whatever backend and device Keras has, in float32 or float16.

Only the Keras API is used, but for one call, so it runs on TensorFlow and on JAX (`KERAS_BACKEND`). Which device it
gets, and that GPU memory is taken as it is needed, is decided by the environment of its process
(`worker.engines.devices`).
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from inference.bundle import BundleCorruptError
from inference.engines.protocol import LOGITS_NAME, MAPS_NAME, EngineUnavailableError

FLOAT32 = "float32"
MIXED = "mixed_float16"


class KerasEngine:
    """Runs `model.keras`, loaded in safe mode: a file that would execute code of its own is refused.

    Parameters
    ----------
    path : Path
        The file.
    half : bool
        Compute in float16, with float32 weights and outputs.
    compiled : bool
        Compile with XLA, once for each batch size; otherwise Keras decides. TensorFlow gains by it on GPUs alone.
    """

    def __init__(self, path: Path, *, half: bool = False, compiled: bool = False) -> None:
        try:
            import keras
        except ImportError as error:
            raise EngineUnavailableError("the engine keras needs the training dependencies") from error
        try:
            model: Any = keras.saving.load_model(path, compile=False, safe_mode=True)
            self.input_size = int(model.input_shape[1])
            self.output_count = int(model.get_layer(LOGITS_NAME).output.shape[-1])
        except (KeyError, OSError, TypeError, ValueError) as error:
            raise BundleCorruptError(f"{path.name} is not a Keras model with the expected layers") from error
        self._model = _to_half(model) if half else model
        if compiled:
            self._model.compile(jit_compile=True)

    def run(self, batch: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Return logits and activation maps, see `inference.engines.protocol.Engine.run`."""
        answer = self._model.predict_on_batch(batch)
        return np.asarray(answer[LOGITS_NAME]), np.asarray(answer[MAPS_NAME])


def has_gpu() -> bool:
    """Say whether Keras sees a GPU."""
    import keras

    # Asked for GPUs by name, JAX raises where there are none; asked for devices, each backend names its best ones.
    return any(not device.startswith(("cpu", "tpu")) for device in keras.distribution.list_devices())


def forbid_tf32() -> None:
    """Keep TensorFlow from rounding float32 to 10 bits on a GPU; JAX is kept from it by the environment."""
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.experimental.enable_tensor_float_32_execution(False)


def _to_half(model: Any) -> Any:
    """Build the same graph anew, computing in float16; the activation maps and the logits stay float32."""
    import keras

    def rebuild(layer: Any) -> Any:
        precision = FLOAT32 if layer.name in (LOGITS_NAME, MAPS_NAME) else MIXED
        return type(layer).from_config(layer.get_config() | {"dtype": precision})

    half = keras.models.clone_model(model, clone_function=rebuild)
    half.set_weights(model.get_weights())
    return half
