import csv
import hashlib
import io
import json
import shutil
import warnings
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner, Result

from cli.evaluate import evaluate
from imaging.phantoms.files import write_png_phantom
from inference.bundle import read_bundle
from inference.labels import LABELS, NOTICE
from installation.home import Home
from store.database import open_database
from store.ledger.outcomes import record_screening
from store.references.labels import ReferenceLabel, record_references
from store.references.words import Reference, ReferenceSource
from tests.databases import sqlite_template
from tests.ledger import OWNER, hold, new_screening, register_model
from tests.training.factories import write_backbone, write_film, write_manifest, write_open_gate
from training.data.overlap import FILMS_KEY, name_films
from training.evaluation.assessment import AssessmentSettings
from training.fit.settings import FitSettings, TrainingSettings
from training.run.export import BundleFacts
from training.run.export import write_manifest as export_manifest
from training.run.run import train_and_export

# TensorFlow's imports and its tensors use what numpy has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

__all__ = ["sqlite_template"]

METRICS = ("sensitivity", "specificity", "ppv", "npv", "auroc")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_open_gate(tmp_path_factory.mktemp("bundles") / "open_gate")


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write six phantoms of each class, two a patient, one of them damaged, half of them on the side `test`."""
    folder = tmp_path_factory.mktemp("phantoms")
    rows = []
    for place in range(18):
        label, patient = LABELS[place % 3], place // 6 + 3 * (place % 3)
        write_png_phantom(folder / f"{place}.png", seed=place, rows=300, columns=240 + 10 * (place % 3))
        facts = {"file": f"{place}.png", "label": label, "patient_id": f"p{patient}", "source": "north", "sex": "F"}
        rows.append(facts | {"split": "test" if place // 6 == 0 else "train"})
    (folder / "4.png").write_bytes(b"no radiograph")
    write_manifest(folder, rows)
    return folder


def run(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(evaluate)
    return CliRunner().invoke(app, [str(argument) for argument in (*arguments, "--workers", 1)])


def is_estimate(found: object) -> bool:
    return isinstance(found, dict) and set(found) == {"value", "low", "high"}


def test_json_has_the_contracts_names_and_every_metric_an_interval(
    model: Path, phantoms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XRAY_HOME", str(tmp_path))
    answer = run("--dataset", phantoms, "--model", model, "--format", "json", "--no-audit")
    assert answer.exit_code == 0, answer.output
    report = json.loads(answer.stdout)
    assert (report["schema"], report["notice"]) == (1, NOTICE)
    assert report["model_version"]
    assert report["n"] == 17
    assert all(is_estimate(report[name]) for name in ("accuracy", "balanced_accuracy", "ece", "brier"))
    assert list(report["per_class"]) == list(LABELS)
    for each in report["per_class"].values():
        assert all(is_estimate(each[name]) for name in METRICS)
    assert [each["support"] for each in report["per_class"].values()] == [6, 5, 6]
    assert [sum(row) for row in report["confusion_matrix"]] == [6, 5, 6]
    assert set(report["by_group"]) == {"source", "site", "view", "age_group", "sex", "image_size"}
    assert is_estimate(report["by_group"]["source"]["north"]["accuracy"])
    assert all("overlay_png" not in each for each in report["worst"])
    kept = Home(tmp_path).find_evaluation(report["model_sha256"])
    assert json.loads(kept.read_text()) == report


def test_what_is_refused_is_counted_and_in_no_figure(model: Path, phantoms: Path):
    report = json.loads(run("--dataset", phantoms, "--model", model, "--format", "json", "--no-audit").stdout)
    (reason,) = report["refused"]["by_reason"].values()
    assert (report["refused"]["n"], report["refused"]["unreadable"]) == (1, 1)
    assert reason["by_label"] == {"viral_pneumonia": 1}
    assert reason["advice"]


@pytest.fixture(scope="module")
def audited(model: Path, phantoms: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    output = tmp_path_factory.mktemp("output") / "report.json"
    arguments = ("--dataset", phantoms, "--model", model, "--other-findings", phantoms, "--leave-out", "source")
    with warnings.catch_warnings():
        # as above: the mark does not reach into a fixture of the module
        warnings.simplefilter("ignore")
        return run(*arguments, "--strict", "--format", "json", "--output", output), output


def test_strict_makes_the_exit_code_one_where_the_model_may_not_need_the_lungs(audited: tuple[Result, Path]):
    answer, output = audited
    report = json.loads(output.read_bytes())
    # twelve films of one drawing prove nothing about any model
    assert report["audit"]["works_without_lungs"]
    assert answer.exit_code == 1
    assert "works without lungs" in answer.stderr
    assert answer.stdout == ""


def test_the_audit_and_what_is_left_out_stand_in_the_file(audited: tuple[Result, Path]):
    report = json.loads(audited[1].read_bytes())
    assert is_estimate(report["audit"]["lungs_masked"]["balanced_accuracy"])
    assert is_estimate(report["audit"]["baselines"]["thumbnail_logistic"]["balanced_accuracy"])
    assert report["leave_one_out"]["by"] == "source"
    assert list(report["leave_one_out"]["skipped"]) == ["north"]
    assert report["other_finding"]["n"] == 17
    assert {"lungs_not_ruled_out", "works_without_lungs"} & {each["code"] for each in report["warnings"]}


def test_the_table_fits_eighty_columns_and_says_the_notice(model: Path, phantoms: Path):
    answer = run("--dataset", phantoms, "--model", model, "--no-audit", "--prevalence", "covid19=0.02")
    assert answer.exit_code == 0
    assert max(map(len, answer.stdout.splitlines())) <= 80
    assert NOTICE in answer.stdout
    words = " ".join(answer.stdout.split())
    assert "Of 17 films of 9 patients it puts" in words
    assert "1 film of the data set got no answer" in words
    assert "COVID-19 2 %" in words


def test_a_page_is_written_whole(model: Path, phantoms: Path, tmp_path: Path):
    page = tmp_path / "page.html"
    answer = run("--dataset", phantoms, "--model", model, "--no-audit", "--format", "html", "--output", page)
    assert answer.exit_code == 0, answer.output
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert NOTICE in page.read_text()
    assert list(tmp_path.iterdir()) == [page]


def test_one_side_of_the_manifests_split(model: Path, phantoms: Path):
    arguments = ("--dataset", phantoms, "--model", model, "--format", "json", "--no-audit", "--split")
    assert json.loads(run(*arguments, "test").stdout)["n"] == 5
    answer = run(*arguments, "validation")
    assert answer.exit_code == 66
    assert "no film is on the side validation" in answer.stderr


def test_what_was_held_out_is_asked_of_a_bundle_that_does_not_say(model: Path, phantoms: Path):
    answer = run("--dataset", phantoms, "--model", model, "--no-audit", "--split", "held-out")
    assert answer.exit_code == 66
    assert "does not say which films" in answer.stderr


def test_held_out_are_patients_without_a_film_that_the_bundle_names(model: Path, phantoms: Path, tmp_path: Path):
    bundle = read_bundle(model)
    folder = Path(shutil.copytree(model, tmp_path / "named"))
    # film 0 is of the patient of film 3
    seen = name_films([hashlib.sha256((phantoms / "0.png").read_bytes()).hexdigest()])
    facts = BundleFacts(
        model_version="named",
        outputs=bundle.outputs,
        input_size=bundle.input_size,
        temperature=1.0,
        operating_points=bundle.operating_points,
        gate=bundle.gate,
        training_data_sha256=bundle.training_data_sha256,
        metrics={"training": {FILMS_KEY: seen}},
    )
    export_manifest(folder, facts)
    arguments = ("--dataset", phantoms, "--model", folder, "--no-audit", "--format", "json")
    everything = json.loads(run(*arguments).stdout)
    assert everything["dataset"]["n_seen"] == 2
    assert everything["warnings"][0]["code"] == "trained_on_these_films"
    held_out = json.loads(run(*arguments, "--split", "held-out").stdout)
    assert (held_out["n"], held_out["dataset"]["n_seen"]) == (15, 0)


@pytest.mark.parametrize(
    ("option", "given", "message"),
    [
        ("--format", "pdf", "'html'"),
        ("--split", "best", "'held-out'"),
        ("--leave-out", "age", "'site'"),
        ("--prevalence", "covid19=2", "accepted"),
        ("--prevalence", "flu=0.1", "accepted"),
        ("--prevalence", "covid19", "accepted"),
    ],
)
def test_what_is_not_accepted_is_a_usage_error(option: str, given: str, message: str, phantoms: Path):
    answer = run("--dataset", phantoms, option, given)
    assert answer.exit_code == 2
    assert message in answer.stderr


def test_no_data_set_and_no_model_are_exit_code_66(model: Path, phantoms: Path, tmp_path: Path):
    assert run("--dataset", tmp_path, "--model", model).exit_code == 66
    answer = run("--dataset", phantoms, "--model", tmp_path)
    assert answer.exit_code == 66
    assert "Traceback" not in answer.output


def test_a_dozen_real_films_are_judged_and_audited(shared: Path, tmp_path: Path):
    folder = shared / "data" / "radiographs"
    with (folder / "manifest.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    chosen = [row for label in LABELS for row in [row for row in rows if row["class"] == label][:4]]
    write_manifest(tmp_path, [row | {"file": folder / row["file"]} for row in chosen])
    answer = run("--dataset", tmp_path, "--format", "json")
    assert answer.exit_code == 0, answer.output
    report = json.loads(answer.stdout)
    assert report["n"] + report["refused"]["n"] == 12
    # the activation map of a model that looks at lungs holds more of them than chance
    assert report["audit"]["activation"]["area"]["value"] < 0.7


def test_settings_have_defaults_for_all_but_the_folders():
    settings = AssessmentSettings(Path("model"), Path("dataset"))
    assert (settings.part, settings.with_audit, settings.leave_out_by) == ("all", True, None)


def test_films_that_were_screened_here_are_measured_with_the_labels_that_were_imported(
    model: Path, phantoms: Path, sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    shutil.copyfile(sqlite_template, tmp_path / "xray.db")
    engine = open_database(f"sqlite:///{tmp_path / 'xray.db'}")
    register_model(engine)
    references = (Reference.COVID19, Reference.VIRAL_PNEUMONIA, Reference.NORMAL)
    labels = []
    for place in (0, 1, 2, 3):
        path = Path(shutil.copyfile(phantoms / f"{place}.png", tmp_path / f"0000000{place}.png"))
        screening = new_screening(source_sha256=hashlib.sha256(path.read_bytes()).hexdigest())
        if place:
            arrival_id = hold(engine, path.name)
            with engine.begin() as connection:
                record_screening(connection, arrival_id, OWNER, screening, path)
        labels.append(ReferenceLabel(screening.source_sha256, ReferenceSource.READER, references[place % 3]))
    with engine.begin() as connection:
        record_references(connection, labels)
    engine.dispose()
    monkeypatch.setenv("XRAY_HOME", str(tmp_path))
    answer = run("--from-outcomes", "--since", "1d", "--model", model, "--format", "json", "--no-audit")
    assert answer.exit_code == 0, answer.output
    report = json.loads(answer.stdout)
    assert report["dataset"]["name"] == "outcomes"
    assert [each["support"] for each in report["per_class"].values()] == [1, 1, 1]  # film 0 was never screened
    assert run("--from-outcomes", "--since", "2020-01-01", "--until", "2020-01-02", "--model", model).exit_code == 66


@pytest.mark.parametrize("options", [(), ("--dataset", "d", "--from-outcomes"), ("--dataset", "d", "--since", "1d")])
def test_films_come_from_one_place(options: tuple[str, ...]):
    assert run(*options).exit_code == 2


def test_a_model_of_two_classes_is_measured_by_the_classes_that_it_knows(phantoms: Path, tmp_path: Path, model: Path):
    for number, (texture, label) in enumerate(((0, "covid19"), (2, "normal"))):
        for film in range(5):
            write_film(tmp_path / "films" / label / f"{film}.png", texture, seed=10 * number + film)
    backbone = write_backbone(tmp_path / "backbone.keras")
    settings = TrainingSettings(
        tmp_path / "films", tmp_path / "two", lungs=model, weights="imagenet-file", imagenet_file=backbone,
        input_size=64, fit=FitSettings(epochs=0),
    )  # fmt: skip
    with warnings.catch_warnings():
        # as above
        warnings.simplefilter("ignore")
        train_and_export(settings, Console(file=io.StringIO()), run_folder=tmp_path / "run")
        answer = run("--dataset", phantoms, "--model", tmp_path / "two", "--format", "json", "--no-audit")
    assert answer.exit_code == 0, answer.output
    report = json.loads(answer.stdout)
    assert list(report["per_class"]) == ["covid19", "normal"]
    assert [len(row) for row in report["confusion_matrix"]] == [2, 2]
    assert (report["n"], report["other_finding"]["n"]) == (12, 5)
    assert "answered_viral_pneumonia" not in report["other_finding"]
    assert "unknown_classes" in {each["code"] for each in report["warnings"]}
    assert report["coverage_curve"][0]["threshold"] == 0.5
