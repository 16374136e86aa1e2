"""The LiteRT file of a network. Only TensorFlow can write it; on another backend of Keras another process does."""

import os
import subprocess
import sys
from pathlib import Path

from inference.engines.litert import native_messages_to_log
from inference.engines.protocol import INPUT_NAME

BACKEND = "tensorflow"


def write_litert(source: Path, target: Path) -> None:
    """Convert a `.keras` file into a `.tflite` file, float32, for batches of 1.

    Raises
    ------
    subprocess.CalledProcessError
        Under another backend, if TensorFlow is missing or fails; what it wrote stands on standard error.
    """
    import keras

    if keras.backend.backend() != BACKEND:
        command = [sys.executable, "-m", __name__, str(source), str(target)]
        subprocess.run(command, check=True, env={**os.environ, "KERAS_BACKEND": BACKEND})  # noqa: S603 - our own module
        return
    # the converter reports each of its steps, and what is wrong it raises
    with native_messages_to_log():
        _convert(source, target)


def _convert(source: Path, target: Path) -> None:
    import keras

    network = keras.saving.load_model(source, compile=False, safe_mode=True)
    size = network.input_shape[1]
    signature = [keras.InputSpec(shape=(1, size, size, 1), dtype="float32", name=INPUT_NAME)]
    network.export(target, format="litert", input_signature=signature, verbose=False)


if __name__ == "__main__":
    write_litert(*map(Path, sys.argv[1:]))
