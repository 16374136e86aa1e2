"""``quarantine``: what could not be read, why, and how to try it again."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import FAILED, exit_codes
from cli.opening import opened_installation

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from installation.installation import Installation
    from worker.screening.shelf import Shelf

app = typer.Typer(help="Files that could not be read.", no_args_is_help=True)


@app.command("list")
def list_quarantined(
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 100,
) -> None:
    """List quarantined files: arrival id, reason, name, and what was found."""
    with exit_codes(), opened_installation() as installation:
        from documents.text import show_text
        from store.database import reading
        from store.ledger.arrivals import list_quarantined

        with reading(installation.ledger) as connection:
            arrivals = list_quarantined(connection, limit)
        for arrival in arrivals:
            typer.echo(
                f"{arrival.id:8} {arrival.reason_code:28} {show_text(arrival.path.name)}\n{'':9}{arrival.reason}"
            )
        if not arrivals:
            typer.echo("the quarantine is empty")


@app.command()
def release(
    ids: Annotated[list[int], typer.Argument(metavar="ID", help="Arrival ids, from 'quarantine list'.")],
) -> None:
    """Put files back into their inbox, to go the one way again (after an upgrade, say)."""
    with exit_codes(), opened_installation() as installation:
        from worker.screening.shelf import Shelf

        shelf = Shelf(installation.home)
        released = [_release(installation.ledger, shelf, arrival_id) for arrival_id in ids]
        if any(released):
            _say_what_comes_next(installation)
    if not all(released):
        raise typer.Exit(FAILED)


def _release(engine: "Engine", shelf: "Shelf", arrival_id: int) -> bool:
    done, said = release_arrival(engine, shelf, arrival_id)
    typer.echo(said, err=not done)
    return done


def release_arrival(
    engine: "Engine", shelf: "Shelf", arrival_id: int, actor: str | None = None, address: str | None = None
) -> tuple[bool, str]:
    """Put one file back into its inbox; returns whether that is done, and what came of it.

    Parameters
    ----------
    actor, address : str or None
        The user of the page who asks, and from where.
    """
    from store.database import reading
    from store.ledger.arrivals import find_arrival, record_release
    from store.ledger.sweeps import settle_arrival
    from store.states import AfterScreening, ArrivalState

    with reading(engine) as connection:
        arrival = find_arrival(connection, arrival_id)
    if arrival is None or arrival.state is not ArrivalState.QUARANTINED:
        return False, f"arrival {arrival_id} is not in quarantine"
    stays = arrival.after is AfterScreening.KEEP and arrival.fingerprint is not None
    try:
        if not stays:
            shelf.check_releasable(arrival)
            with engine.begin() as connection:
                settle_arrival(connection, arrival_id)  # else it would come back as the file that it was
            shelf.release(arrival)
    except (FileNotFoundError, FileExistsError) as error:
        return False, str(error)
    with engine.begin() as connection:
        record_release(connection, arrival_id, actor, address)
    where = "is taken where it lies at the next start of 'watch' or 'scan'" if stays else "is back in its inbox"
    return True, f"arrival {arrival_id} {where}"


def _say_what_comes_next(installation: "Installation") -> None:
    """Say who takes what was released, and where to look."""
    from installation.home import is_locked

    runs = is_locked(installation.home)
    taken = "the service takes it" if runs else "no service runs on this home: 'xray-cli watch' takes it"
    typer.echo(f"{taken}, as a new arrival under the same name; 'xray-cli report --since 1h' shows what became of it")
