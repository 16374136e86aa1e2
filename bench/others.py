"""What others do with a film, one by one, in a process of its own.

Run as ``python -m bench.others WAY FILE ...``; prints the mean seconds a file as JSON, the first file not counted. WAY:

- ``vgg16``: the notebooks of 2020, with pydicom, Pillow and Keras ``predict``, and the network that they took; how fast
  it is does not depend on its weights, which are random here.
- a bundle's folder: the same with that bundle's network.
- ``torchxrayvision``: reads and normalizes as that library does, and answers nothing.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image

from inference.bundle import KERAS_NAME
from inference.labels import LABELS

VGG16 = "vgg16"
TORCHXRAYVISION = "torchxrayvision"
PEER_SIZE = 224


def main(arguments: Sequence[str]) -> None:
    """Take each file the given way."""
    way, *paths = arguments
    take = _load_reader() if way == TORCHXRAYVISION else _load_network(way)
    seconds = [_time(take, Path(path)) for path in paths]
    sys.stdout.write(json.dumps(sum(seconds[1:]) / len(seconds[1:])))


def _time(take: Callable[[Path], object], path: Path) -> float:
    began = time.perf_counter()
    take(path)
    return time.perf_counter() - began


def _load_network(name: str) -> Callable[[Path], object]:
    import keras

    if name == VGG16:
        network = keras.applications.VGG16(weights=None, classes=len(LABELS))
    else:
        network = keras.saving.load_model(Path(name) / KERAS_NAME)
    _, size, _, channels = network.input_shape

    def answer(path: Path) -> object:
        stored = pydicom.dcmread(path).pixel_array
        gray = (255.0 * (stored - stored.min()) / (stored.max() - stored.min())).astype(np.uint8)
        pixels = np.asarray(Image.fromarray(gray).resize((size, size))) / 255.0
        return network.predict(np.repeat(pixels[np.newaxis, :, :, np.newaxis], channels, axis=3), verbose=0)

    return answer


def _load_reader() -> Callable[[Path], object]:
    import torchxrayvision

    crop, resize = torchxrayvision.datasets.XRayCenterCrop(), torchxrayvision.datasets.XRayResizer(PEER_SIZE)

    def read(path: Path) -> object:
        return resize(crop(torchxrayvision.utils.read_xray_dcm(path)[np.newaxis]))

    return read


if __name__ == "__main__":
    main(sys.argv[1:])
