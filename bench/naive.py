"""What the notebooks of 2020 did, file by file: pydicom, Pillow, Keras ``predict``; a process of its own.

Run as ``python -m bench.naive NETWORK FILE ...``; prints the mean seconds a file as JSON, the first file not counted.
NETWORK is a bundle's folder, whose network then answers here too, or ``vgg16``, which is what the notebooks took; how
fast that one is does not depend on its weights, which are random here.
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
from inference.labels import LABELS

VGG16 = "vgg16"


def main(arguments: Sequence[str]) -> None:
    """Load the network once, then answer for each file."""
    network = _load(arguments[0])
    seconds = [_answer(network, Path(argument)) for argument in arguments[1:]]
    sys.stdout.write(json.dumps(sum(seconds[1:]) / len(seconds[1:])))


def _load(name: str) -> Any:
    import keras

    if name == VGG16:
        return keras.applications.VGG16(weights=None, classes=len(LABELS))
    return keras.saving.load_model(Path(name) / KERAS_NAME)


def _answer(network: Any, path: Path) -> float:
    began = time.perf_counter()
    stored = pydicom.dcmread(path).pixel_array
    gray = (255.0 * (stored - stored.min()) / (stored.max() - stored.min())).astype(np.uint8)
    _, size, _, channels = network.input_shape
    pixels = np.asarray(Image.fromarray(gray).resize((size, size))) / 255.0
    network.predict(np.repeat(pixels[np.newaxis, :, :, np.newaxis], channels, axis=3), verbose=0)
    return time.perf_counter() - began


if __name__ == "__main__":
    main(sys.argv[1:])
