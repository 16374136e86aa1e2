"""Export of a trained network: Keras file, LiteRT file, check that both agree, `bundle.json`, all at once.

The errors:

    ExportError
    +-- EnginesDisagreeError    the LiteRT graph does not compute what the Keras model computes
    +-- TargetUnwritableError   the bundle cannot be written at its place
    +-- TargetTakenError        at the place for the bundle there is something else
"""

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from imaging import PREPROCESSING_VERSION
from inference.bundle import (
    FILE_NAMES,
    KERAS_NAME,
    LITERT_NAME,
    LUNGS_NAME,
    MANIFEST_NAME,
    SCHEMA,
    SEAL_NAME,
    UNSEALED,
    compute_seal,
)
from inference.engines.keras import KerasEngine
from inference.engines.litert import LiteRTEngine
from inference.engines.protocol import Engine
from inference.labels import NOTICE, order_labels
from inference.prediction import calibrate
from training.run.folding import fold_normalisation
from training.run.litert import write_litert

MAX_DIFFERENCE = 1e-4


class ExportError(Exception):
    """A bundle cannot be written."""

    exit_code = os.EX_CANTCREAT


class EnginesDisagreeError(ExportError):
    """The exported LiteRT graph does not compute what the Keras model computes."""


class TargetUnwritableError(ExportError):
    """The bundle cannot be written at its place."""


class TargetTakenError(ExportError):
    """At the place for the bundle there is something else."""


@dataclass(frozen=True, slots=True)
class BundleFacts:
    """What `bundle.json` says besides the files' hashes, see `inference.bundle.Bundle`."""

    model_version: str
    outputs: Sequence[str]
    input_size: int
    temperature: float
    operating_points: Mapping[str, float]
    gate: Mapping[str, float]
    training_data_sha256: str
    training_ages_years: Mapping[str, tuple[float, float | None]] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)


def write_model_files(network: Any, folder: Path, lungs: Path) -> None:
    """Write `model.keras`, `model.tflite` (batch of 1) and the lung finder into an existing folder.

    Normalisation goes into the convolutions before it, and weights are rounded to what float16 can hold, in both files
    alike: LiteRT keeps them as float16 and computes in float32, and answers move by less than what one gray value of a
    film makes.

    Parameters
    ----------
    network : keras.Model
        From `training.fit.network.build_network`.
    folder : Path
        Where to.
    lungs : Path
        Bundle whose lung finder the network was trained behind.
    """
    folded = fold_normalisation(network)
    folded.set_weights([each.astype(np.float16).astype(np.float32) for each in folded.get_weights()])
    folded.save(folder / KERAS_NAME)
    _deflate(folder / KERAS_NAME)
    write_litert(folder / KERAS_NAME, folder / LITERT_NAME, keeps_float16=True)
    shutil.copyfile(lungs / LUNGS_NAME, folder / LUNGS_NAME)


def _deflate(path: Path) -> None:
    """Write a `.keras` file, which is a ZIP file, anew with its parts compressed."""
    part = path.with_suffix(".part")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name), source.read(name), zipfile.ZIP_DEFLATED)
    part.replace(path)


def measure_disagreement(folder: Path, batch: npt.NDArray[np.float32]) -> float:
    """Return the largest difference between the two files' softmax of the logits for a batch of radiographs."""
    engines: tuple[Engine, Engine] = (KerasEngine(folder / KERAS_NAME), LiteRTEngine(folder / LITERT_NAME))
    keras_answer, litert_answer = (calibrate(engine.run(batch)[0], 1.0) for engine in engines)
    return float(np.abs(keras_answer - litert_answer).max())


def check_agreement(folder: Path, batch: npt.NDArray[np.float32]) -> float:
    """Refuse model files that disagree by more than 1e-4 in probability.

    Raises
    ------
    EnginesDisagreeError
        They do.
    """
    difference = measure_disagreement(folder, batch)
    if not difference <= MAX_DIFFERENCE:
        raise EnginesDisagreeError(
            f"LiteRT and Keras differ by {difference:.2g} in probability: accepted is {MAX_DIFFERENCE:g}"
        )
    return difference


def write_manifest(folder: Path, facts: BundleFacts) -> None:
    """Write `bundle.json` beside the model files, with their hashes."""
    files = {name: (folder / name).read_bytes() for name in FILE_NAMES}
    manifest = {
        "schema": SCHEMA,
        "notice": NOTICE,
        "model_version": facts.model_version,
        "labels": list(order_labels(facts.outputs)),
        "outputs": list(facts.outputs),
        "input_size": facts.input_size,
        "preprocessing_version": PREPROCESSING_VERSION,
        "calibration": {"temperature": facts.temperature},
        "operating_points": {name: facts.operating_points[name] for name in facts.outputs},
        "gate": dict(facts.gate),
        "training_data_sha256": facts.training_data_sha256,
        "training_ages_years": {label: list(ages) for label, ages in facts.training_ages_years.items()},
        "files": {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
            for name, content in files.items()
        },
        "metrics": dict(facts.metrics),
    }
    unsealed = json.dumps({SEAL_NAME: UNSEALED, **manifest}, indent=1, allow_nan=False).encode() + b"\n"
    sealed = unsealed.replace(UNSEALED.encode(), compute_seal(unsealed).encode(), 1)
    (folder / MANIFEST_NAME).write_bytes(sealed)


def check_target(target: Path) -> None:
    """Refuse a folder that holds anything but an old bundle: it would be replaced; and one that cannot be written.

    Raises
    ------
    TargetTakenError
        There is something else at this place.
    TargetUnwritableError
        It cannot be made there.
    """
    above = next(folder for folder in target.resolve().parents if folder.exists())
    if not (above.is_dir() and os.access(above, os.W_OK)):
        raise TargetUnwritableError(f"no bundle can be written to {target}: {above} is no folder or may not be written")
    if (
        target.exists()
        and not (target / MANIFEST_NAME).is_file()
        and not (target.is_dir() and not any(target.iterdir()))
    ):
        raise TargetTakenError(f"{target} holds something else than a model bundle: name a new folder")


@contextmanager
def stage_bundle(target: Path) -> Iterator[Path]:
    """Give an empty folder beside `target`; rename it to `target` when all went well, else remove it.

    Whoever looks at `target` sees the old bundle, for a moment none, or the whole new one.

    Raises
    ------
    TargetTakenError
        There is something else than an old bundle at this place.
    """
    check_target(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{target.name}.", suffix=".part", dir=target.parent) as parent:
        staging = Path(parent) / "new"
        staging.mkdir()
        yield staging
        if target.exists():
            target.replace(Path(parent) / "old")
        staging.replace(target)
