"""What others do with a film, one by one, in a process of its own; each finds no lungs, refuses and records nothing.

- ``notebook``: pydicom, Pillow and Keras ``predict``, as in the notebooks of 2020, with the network that answers here.
- ``torchxrayvision``: reads and normalizes as that library does, and answers nothing.
"""

import importlib.util
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image

from inference.bundle import KERAS_NAME

NOTEBOOK, TORCHXRAYVISION = "notebook", "torchxrayvision"
NEEDS = {NOTEBOOK: "tensorflow", TORCHXRAYVISION: "torchxrayvision"}
PEER_SIZE = 224


def list_installed() -> list[str]:
    """Return which of the ways can be measured here."""
    return [way for way, package in NEEDS.items() if importlib.util.find_spec(package) is not None]


def take_way(way: str, paths: Sequence[Path], model: Path) -> tuple[float, float]:
    """Take files one of the ways, the first uncounted; return the mean CPU seconds and the mean seconds of one."""
    take = _load(way, model)
    take(paths[0])
    began, worked_before = time.perf_counter(), time.process_time()
    for path in paths[1:]:
        take(path)
    taken = time.process_time() - worked_before, time.perf_counter() - began
    return taken[0] / len(paths[1:]), taken[1] / len(paths[1:])


@cache
def _load(way: str, model: Path) -> Callable[[Path], object]:
    return _load_reader() if way == TORCHXRAYVISION else _load_network(model)


def _load_network(model: Path) -> Callable[[Path], object]:
    import keras

    network = keras.saving.load_model(model / KERAS_NAME)
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
