"""`xray-cli train`: a data set in, a model bundle out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from inference.labels import NOTICE

MODEL_HELP = "The bundle's folder; an old bundle there is replaced."

EXIT_BAD_DATA = 65
EXIT_NO_INPUT = 66
EXIT_UNAVAILABLE = 69
EXIT_CANNOT_CREATE = 73


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
    """Train a model on a data set, patients kept apart, and write it as a bundle with figures on held-out patients."""
    from rich.console import Console

    from training.dataset import DatasetError, DatasetNotFoundError
    from training.export import ExportError
    from training.fitting import FitSettings
    from training.network import WeightsError
    from training.plot import write_plot
    from training.run import TrainingSettings, train_and_export

    console = Console(stderr=True)
    fit = FitSettings(epochs=epochs, seed=seed)
    settings = TrainingSettings(dataset, model, other_findings, weights, model_version, fit=fit)
    try:
        result = train_and_export(settings, console)
    except DatasetNotFoundError as error:
        raise _fail(error, EXIT_NO_INPUT) from error
    except (DatasetError, WeightsError) as error:
        raise _fail(error, EXIT_BAD_DATA) from error
    except ExportError as error:
        raise _fail(error, EXIT_CANNOT_CREATE) from error
    except ImportError as error:
        raise _fail(error, EXIT_UNAVAILABLE) from error
    if plot:
        write_plot(result.history, plot)
    _show(result.metrics)
    typer.echo(f"{result.model}: {NOTICE}")


def _fail(error: Exception, exit_code: int) -> typer.Exit:
    typer.echo(f"train: {error}", err=True)
    return typer.Exit(exit_code)


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
