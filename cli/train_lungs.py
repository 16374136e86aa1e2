"""`xray-cli train-lungs`: films, lung masks and other pictures in, a bundle with a new lung finder out."""

from pathlib import Path
from typing import Annotated

import typer

from cli.errors import exit_codes
from cli.train import check_packages
from inference.bundle import SHIPPED_BUNDLE
from inference.labels import NOTICE

MASKS_HELP = "Folder or ZIP file of lung masks, named as the films they belong to."
LATERALS_HELP = "Folder of chest films from the side."
KEEP_HELP = "Learn only what the gate refuses anew: lungs stay where they are found now, and the classifier valid."
OTHERS_HELP = "Folder of pictures that are no chest films: photographs, documents, other parts of the body."


def train_lungs(
    dataset: Annotated[Path, typer.Option(help="Folder with manifest.csv, or with one folder for each class.")],
    masks: Annotated[Path, typer.Option(help=MASKS_HELP)],
    laterals: Annotated[Path, typer.Option(help=LATERALS_HELP)],
    others: Annotated[Path, typer.Option(help=OTHERS_HELP)],
    model: Annotated[Path, typer.Option(help="The new bundle's folder.")],
    other_findings: Annotated[Path | None, typer.Option(help="Folder of films of none of the classes.")] = None,
    keep_lungs: Annotated[bool, typer.Option("--keep-lungs", help=KEEP_HELP)] = False,
    base: Annotated[Path | None, typer.Option(help="Bundle to start from [the one that ships].")] = None,
    look_steps: Annotated[int, typer.Option(min=1, help="Batches of the second look.")] = 6000,
    model_version: Annotated[str, typer.Option(help="Name of the new bundle; by default the shipped one's.")] = "",
    seed: Annotated[int, typer.Option(min=0, help="Seed of all random numbers.")] = 0,
) -> None:
    """Train the lung finder and the input gate, and write them into a copy of the shipped bundle.

    Without --keep-lungs the classifier in that copy was trained behind another finder: train it anew with
    `train --lungs`.

    Example: xray-cli train-lungs --dataset dataset --masks masks.zip --laterals laterals --others photos --model lungs
    """
    with exit_codes():
        check_packages()
        from rich.console import Console

        from training.finder.run import FinderSettings, train_finder

        settings = FinderSettings(
            dataset,
            masks,
            laterals,
            others,
            model,
            other_findings,
            seed=seed,
            keeps_lungs=keep_lungs,
            look_steps=look_steps,
            base=base or SHIPPED_BUNDLE,
            model_version=model_version,
        )
        measures = train_finder(settings, Console(stderr=True))
        typer.echo(f"on held-out patients: Dice {measures['dice']['value']:.3f} of {measures['dice']['n']} films")
        for name in ("refused_frontal", "refused"):
            for group, share in measures[name].items():
                typer.echo(f"{name.replace('_', ' '):>16} {group:<16} {share['value']:7.1%} of {share['n']}")
        typer.echo(f"bundle {model}: {NOTICE}")
