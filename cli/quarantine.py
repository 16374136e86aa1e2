"""``quarantine``: what could not be read, why, and how to try it again."""

from typing import Annotated

import typer

from cli.errors import FAILED, exit_codes
from cli.opening import opened_ledger

app = typer.Typer(help="Files that could not be read.", no_args_is_help=True)


@app.command("list")
def list_quarantined(
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 100,
) -> None:
    """List quarantined files: arrival id, reason, name, and what was found."""
    with exit_codes(), opened_ledger() as (_, engine):
        from reports.text import show_text
        from store.arrivals import list_arrivals
        from store.database import reading
        from store.states import ArrivalState

        with reading(engine) as connection:
            arrivals = list_arrivals(connection, ArrivalState.QUARANTINED, limit)
        for arrival in arrivals:
            typer.echo(
                f"{arrival.id:8} {arrival.reason_code:28} {show_text(arrival.path.name)}\n{'':9}{arrival.reason}"
            )
        if not arrivals:
            typer.echo("the quarantine is empty")


@app.command()
def release(
    ids: Annotated[list[int], typer.Argument(metavar="ID...", help="Arrival ids, from 'quarantine list'.")],
) -> None:
    """Put files back into their inbox, to go the one way again (after an upgrade, say)."""
    with exit_codes(), opened_ledger() as (settings, engine):
        from store.arrivals import find_arrival
        from store.audit import record_event
        from store.database import reading
        from store.states import ArrivalState
        from worker.home import Home
        from worker.shelf import Shelf

        failed = False
        for arrival_id in ids:
            with reading(engine) as connection:
                arrival = find_arrival(connection, arrival_id)
            if arrival is None or arrival.state is not ArrivalState.QUARANTINED:
                typer.echo(f"arrival {arrival_id} is not in quarantine", err=True)
                failed = True
                continue
            try:
                Shelf(Home(settings.home)).release(arrival)
            except (FileNotFoundError, FileExistsError) as error:
                typer.echo(str(error), err=True)
                failed = True
                continue
            with engine.begin() as connection:
                record_event(connection, "quarantine_released", arrival_id=arrival_id)
            typer.echo(f"arrival {arrival_id} is back in its inbox")
    if failed:
        raise typer.Exit(FAILED)
