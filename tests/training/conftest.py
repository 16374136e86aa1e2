"""One tiny training run, whole, that many tests look at."""

import io
import warnings
from pathlib import Path

import pytest
from rich.console import Console

from tests.training.factories import write_backbone, write_dataset, write_open_gate, write_other_findings
from training.fit.settings import FitSettings, TrainingSettings
from training.run.run import TrainingResult, train_and_export


@pytest.fixture(scope="session")
def console() -> Console:
    return Console(file=io.StringIO())


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("dataset"))


@pytest.fixture(scope="session")
def other_findings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_other_findings(tmp_path_factory.mktemp("other_findings"))


@pytest.fixture(scope="session")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with warnings.catch_warnings():
        # TensorFlow's imports and its tensors use what numpy has deprecated; nothing here can change that.
        warnings.simplefilter("ignore")
        return write_backbone(tmp_path_factory.mktemp("backbone") / "backbone.keras")


@pytest.fixture(scope="session")
def open_gate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_open_gate(tmp_path_factory.mktemp("bundles") / "open_gate")


@pytest.fixture(scope="session")
def settings(
    dataset: Path, other_findings: Path, backbone: Path, open_gate: Path, tmp_path_factory: pytest.TempPathFactory
) -> TrainingSettings:
    return TrainingSettings(
        dataset=dataset,
        model=tmp_path_factory.mktemp("models") / "tiny",
        other_findings=other_findings,
        lungs=open_gate,
        weights="imagenet-file",
        imagenet_file=backbone,
        model_version="tiny-1",
        input_size=64,
        fit=FitSettings(epochs=10, batch_size=8, learning_rate=3e-2, seed=5),
    )


@pytest.fixture(scope="session")
def result(settings: TrainingSettings, console: Console, tmp_path_factory: pytest.TempPathFactory) -> TrainingResult:
    with warnings.catch_warnings():
        # As above.
        warnings.simplefilter("ignore")
        return train_and_export(settings, console, run_folder=tmp_path_factory.mktemp("runs") / "tiny")
