"""The backbones and the weights that training starts from.

`--weights` is one of

- `shipped`: the backbone of the bundle that ships. It was fine-tuned on radiographs: on the films that it has seen,
  figures are too kind, so these are trained on and not held out (`find_films_seen`, `training.run.stages`);
- `imagenet-file`: ImageNet weights, the file `--imagenet-file` or, in such a folder (default `weights`), the one that
  `IMAGENET_FILES` names for the backbone;
- `random`: nothing; the whole network is trained;
- a path: a `.keras` file with one input channel (made here) or three (an image classifier that expects the
  backbone's published preprocessing), or a bundle's folder.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from inference.bundle import KERAS_NAME, MANIFEST_NAME, SHIPPED_BUNDLE
from training.data.overlap import list_films_seen
from training.fit.settings import Backbone

SHIPPED = "shipped"
IMAGENET_FILE = "imagenet-file"
RANDOM = "random"

DEFAULT_BACKBONE: Backbone = "efficientnet_lite0"
IMAGENET_FOLDER = Path("weights")
IMAGENET_FILES: Mapping[str, str] = {
    "efficientnet_lite0": "efficientnet_lite0_imagenet.keras",
    "mobilenetv2": "mobilenetv2_0.35_224_imagenet_notop.keras",
}
INPUT_SCALING: Mapping[str, tuple[float, float]] = {
    # Published preprocessing of 8-bit values, written for an input in [0, 1]: (x - 127) / 128 and x / 127.5 - 1.
    "efficientnet_lite0": (255.0 / 128.0, -127.0 / 128.0),
    "mobilenetv2": (2.0, -1.0),
}
MOBILENET_ALPHA = 0.35
COLOURS = 3


class WeightsError(ValueError):
    """The file given as `weights` holds no backbone that a network can be built on."""

    exit_code = os.EX_DATAERR


def find_weights(backbone: str, weights: str, imagenet_file: Path | None = None) -> Path | None:
    """Return the `.keras` file that training starts from, or None for random weights.

    Raises
    ------
    WeightsError
        No such file.
    """
    if weights == RANDOM:
        return None
    if weights == IMAGENET_FILE:
        named = imagenet_file or IMAGENET_FOLDER
        path = named / IMAGENET_FILES[backbone] if named.is_dir() or not named.suffix else named
    else:
        named = SHIPPED_BUNDLE if weights == SHIPPED else Path(weights)
        path = named / KERAS_NAME if named.is_dir() else named
    if not path.is_file():
        raise WeightsError(f"no weights at {path}: {_advise(backbone, weights)}")
    return path


def _advise(backbone: str, weights: str) -> str:
    if weights == IMAGENET_FILE and backbone == DEFAULT_BACKBONE:
        return "'xray-cli weights fetch imagenet-lite0' makes the file; or name it with --imagenet-file"
    if weights == IMAGENET_FILE:
        return "name the file with --imagenet-file"
    return "accepted are shipped, imagenet-file, random, or a .keras file"


def read_backbone(backbone: str, weights: str, imagenet_file: Path | None, input_size: int) -> Any:
    """Return the network (a Keras model) whose layers up to the last features are to be copied.

    Parameters
    ----------
    backbone : {"efficientnet_lite0", "mobilenetv2"}
        Which architecture.
    weights : str
        See the top of this module.
    imagenet_file : Path or None
        See there.
    input_size : int
        Rows and columns in pixels.

    Raises
    ------
    WeightsError
        No model in the file, or one of another backbone.
    """
    path = find_weights(backbone, weights, imagenet_file)
    if path is None:
        return _build_random(backbone, input_size)
    source = _load(path)
    _check_architecture(source, backbone, path)
    return source


def find_films_seen(backbone: str, weights: str, imagenet_file: Path | None = None) -> frozenset[str] | None:
    """Return what stands for each film that the weights have seen, back to the first; None where that is not known.

    A bundle names them (`training.data.overlap`). `imagenet-file` is taken for what it should be, of photographs,
    unless its network looks at one grey channel, as those do that were made here. Of any other file nothing is known.

    Raises
    ------
    WeightsError
        No such file, or it lies in a damaged bundle.
    """
    path = find_weights(backbone, weights, imagenet_file)
    if path is None:
        return frozenset()
    if bundle := _read_bundle_of(path):
        return list_films_seen(bundle["metrics"])
    return frozenset() if weights == IMAGENET_FILE and _load(path).input_shape[-1] == COLOURS else None


def find_outputs_known(backbone: str, weights: str, imagenet_file: Path | None = None) -> tuple[str, ...]:
    """Return the names of the logits that the weights' own head gives, in order; empty where no bundle names them."""
    path = find_weights(backbone, weights, imagenet_file)
    bundle = _read_bundle_of(path) if path else None
    return tuple(bundle.get("outputs", ())) if bundle else ()


def name_start(backbone: str, weights: str, imagenet_file: Path | None, films_seen: frozenset[str] | None) -> str:
    """Name the weights that a run started from, a bundle by its model version; `films_seen` as `find_films_seen`."""
    path = find_weights(backbone, weights, imagenet_file)
    if path is None:
        return RANDOM
    if bundle := _read_bundle_of(path):
        return f"bundle {bundle.get('model_version')}"
    if weights == IMAGENET_FILE and films_seen is not None:
        return IMAGENET_FILE
    return "a file that does not say what it was trained on"


def _read_bundle_of(path: Path) -> Mapping[str, Any] | None:
    """Return the `bundle.json` of the bundle that a weights file is part of; None where it is of none."""
    manifest = path.with_name(MANIFEST_NAME)
    if path.name != KERAS_NAME or not manifest.is_file():
        return None
    try:
        found = json.loads(manifest.read_bytes())
    except ValueError:
        found = None
    if not (isinstance(found, dict) and isinstance(found.get("metrics"), dict)):
        raise WeightsError(f"{manifest} is damaged, so that nothing says which films the weights beside it have seen")
    return found


def _build_random(backbone: str, input_size: int) -> Any:
    import keras

    if backbone == "mobilenetv2":
        shape = (input_size, input_size, 3)
        return keras.applications.MobileNetV2(shape, alpha=MOBILENET_ALPHA, include_top=False, weights=None)
    # The layers of EfficientNet-Lite0 stand in the bundle that ships; a clone of them gets new random weights.
    return keras.models.clone_model(_load(SHIPPED_BUNDLE / KERAS_NAME))


def _load(path: Path) -> Any:
    import keras

    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except (OSError, TypeError, ValueError) as error:
        raise WeightsError(f"no Keras model can be read from the weights file {path.name}") from error


def _check_architecture(source: Any, backbone: str, path: Path) -> None:
    """Refuse a model that is known to be of the other backbone: its input would be scaled wrongly."""
    found = next((name for name in IMAGENET_FILES if _is_made_of(source, name)), backbone)
    if found != backbone:
        raise WeightsError(f"{path.name} holds {found}, not {backbone}: give --backbone {found} or other --weights")


def _is_made_of(source: Any, backbone: str) -> bool:
    names = {layer.name for layer in source.layers}
    signs = {"efficientnet_lite0": {"conv_stem", "_conv_stem"}, "mobilenetv2": {"Conv1", "expanded_conv_depthwise"}}
    return bool(names & signs[backbone])
