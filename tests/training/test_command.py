import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from cli.train import train
from inference.labels import LABELS, NOTICE
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


def test_ten_films_one_of_them_corrupt_are_trained_on_with_a_warning(
    backbone: Path, open_gate: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    for texture, label in enumerate(LABELS):
        for film in range(3):
            write_film(tmp_path / "ten" / label / f"{film}.png", texture, seed=10 * texture + film)
    (tmp_path / "ten" / "normal" / "4.png").write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    answer = run("--dataset", tmp_path / "ten", "--weights", backbone, "--lungs", open_gate, "--epochs", 0)
    assert answer.exit_code == 0, answer.output
    assert "9 films (3 covid19, 3 viral_pneumonia, 3 normal); 1 left out" in answer.stderr
    assert "patients cannot be kept apart" in caplog.text
    assert "the figures will say little" in caplog.text
    assert (tmp_path / "covid19.model" / "bundle.json").is_file()


def test_a_patient_on_two_sides_is_exit_code_65(dataset: Path, backbone: Path, open_gate: Path, tmp_path: Path):
    rows = [
        {"file": dataset / label / f"{film}.png", "label": label, "patient_id": "one", "split": side}
        for label in LABELS
        for film, side in enumerate(("train", "validation", "test"))
    ]
    write_manifest(tmp_path, rows)
    answer = run("--dataset", tmp_path, "--weights", backbone, "--lungs", open_gate)
    assert answer.exit_code == 65
    assert "1 patients are on more than one side" in answer.stderr


def test_a_film_under_two_labels_is_exit_code_65(backbone: Path, open_gate: Path, tmp_path: Path):
    for label in LABELS:
        write_film(tmp_path / "same" / label / "a.png", 0, seed=1)
    answer = run("--dataset", tmp_path / "same", "--weights", backbone, "--lungs", open_gate)
    assert answer.exit_code == 65
    assert "3 files stand" not in answer.stderr
    assert "1 files stand under more than one label" in answer.stderr


def test_an_empty_class_is_exit_code_65(tmp_path: Path):
    write_film(tmp_path / "two" / "covid19" / "a.png", 0, seed=1)
    (tmp_path / "two" / "normal").mkdir()
    answer = run("--dataset", tmp_path / "two")
    assert answer.exit_code == 65
    assert "are of covid19 alone" in answer.stderr
    assert not (tmp_path / "runs").exists()


def test_the_seeds_own_command_works_on_the_seeds_own_folders(backbone: Path, open_gate: Path, tmp_path: Path):
    for texture, name in enumerate(("covid", "normal")):
        for film in range(5):
            write_film(tmp_path / "dataset" / name / f"{film}.jpeg", texture, seed=10 * texture + film)
    answer = run("-d", "dataset", "--weights", backbone, "--lungs", open_gate, "--epochs", 0)
    assert answer.exit_code == 0, answer.output
    assert json.loads((tmp_path / "covid19.model" / "bundle.json").read_bytes())["labels"] == ["covid19", "normal"]
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    assert "10 films (5 covid19, 5 normal); 0 left out" in answer.stderr


def test_a_folder_that_is_not_understood_is_exit_code_65(tmp_path: Path):
    for name in ("covid", "normal", "flu"):
        write_film(tmp_path / "dataset" / name / "a.png", 0, seed=1)
    answer = run("-d", "dataset", "-p", "a.png", "-m", "model")
    assert answer.exit_code == 65
    assert "the folder 'flu' (1 pictures) in dataset tells no class" in answer.stderr


def test_an_unwritable_run_folder_is_exit_code_74(dataset: Path, backbone: Path, tmp_path: Path):
    (tmp_path / "file").touch()
    answer = run("--dataset", dataset, "--weights", backbone, "--run-folder", tmp_path / "file" / "run")
    assert answer.exit_code == 74
    assert "Not a directory" in answer.stderr


@pytest.mark.parametrize(
    ("is_begun", "said"), [(True, "--run-folder run --resume goes on"), (False, "stopped: nothing was trained yet")]
)
def test_ctrl_c_says_how_to_go_on_where_there_is_something_to_go_on_with(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_begun: bool, said: str
):
    def stop(*_: object, run_folder: Path, **__: object) -> None:
        if is_begun:
            run_folder.mkdir()
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("training.run.run.train_and_export", stop)
    answer = run("--dataset", dataset, "--run-folder", "run")
    assert answer.exit_code == 130
    assert said in answer.stderr


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--folds", 1), 78, "1 fold holds nothing out"),
        (("--experiment", "nowhere"), 66, "no experiment nowhere"),
        (("--resume",), 66, "no run of covid19.model in runs/ to resume"),
        (("--weights", "nowhere.keras"), 65, "no weights at nowhere.keras"),
        (("--weights", "imagenet-file"), 65, "no weights at weights/efficientnet_lite0_imagenet.keras"),
        (("--model", Path(__file__) / "model"), 73, "no bundle can be written"),
        (("--lungs", "nowhere"), 66, "nowhere"),
        (("--plot", "plot.xyz"), 73, "no plot can be drawn as plot.xyz: accepted are "),
        (("--plot", Path(__file__).parent), 73, "no plot can be written to"),
        (("--plot", Path(__file__) / "plot.png"), 73, "no plot can be written to"),
    ],
)
def test_a_wrong_option_is_one_line_and_its_exit_code(
    dataset: Path, options: tuple[object, ...], code: int, message: str
):
    answer = run("--dataset", dataset, *options)
    assert answer.exit_code == code
    assert message in answer.stderr
    assert answer.stderr.count("\n") == 1
