"""`xray-cli train`: a data set in, a model bundle out."""

import os
from collections.abc import Mapping
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import PackageMissingError, exit_codes
from inference.labels import NOTICE

INTERRUPTED = 130  # as a shell reports Ctrl-C
ERRORS_ONLY = "2"  # TensorFlow greets whoever imports it, amid lines for people


class BackboneName(StrEnum):
    """The networks that a model can be built on, as `training.fit.settings` names them: reading it takes long."""

    EFFICIENTNET_LITE0 = "efficientnet_lite0"
    MOBILENETV2 = "mobilenetv2"


Dataset = Annotated[
    Path | None, typer.Option("--dataset", "-d", help="Folder with a folder for each class, or with manifest.csv.")
]
Plot = Annotated[Path, typer.Option("--plot", "-p", help="Where to draw loss and accuracy by epoch.")]
Model = Annotated[
    Path | None,
    typer.Option("--model", "-m", help="The bundle's folder; an old bundle there is replaced [covid19.model]."),
]
OtherFindings = Annotated[Path | None, typer.Option(help="Folder of films of none of the classes.")]
Lungs = Annotated[Path | None, typer.Option(help="Bundle whose lung finder and gate go first [the one that ships].")]
Experiment = Annotated[str | None, typer.Option(help="TOML file of settings, or its name in training/experiments.")]
RunPath = Annotated[Path | None, typer.Option("--run-folder", help="Records and checkpoints [runs/TIME-MODEL].")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the run in --run-folder, or with the latest one.")]
Folds = Annotated[int | None, typer.Option(min=0, help="Cross-validate so many times before the final training [0].")]
Epochs = Annotated[int | None, typer.Option(min=0, help="Epochs of fine-tuning at most; 0 trains the head only [12].")]
Patience = Annotated[int | None, typer.Option(min=0, help="Stop after so many epochs without gain; 0: never [5].")]
BatchSize = Annotated[int | None, typer.Option(min=1, help="Films in each step [32].")]
LearningRate = Annotated[float | None, typer.Option(help="Peak while fine-tuning [0.0001].")]
Backbone = Annotated[
    BackboneName | None, typer.Option("--backbone", help="Network that sees the films [efficientnet_lite0].")
]
Weights = Annotated[str | None, typer.Option(help="shipped, imagenet-file, random, a .keras file or bundle [shipped].")]
ImagenetFile = Annotated[Path | None, typer.Option(help="ImageNet weights, a file or their folder [weights].")]
Seed = Annotated[int | None, typer.Option(min=0, help="Seed of all random numbers [0].")]
ModelVersion = Annotated[str | None, typer.Option(help="Name of the model; by default that of its folder.")]


def train(
    dataset: Dataset = None,
    plot: Plot = Path("plot.png"),
    model: Model = None,
    other_findings: OtherFindings = None,
    lungs: Lungs = None,
    experiment: Experiment = None,
    run_folder: RunPath = None,
    resume: Resume = False,
    folds: Folds = None,
    epochs: Epochs = None,
    patience: Patience = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    backbone: Backbone = None,
    weights: Weights = None,
    imagenet_file: ImagenetFile = None,
    seed: Seed = None,
    model_version: ModelVersion = None,
) -> None:
    """Train a model on a data set, patients kept apart, and write it as a bundle with its figures.

    They are on unseen patients where enough are left whom the starting weights have not seen; else it is said.

    The data set is a folder with a folder for each of two or three classes, such as dataset/covid and dataset/normal,
    the COVID-19 Radiography Database or Kaggle's chest_xray as they are unpacked, or what 'xray-cli prepare' made.
    Needs TensorFlow, which 'make training' installs.

    Example: xray-cli train --dataset dataset --plot plot.png --model covid19
    """
    options = {
        "dataset": dataset, "model": model, "other_findings": other_findings, "lungs": lungs, "folds": folds,
        "epochs": epochs, "patience": patience, "batch_size": batch_size, "learning_rate": learning_rate,
        "backbone": backbone and backbone.value, "weights": weights, "imagenet_file": imagenet_file, "seed": seed,
        "model_version": model_version,
    }  # fmt: skip
    with exit_codes():
        check_packages()
        _train(experiment, options, run_folder, resume, plot)


def _train(
    experiment: str | None, options: Mapping[str, object], run_folder: Path | None, resume: bool, plot: Path
) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", ERRORS_ONLY)
    from rich.console import Console

    from training.run.experiment import read_training_settings
    from training.run.plot import check_plot, write_plot
    from training.run.record import name_validation, write_report
    from training.run.run import train_and_export
    from training.run.run_folder import find_run_folder, name_run_folder

    settings = read_training_settings(experiment, options)
    check_plot(plot)
    folder = run_folder or (find_run_folder(settings) if resume else name_run_folder(settings))
    try:
        result = train_and_export(settings, Console(stderr=True), run_folder=folder, resume=resume)
    except KeyboardInterrupt:
        goes_on = f"the same command with --run-folder {folder} --resume goes on"
        typer.echo(f"stopped: {goes_on if folder.is_dir() else 'nothing was trained yet'}", err=True)
        raise typer.Exit(INTERRUPTED) from None
    typer.echo(write_report(result.metrics))
    write_plot(result.history, plot, name_validation(result.metrics["training"]))
    typer.echo(f"bundle {result.model}, run folder {result.run_folder}: {NOTICE}")


def check_packages() -> None:
    """Say how to get TensorFlow where it is missing, before anything slow begins."""
    if find_spec("tensorflow") is None:
        raise PackageMissingError("training needs TensorFlow")
