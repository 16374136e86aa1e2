"""``doctor``: everything that the service needs, looked at one by one."""

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.choices import TextFormat
from cli.errors import FAILED, exit_codes
from cli.opening import opened_installation


def doctor(
    inboxes: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="INBOX", help="What is, or will be, watched; default: what the service watches, else XRAY_INBOX."
        ),
    ] = None,
    output_format: Annotated[TextFormat, typer.Option("--format", help="How it is written.")] = TextFormat.TEXT,
) -> None:
    """Check folders, database, broker, model, disk and file events; exit code 1 where something is wrong."""
    with exit_codes(), opened_installation() as installation:
        from dataclasses import asdict

        from worker.health.doctor import find_watched, run_checks

        checks = list(run_checks(installation, inboxes or find_watched(installation)))
    if output_format is TextFormat.JSON:
        typer.echo(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        for check in checks:
            mark = "ok  " if not check.advice else "note" if check.is_warning else "FAIL"
            typer.echo(f"{mark} {check.name:12} {check.found}" + (f"\n{'':18}{check.advice}" if check.advice else ""))
    if any(check.advice and not check.is_warning for check in checks):
        raise typer.Exit(FAILED)
