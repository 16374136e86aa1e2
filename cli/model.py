"""``model``: which bundles are known, what one is, which one serves, and its card."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.errors import InputMissingError, exit_codes
from cli.opening import opened_installation

if TYPE_CHECKING:
    from inference.bundle import Bundle
    from installation.installation import Installation

app = typer.Typer(help="Model bundles.", no_args_is_help=True)

Folder = Annotated[
    Path | None, typer.Argument(metavar="FOLDER", help="A bundle's folder; default: the one that serves.")
]


@app.command("list")
def list_bundles() -> None:
    """List the bundles that have served here; * marks the one that was activated."""
    with exit_codes(), _opened_for_models() as installation:
        from store.database import reading
        from store.ledger.models import list_models

        with reading(installation.ledger) as connection:
            models = list_models(connection)
        for model in models:
            mark = "*" if model.active else " "
            typer.echo(f"{mark} {model.model_version:24} {model.model_sha256[:16]}  {model.folder}")
        if not any(model.active for model in models):
            typer.echo("none was activated: XRAY_MODEL serves, or the bundle that ships")


@app.command()
def show(folder: Folder = None) -> None:
    """Show what a bundle is: labels, input, calibration, operating points, metrics."""
    with exit_codes():
        bundle = _read(folder)
        metrics = {name: _count_hashes(value) for name, value in bundle.metrics.items()}
        typer.echo(json.dumps({**_facts(bundle), "metrics": metrics}, indent=2, default=str))


def _count_hashes(facts: Any) -> Any:
    """Say of the films that a model has seen how many they are: their hashes, thousands of lines, are for programs."""
    if not isinstance(facts, dict) or "film_sha256" not in facts:
        return facts
    return {**facts, "film_sha256": f"{len(facts['film_sha256'])} films; bundle.json has their hashes"}


@app.command()
def verify(folder: Folder = None) -> None:
    """Check every file of a bundle against its hash, and that this version can serve it."""
    with exit_codes():
        bundle = _read(folder)
        typer.echo(f"{bundle.model_version} is sound (sha256 {bundle.model_sha256})")


@app.command()
def activate(
    name: Annotated[str, typer.Argument(metavar="FOLDER", help="The bundle's folder, or its name in `model list`.")],
) -> None:
    """Let a bundle serve from the next start on; it is verified first, and its hash is kept."""
    with exit_codes(), _opened_for_models() as installation:
        from inference.bundle import read_bundle
        from store.ledger.models import activate_model, record_model

        folder = _find_folder(installation, name)
        bundle = read_bundle(folder)
        with installation.ledger.begin() as connection:
            record_model(connection, bundle.model_sha256, bundle.model_version, folder)
            activate_model(connection, bundle.model_sha256)
        typer.echo(f"{bundle.model_version} serves from the next start of the service on")
        for caution in _find_cautions(bundle):
            typer.echo(f"warning: {caution}", err=True)
        if installation.settings.model is not None:
            typer.echo(f"but XRAY_MODEL is set to {installation.settings.model}, and goes before it", err=True)


def _find_folder(installation: "Installation", name: str) -> Path:
    """Return the folder that was named, or that of the known bundle of that name."""
    folder = Path(name)
    if folder.exists() or folder.name != name:
        return folder.resolve()
    from inference.bundle import SHIPPED_BUNDLE
    from store.database import reading
    from store.ledger.models import list_models

    with reading(installation.ledger) as connection:
        known = [(model.model_version, model.model_sha256, model.folder) for model in list_models(connection)]
    found = {folder for version, sha256, folder in known if version == name or sha256[:16] == name}
    if not found and name == SHIPPED_BUNDLE.name:
        return SHIPPED_BUNDLE
    if len(found) == 1:
        return found.pop()
    listed = ", ".join(dict.fromkeys([*(version for version, _, _ in known), SHIPPED_BUNDLE.name]))
    several = "several bundles have that name, give one's folder" if found else f"known are {listed}"
    raise InputMissingError(f"there is no folder '{name[:80]}'; {several} ('xray-cli model list')")


def _find_cautions(bundle: "Bundle") -> Iterator[str]:
    """Say what its training run says against letting a bundle serve."""
    training = bundle.metrics.get("training", {})
    if not training.get("is_measured_on_unseen_patients", True):
        yield "its figures are not on unseen patients: nobody knows how often it is right ('xray-cli evaluate')"
    chosen = training.get("operating_points_chosen", bundle.outputs)
    if rest := [output for output in bundle.outputs if output not in chosen]:
        yield f"no operating point was chosen on films for {', '.join(rest)}: a label is given from 0.50 on"


@app.command()
def card(
    folder: Folder = None,
    evaluation: Annotated[
        Path | None,
        typer.Option(help="What `evaluate --format json` wrote for this bundle: audit, gate, leave-one-out."),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="A file, written whole or not at all.")] = None,
) -> None:
    """Write the model card: figures from the bundle and from an evaluation, caveats from this program.

    Example: xray-cli model card BUNDLE --evaluation evaluation.json --output MODEL_CARD.md
    """
    with exit_codes():
        from documents.output import open_output
        from training.evaluation.card.card import render_card
        from training.evaluation.result import read_evaluation

        if evaluation is not None and not evaluation.is_file():
            raise InputMissingError(f"no file {evaluation}")
        bundle = _read(folder)
        found = None if evaluation is None else read_evaluation(evaluation)
        text = render_card(bundle, found)
        with open_output(output) as stream:
            stream.write(text)


@contextmanager
def _opened_for_models() -> "Iterator[Installation]":
    """Give the installation; in a home without a ledger one is made, since a model may be chosen before all else."""
    with opened_installation() as installation:
        if installation.settings.keeps_own_ledger and not installation.has_ledger:
            installation.upgrade_ledger()
        yield installation


def _read(folder: Path | None) -> "Bundle":
    """Read the bundle that was named, or the one that serves here."""
    from inference.bundle import read_bundle

    if folder is not None:
        return read_bundle(folder.resolve())
    with opened_installation() as installation:
        return installation.model


def _facts(bundle: "Bundle") -> dict[str, Any]:
    names = (
        *("model_version", "model_sha256", "folder", "labels", "outputs", "input_size", "preprocessing_version"),
        *("calibration", "operating_points", "training_data_sha256"),
    )
    return {name: getattr(bundle, name) for name in names}
