"""`xray-cli train`: a data set in, a model bundle out."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.errors import PackageMissingError, exit_codes
from inference.labels import NOTICE

MODEL_HELP = "The bundle's folder; an old bundle there is replaced."


def train(
    dataset: Annotated[Path, typer.Option(help="Folder with manifest.csv, or with one folder for each class.")],
    plot: Annotated[Path | None, typer.Option(help="Write the curve of loss and accuracy here.")] = None,
    model: Annotated[Path, typer.Option(help=MODEL_HELP)] = Path("covid19"),
    other_findings: Annotated[Path | None, typer.Option(help="Folder of films of none of the classes.")] = None,
    epochs: Annotated[int, typer.Option(min=0, help="Epochs of fine-tuning; 0 trains the head only.")] = 12,
    seed: Annotated[int, typer.Option(min=0, help="Of every random number.")] = 0,
    weights: Annotated[str, typer.Option(help="'shipped' or the path of a .keras file to start from.")] = "shipped",
    model_version: Annotated[str, typer.Option(help="Name of the model.")] = "local",
) -> None:
    """Train a model on a data set, patients kept apart, and write it as a bundle with figures on held-out patients.

    Needs TensorFlow: pip install 'xray-watch[train]'.

    Example: xray-cli train --dataset dataset --plot plot.png --model covid19
    """
    with exit_codes():
        if find_spec("tensorflow") is None:
            raise PackageMissingError("training needs TensorFlow: pip install 'xray-watch[train]'")
        from rich.console import Console

        from training.fitting import FitSettings
        from training.plot import write_plot
        from training.run import TrainingSettings, train_and_export

        fit = FitSettings(epochs=epochs, seed=seed)
        settings = TrainingSettings(dataset, model, other_findings, weights, model_version, fit=fit)
        result = train_and_export(settings, Console(stderr=True))
        if plot:
            write_plot(result.history, plot)
        _show(result.metrics)
        typer.echo(f"{result.model}: {NOTICE}")


def _show(metrics: Mapping[str, Any]) -> None:
    typer.echo(f"held-out patients: {metrics['n']} films of {metrics['n_patients']} patients")
    for name in ("accuracy", "balanced_accuracy", "ece"):
        typer.echo(f"{name.replace('_', ' '):>20}  {_format(metrics[name])}")
    for label, each in metrics["per_class"].items():
        typer.echo(
            f"{label:>20}  sensitivity {_format(each['sensitivity'])}  specificity {_format(each['specificity'])}"
        )


def _format(estimate: Mapping[str, float | None]) -> str:
    value, low, high = (estimate[name] for name in ("value", "low", "high"))
    return "none" if value is None else f"{value:.3f} ({low:.3f} to {high:.3f})"
