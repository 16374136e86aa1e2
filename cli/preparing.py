"""What a person sees of a preparation: a bar for each step, and the summary as tables."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from cli.choices import TableFormat
from imaging import REASONS
from inference.labels import NOTICE
from training.preparation import PrepareSettings
from training.preparation import prepare as prepare_dataset
from training.preparation.offer import NothingToPrepareError
from training.preparation.summary import MEANINGS, to_json
from training.preparation.track import Track

Item = TypeVar("Item")

FOLDER_WARNING = (
    "the lists hold keyed hashes of patients' ids, but the copied DICOM files keep their headers, with names: "
    "share the folder only as you would share the originals"
)


def run(settings: PrepareSettings) -> dict[str, Any]:
    """Prepare with progress on standard error; returns the summary."""
    console = Console(stderr=True, highlight=False)
    with _show_progress(console) as track:
        result = prepare_dataset(settings, track, lambda text: console.print(text, markup=False, soft_wrap=True))
    summary = to_json(result, str(settings.output))
    if settings.dicom:
        summary["warnings"].append(FOLDER_WARNING)
    return summary


@contextmanager
def _show_progress(console: Console) -> Iterator[Track]:
    times = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
    columns = (TextColumn("{task.description:16}"), BarColumn(), MofNCompleteColumn(), *times)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:

        def track(items: Iterable[Item], count: int | None, description: str) -> Iterable[Item]:
            return bars.track(items, total=count, description=description)

        yield track


def print_summary(summary: Mapping[str, Any], output_format: TableFormat) -> None:
    """Print what the data set holds, what was left out, and what a sceptic should know.

    Raises
    ------
    NothingToPrepareError
        It holds nothing.
    """
    console = Console(highlight=False)
    if output_format is TableFormat.JSON:
        typer.echo(json.dumps(summary, indent=2))
    else:
        _print_tables(summary, console)
    if not summary["kept"]:
        raise NothingToPrepareError("no film is left for the data set; the reasons stand in its dropped.csv")


def _print_tables(summary: Mapping[str, Any], console: Console) -> None:
    console.print(_tabulate_films(summary["films"]))
    if summary["reasons"]:
        console.print(_tabulate_reasons(summary["reasons"]))
    console.print(
        f"{summary['offered']} films offered: {summary['kept']} kept, {summary['dropped']} left out "
        f"({summary['duplicates']} of them copies)",
        soft_wrap=True,
    )
    for warning in summary["warnings"]:
        console.print(f"[yellow]Mind:[/yellow] {warning}", soft_wrap=True)
    console.print(f"{summary['output']}: manifest.csv, dropped.csv. {NOTICE}", markup=False, soft_wrap=True)


def _tabulate_films(films: Iterable[Mapping[str, Any]]) -> Table:
    table = Table("Class", "Source", title="In the data set", title_justify="left", box=None, pad_edge=False)
    for heading in ("Films", "Patients", "Sites"):
        table.add_column(heading, justify="right")
    for share in films:
        patients = f"{share['patients']}" + (f" + {share['without_patient']}?" if share["without_patient"] else "")
        table.add_row(share["label"], share["source"], str(share["films"]), patients, str(share["sites"]))
    return table


def _tabulate_reasons(reasons: Iterable[Mapping[str, Any]]) -> Table:
    table = Table("Source", title="Left out", title_justify="left", box=None, pad_edge=False)
    table.add_column("Films", justify="right")
    table.add_column("Reason")
    for row in reasons:
        meaning = MEANINGS.get(row["why"]) or REASONS.get(row["why"], "")
        table.add_row(row["source"], str(row["films"]), f"{row['why']}: {meaning}")
    return table
