"""``status`` and ``retry``: what is queued, running and stuck, and trying it again."""

import json
from typing import Annotated

import typer

from cli.errors import FAILED, exit_codes
from cli.opening import opened_ledger


def status(
    output_format: Annotated[str, typer.Option("--format", help="`text` or `json`.")] = "text",
) -> None:
    """Show whether the service runs, what waits, what is in work, and what is stuck.

    Exit code 1: something waits and no service runs, or files meet faults.
    """
    with exit_codes(), opened_ledger() as (settings, engine):
        from inference.labels import NOTICE
        from worker.health import read_status

        found = read_status(settings, engine)
        if output_format == "json":
            typer.echo(json.dumps({"schema": 1, "notice": NOTICE, **found.as_json()}, indent=2))
        else:
            for line in found.as_lines():
                typer.echo(line)
            typer.echo(NOTICE)
    if found.problems:
        raise typer.Exit(FAILED)


def retry(
    ids: Annotated[list[int] | None, typer.Argument(metavar="[ID]...", help="Arrival ids; none: all.")] = None,
) -> None:
    """Try again now what waits because of a fault; quarantined files: 'xray-cli quarantine release'."""
    with exit_codes(), opened_ledger() as (_, engine):
        from store.audit import record_event
        from store.sweeps import retry_now

        with engine.begin() as connection:
            count = retry_now(connection, ids)
            record_event(connection, "retried", count=count)
        typer.echo(f"{count} arrivals are tried again now")
