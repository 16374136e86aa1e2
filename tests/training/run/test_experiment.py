from pathlib import Path

import pytest

from training.fit.settings import FitSettings, TrainingSettings, to_table
from training.run.experiment import EXPERIMENTS, ExperimentNotFoundError, TrainingSettingsError, read_training_settings
from training.run.run_folder import write_toml


def write(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def test_the_defaults_need_a_data_set_only():
    assert read_training_settings(None, {"dataset": Path("d"), "folds": None}) == TrainingSettings(Path("d"))


def test_a_model_is_called_as_its_folder_unless_it_is_named():
    assert TrainingSettings(Path("d"), model=Path("runs/covid19")).version == "covid19"
    assert TrainingSettings(Path("d"), model_version="site-1").version == "site-1"


def test_the_command_line_goes_before_the_file_and_that_before_the_defaults(tmp_path: Path):
    file = write(tmp_path / "a.toml", 'folds = 5\nbackbone = "mobilenetv2"\n[fit]\nepochs = 3\nseed = 8\n')
    settings = read_training_settings(file, {"dataset": Path("d"), "folds": 2, "epochs": 7, "seed": None})
    assert (settings.folds, settings.backbone) == (2, "mobilenetv2")
    assert settings.fit == FitSettings(epochs=7, seed=8)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fold = 5", "unknown setting 'fold'; accepted are dataset, model"),
        ("[fit]\nepoch = 5", "unknown setting 'fit.epoch'; accepted are epochs, batch_size"),
        ("folds = 1", "setting 'folds': 1 fold holds nothing out"),
        ("folds = -1", "setting 'folds': Input should be greater than or equal to 0, found -1"),
        ('folds = "many"', "setting 'folds': .* found 'many'"),
        ('backbone = "vgg"', "setting 'backbone': .*'efficientnet_lite0' or 'mobilenetv2', found 'vgg'"),
        ("test_share = 1.0", "setting 'test_share'"),
        ("fit = 3", r"accepted is a table \[fit\], found 3"),
        ("folds = ", r"a\.toml is not TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_what_is_accepted(tmp_path: Path, text: str, message: str):
    with pytest.raises(TrainingSettingsError, match=message):
        read_training_settings(write(tmp_path / "a.toml", text), {"dataset": Path("d")})


def test_no_data_set_is_refused():
    with pytest.raises(TrainingSettingsError, match="no data set: give --dataset"):
        read_training_settings(None, {})


def test_an_unknown_experiment_is_refused_with_those_that_are_known():
    with pytest.raises(ExperimentNotFoundError, match=r"no experiment nowhere: .*lungs-frame"):
        read_training_settings("nowhere", {"dataset": Path("d")})


@pytest.mark.parametrize("path", sorted(EXPERIMENTS.glob("*.toml")), ids=lambda path: path.stem)
def test_a_recorded_experiment_is_valid_says_why_and_stands_in_the_table(path: Path):
    settings = read_training_settings(path.stem, {"dataset": Path("d")})
    assert len(settings.purpose) > 20
    assert f"| `{path.stem}` |" in (EXPERIMENTS / "README.md").read_text()


def test_settings_written_as_toml_are_the_same_when_read(tmp_path: Path):
    settings = TrainingSettings(
        Path('films "2020"\\x'), other_findings=Path("ö"), purpose="Zeile\n\x7f", fit=FitSettings(learning_rate=3e-05)
    )
    file = write(tmp_path / "config.toml", write_toml({**to_table(settings), "run": {"data_sha256": "0"}}))
    assert read_training_settings(file, {}) == settings
