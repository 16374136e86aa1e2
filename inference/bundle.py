"""Model bundles: a folder with the weights for both engines and `bundle.json`, which says what they are.

The errors:

    BundleError
    +-- BundleNotFoundError    no folder, or no bundle.json in it
    +-- BundleCorruptError     a file is missing, differs from its sha256, or cannot be read as what it is
    +-- BundleMismatchError    sound, but made for other labels, another preprocessing, schema or input size
"""

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imaging import PREPROCESSING_VERSION
from inference.labels import FEWEST_LABELS, LABELS, OTHER_FINDING, order_labels

SCHEMA = 2
MANIFEST_NAME = "bundle.json"
KERAS_NAME = "model.keras"
LITERT_NAME = "model.tflite"
LUNGS_NAME = "lungs.tflite"
FILE_NAMES = (KERAS_NAME, LITERT_NAME, LUNGS_NAME)
SEAL_NAME = "manifest_sha256"
UNSEALED = "0" * 64
SHIPPED_BUNDLE = Path(__file__).resolve().parent / "bundles" / "lite0-2026.11.7"


class BundleError(Exception):
    """A model bundle cannot be used."""


class BundleNotFoundError(BundleError):
    """There is no bundle at this place."""

    exit_code = os.EX_NOINPUT


class BundleCorruptError(BundleError):
    """A file of the bundle is not the one that was written."""

    exit_code = os.EX_DATAERR


class BundleMismatchError(BundleError):
    """The bundle is sound but was made for another version of this program."""

    exit_code = os.EX_CONFIG


@dataclass(frozen=True, slots=True)
class Bundle:
    """What is known about a model.

    Attributes
    ----------
    folder : Path
        Where its files lie.
    model_version : str
        Name of the model, for people.
    model_sha256 : str
        SHA-256 of the bytes of `bundle.json`, in hex. That file holds the hash of each other file, so this one
        hash names the whole bundle.
    labels : tuple of str
        Two or three of `inference.labels.LABELS` in their order: those that the model knows, its first outputs.
    outputs : tuple of str
        All outputs in order: the labels and, where it was trained, the internal `other_finding`.
    input_size : int
        Rows and columns of the model's input in pixels.
    preprocessing_version : str
        Version of `imaging.normalize` that the model was trained with.
    calibration : Mapping[str, float]
        `temperature`, above 0: the logits are divided by it before the softmax (Guo et al., ICML 2017).
    operating_points : Mapping[str, float]
        For every output a probability in [0, 1], see `inference.classifier`.
    gate : Mapping[str, float]
        Limits of the input gate, the fields of `inference.lungs.GateLimits`.
    training_data_sha256 : str
        Hash over the files and reference labels of the training side, see `training.data.pixels`.
    metrics : Mapping[str, Any]
        Figures and facts of the training run, written by it.
    training_ages_years : Mapping[str, tuple of float]
        For labels of which it is known: the ages of the patients that it was learnt from, from the first to below the
        second; infinity where there is no end.
    """

    folder: Path
    model_version: str
    model_sha256: str
    labels: tuple[str, ...]
    outputs: tuple[str, ...]
    input_size: int
    preprocessing_version: str
    calibration: Mapping[str, float]
    operating_points: Mapping[str, float]
    gate: Mapping[str, float]
    training_data_sha256: str
    metrics: Mapping[str, Any]
    training_ages_years: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def read_bundle(folder: Path) -> Bundle:
    """Read `bundle.json`, compare the hash of every file with it and check that this program can use the model.

    Parameters
    ----------
    folder : Path
        The bundle's folder.

    Returns
    -------
    Bundle

    Raises
    ------
    BundleNotFoundError, BundleCorruptError, BundleMismatchError
        As the tree at the top of this module says; each message is one line.
    """
    content = _read_file(folder, MANIFEST_NAME, BundleNotFoundError)
    manifest = _parse_manifest(content)
    if manifest.get(SEAL_NAME) != compute_seal(content, str(manifest.get(SEAL_NAME))):
        raise BundleCorruptError(f"{MANIFEST_NAME} was changed after it was written: its {SEAL_NAME} is another")
    if manifest.get("schema") != SCHEMA:
        raise BundleMismatchError(f"bundle schema {manifest.get('schema')!r}: this program reads schema {SCHEMA}")
    try:
        bundle = _to_bundle(folder, hashlib.sha256(content).hexdigest(), manifest)
        hashes = {name: str(manifest["files"][name]["sha256"]) for name in FILE_NAMES}
    except (KeyError, TypeError, ValueError) as error:
        raise BundleCorruptError(f"{MANIFEST_NAME}: missing or malformed entry ({error})") from error
    _check_facts(bundle)
    for name, expected in hashes.items():
        if hashlib.sha256(_read_file(folder, name, BundleCorruptError)).hexdigest() != expected:
            raise BundleCorruptError(f"{name}: its sha256 is not the one that {MANIFEST_NAME} names")
    return bundle


def compute_seal(content: bytes, seal: str = UNSEALED) -> str:
    """Return the SHA-256, in hex, of the bytes of `bundle.json` with the seal in them replaced by 64 zeros.

    Without it a flipped bit in an operating point would go unseen: the other hashes cover the other files only.
    """
    return hashlib.sha256(content.replace(seal.encode(), UNSEALED.encode(), 1)).hexdigest()


def _read_file(folder: Path, name: str, missing: type[BundleError]) -> bytes:
    try:
        return (folder / name).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise missing(f"no {name} in the bundle folder {folder}") from error


def _parse_manifest(content: bytes) -> dict[str, Any]:
    try:
        manifest = json.loads(content)
    except ValueError as error:
        raise BundleCorruptError(f"{MANIFEST_NAME} is not JSON ({error})") from error
    if not isinstance(manifest, dict):
        raise BundleCorruptError(f"{MANIFEST_NAME} holds no JSON object")
    return manifest


def _to_bundle(folder: Path, model_sha256: str, manifest: dict[str, Any]) -> Bundle:
    return Bundle(
        folder=folder,
        model_version=_check_text(manifest["model_version"]),
        model_sha256=model_sha256,
        labels=tuple(manifest["labels"]),
        outputs=tuple(manifest["outputs"]),
        input_size=int(manifest["input_size"]),
        preprocessing_version=_check_text(manifest["preprocessing_version"]),
        calibration={"temperature": float(manifest["calibration"]["temperature"])},
        operating_points={name: float(manifest["operating_points"][name]) for name in manifest["outputs"]},
        gate={name: float(limit) for name, limit in manifest["gate"].items()},
        training_data_sha256=_check_text(manifest["training_data_sha256"]),
        metrics=dict(manifest["metrics"]),
        training_ages_years=_read_ages(manifest),
    )


def _read_ages(manifest: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    written = manifest.get("training_ages_years") or {}
    return {label: (float(first), math.inf if end is None else float(end)) for label, (first, end) in written.items()}


def _check_text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(f"{value!r} in place of a name")
    return value


def _check_facts(bundle: Bundle) -> None:
    labels = order_labels(bundle.labels)
    if bundle.labels != labels or len(labels) < FEWEST_LABELS:
        accepted = f"{FEWEST_LABELS} or more, in this order, of {', '.join(LABELS)}"
        raise BundleMismatchError(f"labels {', '.join(map(str, bundle.labels))}: accepted are {accepted}")
    if bundle.outputs not in (labels, (*labels, OTHER_FINDING)):
        raise BundleMismatchError(f"outputs {', '.join(bundle.outputs)}: accepted are the labels, then {OTHER_FINDING}")
    if bundle.preprocessing_version != PREPROCESSING_VERSION:
        raise BundleMismatchError(
            f"made for preprocessing {bundle.preprocessing_version}: this program has {PREPROCESSING_VERSION}"
        )
    temperature = bundle.calibration["temperature"]
    if not (math.isfinite(temperature) and temperature > 0):
        raise BundleCorruptError(f"calibration temperature {temperature}: accepted is a finite number above 0")
    if not all(0.0 <= point <= 1.0 for point in bundle.operating_points.values()):
        raise BundleCorruptError("an operating point lies outside of 0 to 1")
