"""What a person sees of a preparation: a bar for each step, and the summary as tables."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from cli.choices import TableFormat
from documents.blocks import CellKind, Column, Content, Row, Section, Table
from documents.figures import say_count
from documents.terminal import write_content
from imaging import REASONS
from training.preparation import PrepareSettings
from training.preparation import prepare as prepare_dataset
from training.preparation.offer import NothingToPrepareError
from training.preparation.summary import MEANINGS, to_json
from training.preparation.track import Track

Item = TypeVar("Item")

FILMS = (
    Column("class", CellKind.WORDS, 1),
    Column("source", CellKind.NAME, 1),
    Column("films", CellKind.COUNT, 1),
    Column("patients", CellKind.NUMBER, 1),
    Column("sites", CellKind.COUNT, 1),
)
DROPPED = (Column("source", CellKind.NAME, 1), Column("films", CellKind.COUNT, 1), Column("reason", CellKind.WORDS, 1))
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
    if settings.dicom or settings.site_films:
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
    if output_format is TableFormat.JSON:
        typer.echo(json.dumps(summary, indent=2))
    else:
        write_content(_build_content(summary), sys.stdout)
    if not summary["kept"]:
        raise NothingToPrepareError("no film is left for the data set; dropped.csv says why")


def _build_content(summary: Mapping[str, Any]) -> Content:
    sections = [_build_films(summary["films"]), _build_reasons(summary["reasons"])]
    left_out = f"{summary['dropped']:,} left out ({summary['duplicates']:,} of them copies)"
    return Content(
        title="Data set",
        period=f"{summary['output']}: manifest.csv, dropped.csv",
        verdict=[f"{say_count(summary['offered'], 'film')} offered: {summary['kept']:,} kept, {left_out}."],
        warnings=summary["warnings"],
        tiles=(),
        sections=[section for section in sections if section.blocks],
    )


def _build_films(films: Iterable[Mapping[str, Any]]) -> Section:
    rows = [
        Row([share["label"], share["source"], share["films"], _say_patients(share), share["sites"]]) for share in films
    ]
    return Section("films", "In the data set", "", [Table("", FILMS, rows)] if rows else [])


def _say_patients(share: Mapping[str, Any]) -> str:
    unnamed = f" + {share['without_patient']:,}?" if share["without_patient"] else ""
    return f"{share['patients']:,}{unnamed}"


def _build_reasons(reasons: Iterable[Mapping[str, Any]]) -> Section:
    rows = [
        Row([row["source"], row["films"], f"{row['why']}: {MEANINGS.get(row['why']) or REASONS.get(row['why'], '')}"])
        for row in reasons
    ]
    return Section("reasons", "Left out", "", [Table("", DROPPED, rows)] if rows else [])
