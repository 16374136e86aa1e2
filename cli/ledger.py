"""``status`` and ``retry``: what is queued, running and stuck, and trying it again."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from cli.choices import TextFormat
from cli.errors import FAILED, InputMissingError, exit_codes
from cli.opening import opened_installation

if TYPE_CHECKING:
    from worker.health.status import Status


def status(
    output_format: Annotated[TextFormat, typer.Option("--format", help="How it is written.")] = TextFormat.TEXT,
    check: Annotated[bool, typer.Option("--check", help="One line from the heartbeat; exit code 0 if ready.")] = False,
) -> None:
    """Show on one screen how the service is, what waits, what is wrong, and what to do about it.

    Exit code 1: something is wrong. With --check, for probes, only the heartbeat in the home is read.
    """
    with exit_codes():
        if check:
            _check()
            return
        from inference.labels import NOTICE

        found = _read_status()
        if output_format is TextFormat.JSON:
            typer.echo(json.dumps({"schema": 1, "notice": NOTICE, **found.as_json()}, indent=2))
        else:
            for line in found.as_lines():
                typer.echo(line)
            typer.echo(NOTICE)
    if found.problems:
        raise typer.Exit(FAILED)


def _check() -> None:
    from worker.health.heartbeat import ServiceState, describe_health, judge_health

    with opened_installation() as installation:
        state, reasons = judge_health(installation.home)
    typer.echo(describe_health(state, reasons))
    if state is ServiceState.STOPPED:
        from installation.neighbours import describe_neighbours

        if elsewhere := describe_neighbours(installation.home):
            typer.echo(f"xray-cli: {elsewhere}", err=True)
    if state is not ServiceState.READY:
        raise typer.Exit(FAILED)


def _read_status() -> "Status":
    from worker.health.status import read_status

    with opened_installation() as installation:
        return read_status(installation)


def retry(
    ids: Annotated[list[int] | None, typer.Argument(metavar="ID", help="Arrival ids; none: all.")] = None,
) -> None:
    """Try again now what waits because of a fault; quarantined files: 'xray-cli quarantine release'."""
    with exit_codes(), opened_installation() as installation:
        from documents.figures import say_count
        from store.audit import record_event
        from store.ledger.arrivals import find_arrival
        from store.ledger.sweeps import retry_now
        from store.states import ArrivalState

        with installation.ledger.begin() as connection:
            named = {id_: find_arrival(connection, id_) for id_ in ids or ()}
            if missing := [str(id_) for id_, arrival in named.items() if arrival is None]:
                raise InputMissingError(f"there is no arrival {', '.join(missing)}; 'xray-cli report' lists them")
            count = retry_now(connection, ids)
            record_event(connection, "retried", count=count)
        typer.echo(f"{say_count(count, 'arrival', 'is', 'are')} tried again now")
        for id_, arrival in named.items():
            if arrival is not None and arrival.state is ArrivalState.QUARANTINED:
                typer.echo(f"{id_} is in quarantine: 'xray-cli quarantine release {id_}'", err=True)
