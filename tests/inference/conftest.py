"""The shipped bundle, a copy of it to damage, and its two engines."""

import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.bundle import MANIFEST_NAME, SHIPPED_BUNDLE
from inference.classifier import Classifier
from tests import bundles

SIZE = json.loads((SHIPPED_BUNDLE / MANIFEST_NAME).read_bytes())["input_size"]
MAP_SIZE = -(-SIZE // 32)
"""The network halves its input five times."""


@pytest.fixture
def bundle_folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED_BUNDLE, tmp_path / "bundle"))


@pytest.fixture
def change_manifest(bundle_folder: Path) -> Callable[..., Path]:
    """Return a function that changes entries of the copy's bundle.json and seals it again."""

    def change(**entries: Any) -> Path:
        return bundles.change_manifest(bundle_folder, **entries)

    return change


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    return Classifier.load(SHIPPED_BUNDLE)


@pytest.fixture(scope="session")
def keras_classifier() -> Classifier:
    with warnings.catch_warnings():
        # TensorFlow's own imports and tensors use what numpy has deprecated; nothing here can change that.
        warnings.simplefilter("ignore")
        return Classifier.load(SHIPPED_BUNDLE, engine="keras")


@pytest.fixture(scope="session")
def synthetic_batch() -> np.ndarray:
    """Eight smooth random pictures and the extremes black, white and noise, (11, size, size, 1)."""
    generator = np.random.default_rng(7)
    coarse = generator.random((8, 14, 14, 1), dtype=np.float32)
    smooth = coarse.repeat(16, axis=1).repeat(16, axis=2)[:, :SIZE, :SIZE]
    extremes = [np.zeros_like(smooth[0]), np.ones_like(smooth[0]), generator.random(smooth[0].shape, dtype=np.float32)]
    return np.concatenate([smooth, np.stack(extremes)])
