import csv
import json
import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from inference.bundle import BundleCorruptError, read_bundle
from inference.classifier import Classifier
from inference.labels import LABELS, OTHER_FINDING
from tests.training.factories import write_dataset, write_film
from tests.training.preparation.factories import write_film as write_noise
from tests.training.preparation.factories import write_phantom
from training.data.dataset import Case, read_dataset
from training.data.errors import DatasetTooSmallError
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
    audit = metrics["audit"]  # the films of the classes, without their lungs
    assert audit["limit"] == 0.45
    assert {"lungs_masked", "border_only"} <= set(audit)
    assert sum(each["support"] for each in audit["border_only"]["per_class"].values()) == metrics["n"]


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


def test_a_file_that_is_no_radiograph_is_left_out_and_counted(
    tmp_path: Path, open_gate: Path, caplog: pytest.LogCaptureFixture
):
    folder = write_dataset(tmp_path / "dataset")
    (folder / "normal" / "3.png").write_bytes(b"no radiograph")
    radiographs = read_radiographs(read_dataset(folder), 64, lungs=open_gate)
    assert len(radiographs.cases) == len(radiographs.framed) == len(radiographs.source_sha256) == 53
    assert "1 files of the data set left out" in caplog.text
    assert "3.png" not in caplog.text


def test_a_link_to_a_film_is_read_and_what_is_no_file_is_left_out(
    dataset: Path, open_gate: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    (tmp_path / "link.png").symlink_to(dataset / "normal" / "3.png")
    cases = [Case(tmp_path / "link.png", "normal", "a"), Case(tmp_path, "normal", "b")]
    assert [case.patient_id for case in read_radiographs(cases, 64, lungs=open_gate).cases] == ["a"]
    assert "1 files of the data set left out: not_a_regular_file" in caplog.text


def test_the_data_hash_depends_on_films_and_labels_and_not_on_their_order(dataset: Path, open_gate: Path):
    cases = read_dataset(dataset)[:6]

    def take_hash(cases: list[Case]) -> str:
        return hash_training_data(read_radiographs(cases, 64, lungs=open_gate))

    digest = take_hash(cases)
    assert take_hash(cases[::-1]) == digest
    assert take_hash(cases[1:]) != digest
    changed = [replace(cases[0], reference_label="normal"), *cases[1:]]
    assert take_hash(changed) != digest


def test_films_of_one_class_alone_are_refused(settings: TrainingSettings, tmp_path: Path, console: Console):
    for film in range(5):
        write_film(tmp_path / "dataset" / "covid" / f"{film}.png", 0, seed=film)
    settings = replace(settings, dataset=tmp_path / "dataset")
    with pytest.raises(DatasetTooSmallError, match="of covid19 alone: 2 of covid19, viral_pneumonia"):
        train_and_export(settings, console, run_folder=tmp_path / "run")


def write_two_classes(folder: Path) -> Path:
    """Write the folders of the tutorial, the first film twice."""
    for texture, name in enumerate(("covid", "normal")):
        for film in range(12):
            write_film(folder / name / f"{film}.png", texture, seed=100 * texture + film)
    shutil.copy(folder / "covid" / "0.png", folder / "covid" / "again.png")
    return folder


@pytest.fixture(scope="module")
def two_classes(
    settings: TrainingSettings, console: Console, tmp_path_factory: pytest.TempPathFactory
) -> TrainingResult:
    dataset = write_two_classes(tmp_path_factory.mktemp("dataset"))
    model = tmp_path_factory.mktemp("models") / "two"
    fit = replace(settings.fit, epochs=2)
    settings = replace(settings, dataset=dataset, model=model, other_findings=None, folds=2, fit=fit)
    with warnings.catch_warnings():
        # TensorFlow's imports and its tensors use what numpy has deprecated.
        warnings.simplefilter("ignore")
        return train_and_export(settings, console, run_folder=tmp_path_factory.mktemp("runs") / "two")


def test_two_classes_make_a_model_of_two_classes(two_classes: TrainingResult):
    bundle = read_bundle(two_classes.model)
    assert bundle.labels == bundle.outputs == ("covid19", "normal")
    assert set(bundle.operating_points) == {"covid19", "normal"}
    assert two_classes.metrics["n"] == 24  # the copy counts once
    assert two_classes.metrics["training"]["left_out"] == 1


def test_what_a_model_does_not_know_it_gives_no_probability(two_classes: TrainingResult):
    (answer,) = Classifier.load(two_classes.model).predict(np.zeros((1, 64, 64, 1), np.float32))
    assert list(answer.probabilities) == ["covid19", "normal"]
    assert sum(answer.probabilities.values()) == pytest.approx(1.0)


def test_the_folds_of_two_classes_hold_two_logits(two_classes: TrainingResult):
    with (two_classes.run_folder / "folds.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    assert [name for name in rows[0] if name.startswith("logit")] == ["logit_covid19", "logit_normal"]
    assert {row["label"] for row in rows} == {"covid19", "normal"}


def test_the_gate_is_asked_of_films_whose_view_nobody_states(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    noise, chest = tmp_path / "noise.png", tmp_path / "chest.png"
    write_noise(noise, 1)
    write_phantom(chest, 4)
    cases = [Case(noise, "normal", "a"), Case(chest, "normal", "b"), Case(noise, "normal", "c", view="PA")]
    radiographs = read_radiographs(cases, 64)
    assert [case.patient_id for case in radiographs.cases] == ["b", "c"]
    assert "1 files of the data set left out: not_a_chest_radiograph" in caplog.text


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


def train_on(settings: TrainingSettings, console: Console, folder: Path) -> TrainingResult:
    fit = replace(settings.fit, epochs=0)
    settings = replace(settings, model=folder / "model", fit=fit)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return train_and_export(settings, console, run_folder=folder / "run")


@pytest.fixture(scope="module")
def second(
    result: TrainingResult, settings: TrainingSettings, console: Console, tmp_path_factory: pytest.TempPathFactory
) -> TrainingResult:
    """Train from the first bundle, on other films and half of the first run's."""
    folder = tmp_path_factory.mktemp("second")
    for label, texture in zip(LABELS, range(3), strict=True):
        for film in range(12):
            write_film(folder / "films" / label / f"{film}.png", texture, seed=3000 + 100 * texture + film)
            shutil.copy(settings.dataset / label / f"{film}.png", folder / "films" / label / f"old-{film}.png")
    again = replace(settings, dataset=folder / "films", weights=str(result.model), other_findings=None)
    return train_on(again, console, folder)


def test_films_that_the_first_model_has_seen_are_not_held_out_by_the_second(
    result: TrainingResult, second: TrainingResult
):
    seen = set(result.metrics["training"]["film_sha256"])
    with (second.run_folder / "folds.csv").open() as lines:
        held_out = {row["file"] for row in csv.DictReader(lines)}
    training = second.metrics["training"]
    assert training["held_out_films_seen_by_weights"] == 0
    assert training["held_out_films"] == len(held_out) >= 3
    assert not training["is_measured_on_unseen_patients"]  # class folders name no patient
    assert training["held_out_films_without_patient"] == len(held_out)
    # the first run held some of its films out: those may be held out here, too
    old = [file for file in held_out if "old-" in file]
    assert len(old) < len(held_out)
    assert seen < set(training["film_sha256"])
    assert training["film_sha256_is_complete"]


def test_the_third_generation_knows_the_films_of_the_first(
    result: TrainingResult, second: TrainingResult, settings: TrainingSettings, console: Console, tmp_path: Path
):
    again = replace(settings, weights=str(second.model), other_findings=None)
    third = train_on(again, console, tmp_path)
    training = third.metrics["training"]
    assert set(result.metrics["training"]["film_sha256"]) < set(training["film_sha256"])
    # hardly anybody of these patients is new to the weights: the figures are none on unseen patients, and say so
    assert training["held_out_films_seen_by_weights"] > 0
    said = " ".join((third.run_folder / "classification_report.txt").read_text().split())
    card = " ".join((third.model / "MODEL_CARD.md").read_text().split())
    for text in (said, card):
        assert "of patients whom the starting weights have seen, so the figures are too kind" in text
        assert "no figure here is one on unseen patients" in text
    assert not training["calibration_fitted"]
    assert "temperature 1 and every operating point 0.5" in said


def test_weights_that_do_not_say_what_they_saw_make_a_bundle_that_says_so(
    result: TrainingResult, settings: TrainingSettings, console: Console, tmp_path: Path
):
    lost = tmp_path / "lost.keras"
    shutil.copy(result.model / "model.keras", lost)
    training = train_on(replace(settings, weights=str(lost)), console, tmp_path).metrics["training"]
    assert training["held_out_films_seen_by_weights"] is None
    assert not training["film_sha256_is_complete"]
    assert not training["is_measured_on_unseen_patients"]
