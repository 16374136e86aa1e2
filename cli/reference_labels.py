"""``outcomes import``: reference labels, which RT-PCR or readers gave films that were screened."""

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import FAILED, InputMissingError, exit_codes
from cli.opening import opened_installation
from store.references.words import FilmKey, ReferenceSource

if TYPE_CHECKING:
    from store.references.importing import LabelImport

app = typer.Typer(help="Reference labels (RT-PCR, readers) of films that were screened.", no_args_is_help=True)

SHOWN = 20  # refused rows; a file under the wrong key has as many as rows
MAP_HELP = "What a label means, as POS=covid19 or invalid=skip; may be repeated."


class SheetSource(StrEnum):
    """Who may have given the labels of a file: reviews are made on the page alone."""

    PCR = ReferenceSource.PCR
    READER = ReferenceSource.READER


@app.command("import")
def import_reference_labels(
    file: Annotated[Path, typer.Argument(metavar="RESULTS.csv", help="A header, and a row for each film or order.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; record nothing.")] = False,
    source: Annotated[SheetSource | None, typer.Option(help="Who gave the labels.")] = None,
    key: Annotated[FilmKey | None, typer.Option(help="What names a film.")] = None,
    key_column: Annotated[str | None, typer.Option(help="Name of the column that holds it.")] = None,
    label_column: Annotated[str | None, typer.Option(help="Name of the column that holds the label.")] = None,
    date_column: Annotated[str | None, typer.Option(help="Name of the column that says when.")] = None,
    date_format: Annotated[str | None, typer.Option(help="As `%d.%m.%Y`; default: 2026-11-21, ISO 8601.")] = None,
    meanings: Annotated[list[str] | None, typer.Option("--map", metavar="TEXT=MEANING", help=MAP_HELP)] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Correct labels that were imported before.")] = False,
    skip_refused: Annotated[
        bool, typer.Option("--skip-refused", help="Import the other rows; exit code 1 if some were refused.")
    ] = False,
) -> None:
    """Import what RT-PCR or readers found, so that reports say how often the model was right here.

    All rows or none: rows that name no film, films of different patients, or one film with two labels are refused with
    their line. Safe to run again. Messages hold line numbers and nothing of what stands in the file.

    Example: xray-cli outcomes import pcr.csv --map POS=covid19 --map NEG=not_covid19 --dry-run
    """
    with exit_codes(), opened_installation() as installation:
        ledger = installation.ledger
        from reports.question.periods import find_zone

        if not file.is_file():
            raise InputMissingError(f"there is no file {file}")
        from store.references.columns import ColumnChoice
        from store.references.importing import ImportSettings, import_references

        choice = ColumnChoice(
            key, key_column, label_column, date_column, None if source is None else ReferenceSource(source)
        )
        how = ImportSettings(choice, tuple(meanings or ()), date_format, replace, skip_refused, dry_run)
        zone = find_zone(installation.settings.time_zone)
        found = import_references(ledger, file, how, installation.protect, zone)
        _show(found, dry_run=dry_run)
    if found.refusals:
        raise typer.Exit(FAILED if skip_refused else os.EX_DATAERR)


def _show(found: "LabelImport", *, dry_run: bool) -> None:
    from documents.figures import say_count

    columns, header = found.columns, found.header
    date = "no date" if columns.date is None else f"date in '{header[columns.date]}'"
    key, label = f"{columns.key_kind} in '{header[columns.key]}'", f"{columns.source} in '{header[columns.label]}'"
    typer.echo(f"{say_count(found.rows, 'row')}: {key}, {label}, {date}")
    what = "would be imported" if dry_run else "imported" if found.recorded else "NOT imported"
    typer.echo(f"{what}: {say_count(found.new, 'new film')}, {found.changed} changed, {found.unchanged} as before")
    typer.echo(f"{say_count(found.skipped, 'row')} skipped, {len(found.refusals)} refused")
    for refusal in found.refusals[:SHOWN]:
        typer.echo(f"line {refusal.line}: {refusal.reason}", err=True)
    if len(found.refusals) > SHOWN:
        typer.echo(f"... and {say_count(len(found.refusals) - SHOWN, 'more line')}", err=True)
