import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from cli.train import train
from inference.labels import NOTICE
from tests.training.factories import write_film, write_manifest

# TensorFlow's imports and its tensors use what numpy has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are written below the working folder."""
    monkeypatch.chdir(tmp_path)


def run(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(train)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_train_writes_a_bundle_and_the_plot_and_shows_the_figures(
    dataset: Path, backbone: Path, open_gate: Path, tmp_path: Path
):
    answer = run(
        "--dataset", dataset, "--weights", backbone, "--lungs", open_gate, "--epochs", 1, "--seed", 1,
        "--model", tmp_path / "model", "--plot", tmp_path / "plots" / "plot.png",
    )  # fmt: skip
    assert answer.exit_code == 0, answer.output
    assert json.loads((tmp_path / "model" / "bundle.json").read_bytes())["outputs"] == [
        "covid19", "viral_pneumonia", "normal"
    ]  # fmt: skip
    assert (tmp_path / "plots" / "plot.png").read_bytes().startswith(b"\x89PNG")
    assert "macro avg" in answer.stdout
    assert NOTICE in answer.stdout


def test_no_data_set_is_exit_code_66_and_one_line(tmp_path: Path):
    answer = run("--dataset", tmp_path, "--model", tmp_path / "model")
    assert answer.exit_code == 66
    assert answer.stderr.startswith("xray-cli: no manifest.csv")
    assert "Traceback" not in answer.output


def test_a_bad_manifest_is_exit_code_65(tmp_path: Path):
    write_film(tmp_path / "a.png", 0, seed=0)
    write_manifest(tmp_path, [{"file": "a.png", "label": "flu"}])
    assert run("--dataset", tmp_path, "--model", tmp_path / "model").exit_code == 65


def test_a_taken_folder_is_exit_code_73(dataset: Path):
    assert run("--dataset", dataset, "--model", dataset).exit_code == 73
