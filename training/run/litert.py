"""The LiteRT file of a network. Only TensorFlow can write it; on another backend of Keras another process does."""

import os
import subprocess
import sys
from pathlib import Path

from inference.engines.litert import native_messages_to_log
from inference.engines.protocol import INPUT_NAME

BACKEND = "tensorflow"
FLOAT16 = "float16"


def write_litert(source: Path, target: Path, *, keeps_float16: bool = False) -> None:
    """Convert a `.keras` file into a `.tflite` file that computes in float32, for batches of 1.

    Parameters
    ----------
    source, target : Path
        The files.
    keeps_float16 : bool
        Write the weights as float16: half the size, and exact where they were rounded to that before.

    Raises
    ------
    subprocess.CalledProcessError
        Under another backend, if TensorFlow is missing or fails; what it wrote stands on standard error.
    """
    import keras

    if keras.backend.backend() != BACKEND:
        command = [sys.executable, "-m", __name__, str(source), str(target), *([FLOAT16] if keeps_float16 else [])]
        subprocess.run(command, check=True, env={**os.environ, "KERAS_BACKEND": BACKEND})  # noqa: S603 - our own module
        return
    # the converter reports each of its steps, and what is wrong it raises
    with native_messages_to_log():
        _convert(source, target, keeps_float16=keeps_float16)


def _convert(source: Path, target: Path, *, keeps_float16: bool) -> None:
    import keras
    import tensorflow as tf

    network = keras.saving.load_model(source, compile=False, safe_mode=True)
    size = network.input_shape[1]
    signature = [keras.InputSpec(shape=(1, size, size, 1), dtype="float32", name=INPUT_NAME)]
    half = {"optimizations": [tf.lite.Optimize.DEFAULT], "target_spec": {"supported_types": [tf.float16]}}
    options = half if keeps_float16 else {}
    network.export(target, format="litert", input_signature=signature, verbose=False, **options)


if __name__ == "__main__":
    write_litert(*map(Path, sys.argv[1:3]), keeps_float16=FLOAT16 in sys.argv[3:])
