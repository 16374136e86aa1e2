import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from inference.bundle import BundleCorruptError, read_bundle
from inference.classifier import Classifier
from inference.labels import LABELS, OTHER_FINDING
from tests.training.factories import write_dataset, write_film
from training.data.dataset import DatasetTooSmallError, read_dataset
from training.data.pixels import hash_training_data, read_radiographs
from training.fit.settings import TrainingSettings
from training.run.export import TargetTakenError
from training.run.run import TrainingResult, train_and_export


def test_a_run_ends_with_a_bundle_that_loads(result: TrainingResult):
    bundle = read_bundle(result.model)
    assert bundle.model_version == "tiny-1"
    assert bundle.outputs == (*LABELS, OTHER_FINDING)
    assert bundle.input_size == 64
    assert Classifier.load(result.model).bundle == bundle


def test_the_network_has_learnt_its_simple_task(result: TrainingResult):
    assert result.history[-1].validation_loss < result.history[0].validation_loss
    assert result.metrics["accuracy"]["value"] > 0.5  # chance: 0.33


def test_the_metrics_stand_in_the_bundle(result: TrainingResult):
    metrics = json.loads((result.model / "bundle.json").read_bytes())["metrics"]
    assert metrics == result.metrics
    assert metrics["n"] == sum(metrics["per_class"][label]["support"] for label in LABELS)
    assert {"source", "age_group", "view"} <= set(metrics["by_group"])
    assert metrics["by_group"]["source"]["north"]["n"] + metrics["by_group"]["source"]["south"]["n"] == metrics["n"]
    assert metrics["other_finding"]["n"] > 0


def test_every_metric_lies_within_its_interval(result: TrainingResult):
    for name in ("accuracy", "balanced_accuracy", "ece"):
        estimate = result.metrics[name]
        assert 0.0 <= estimate["low"] <= estimate["high"] <= 1.0
    assert (
        result.metrics["accuracy"]["low"] <= result.metrics["accuracy"]["value"] <= result.metrics["accuracy"]["high"]
    )


def test_the_history_is_kept_with_the_head_first(result: TrainingResult):
    with (result.model / "history.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    assert [row["phase"] for row in rows] == ["head"] + ["fine-tune"] * 10


def test_nothing_but_the_bundle_is_left_behind(result: TrainingResult):
    assert list(result.model.parent.iterdir()) == [result.model]
    assert {path.name for path in result.model.iterdir()} == {
        "MODEL_CARD.md", "bundle.json", "history.csv", "lungs.tflite", "model.keras", "model.tflite"
    }  # fmt: skip


def test_a_file_that_is_no_radiograph_is_left_out_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    folder = write_dataset(tmp_path / "dataset")
    (folder / "normal" / "3.png").write_bytes(b"no radiograph")
    radiographs = read_radiographs(read_dataset(folder), 64)
    assert len(radiographs.cases) == len(radiographs.framed) == len(radiographs.source_sha256) == 53
    assert "1 files of the data set left out" in caplog.text
    assert "3.png" not in caplog.text


def test_the_data_hash_depends_on_films_and_labels_and_not_on_their_order(dataset: Path):
    cases = read_dataset(dataset)[:6]
    digest = hash_training_data(read_radiographs(cases, 64))
    assert hash_training_data(read_radiographs(cases[::-1], 64)) == digest
    assert hash_training_data(read_radiographs(cases[1:], 64)) != digest
    changed = [replace(cases[0], reference_label="normal"), *cases[1:]]
    assert hash_training_data(read_radiographs(changed, 64)) != digest


def test_a_data_set_with_an_empty_class_is_refused(settings: TrainingSettings, tmp_path: Path, console: Console):
    for label in ("covid19", "normal"):
        for film in range(5):
            write_film(tmp_path / "dataset" / label / f"{film}.png", 0, seed=film)
    settings = replace(settings, dataset=tmp_path / "dataset", other_findings=None)
    with pytest.raises(DatasetTooSmallError, match="no readable film of viral_pneumonia in the data set"):
        train_and_export(settings, console, run_folder=tmp_path / "run")


def test_a_data_set_whose_films_of_one_class_cannot_be_read_is_refused(
    settings: TrainingSettings, tmp_path: Path, console: Console
):
    folder = write_dataset(tmp_path / "dataset")
    for path in (folder / "normal").iterdir():
        path.write_bytes(b"no radiograph")
    settings = replace(settings, dataset=folder, other_findings=None)
    with pytest.raises(DatasetTooSmallError, match="no readable film of normal in the data set"):
        train_and_export(settings, console, run_folder=tmp_path / "run")


def test_a_taken_folder_is_refused_before_the_training(settings: TrainingSettings, tmp_path: Path, console: Console):
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(TargetTakenError):
        train_and_export(replace(settings, model=tmp_path, dataset=tmp_path / "nowhere"), console, run_folder=tmp_path)


def test_a_trained_bundle_is_protected_too(result: TrainingResult, tmp_path: Path):
    folder = Path(shutil.copytree(result.model, tmp_path / "bundle"))
    text = (folder / "bundle.json").read_text()
    (folder / "bundle.json").write_text(text.replace('"tiny-1"', '"tiny-2"'))
    with pytest.raises(BundleCorruptError):
        read_bundle(folder)
