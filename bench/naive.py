"""What the notebooks of 2020 did, file by file: pydicom, Pillow, Keras ``predict``; a process of its own.

Run as ``python -m bench.naive MODEL FILE ...``; prints the mean seconds a file as JSON, the first file not counted.
"""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from PIL import Image

from inference.bundle import KERAS_NAME


def main(arguments: Sequence[str]) -> None:
    """Load the network once, then answer for each file."""
    import keras

    network = keras.saving.load_model(Path(arguments[0]) / KERAS_NAME)
    seconds = [_answer(network, Path(argument)) for argument in arguments[1:]]
    sys.stdout.write(json.dumps(sum(seconds[1:]) / len(seconds[1:])))


def _answer(network: Any, path: Path) -> float:
    began = time.perf_counter()
    stored = pydicom.dcmread(path).pixel_array
    gray = (255.0 * (stored - stored.min()) / (stored.max() - stored.min())).astype(np.uint8)
    size = network.input_shape[1]
    pixels = np.asarray(Image.fromarray(gray).resize((size, size))) / 255.0
    network.predict(pixels[np.newaxis, :, :, np.newaxis], verbose=0)
    return time.perf_counter() - began


if __name__ == "__main__":
    main(sys.argv[1:])
