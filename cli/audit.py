"""``audit``: who did what, when and from where; and whether anybody has changed that since."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from cli.choices import TextFormat
from cli.errors import FAILED, exit_codes
from cli.opening import opened_installation

if TYPE_CHECKING:
    from datetime import tzinfo

    from store.audit import AuditEvent

app = typer.Typer(help="Who did what, when and from where.", invoke_without_command=True)


@app.callback()
def audit(
    context: typer.Context,
    since: Annotated[str, typer.Option(help="`today`, `2h`, `7d`, a date, or an ISO time.")] = "today",
    until: Annotated[str | None, typer.Option(help="The same; default: now.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 1000,
    output_format: Annotated[TextFormat, typer.Option("--format", help="How it is written.")] = TextFormat.TEXT,
) -> None:
    """Show audit events: when, who, from where, what, and which arrival.

    Example: xray-cli audit --since today
    """
    if context.invoked_subcommand is not None:
        return
    with exit_codes(), opened_installation() as installation:
        from datetime import UTC, datetime

        from reports.question.periods import find_zone, parse_period
        from store.audit import find_events
        from store.database import reading

        now, zone = datetime.now(tz=UTC), find_zone(installation.settings.time_zone)
        period = parse_period(since, until, now, zone)
        with reading(installation.ledger) as connection:
            events = find_events(connection, period.since, period.until, limit)
    if output_format is TextFormat.JSON:
        typer.echo(json.dumps([asdict(event) for event in events], indent=2, default=str))
        return
    for event in events:
        typer.echo(_say(event, zone))
    if not events:
        typer.echo("there are no audit events in this period")


@app.command()
def verify(
    holds: Annotated[
        str | None, typer.Option(metavar="SHA256", help="The newest audit event of a report: it must be there still.")
    ] = None,
) -> None:
    """Compute the hash of every event anew; exit code 1 if one was changed, put in or taken out.

    Each report says the newest hash of its time, under "About this report": --holds shows whether what came before it
    was cut off or written anew since.
    """
    with exit_codes(), opened_installation() as installation:
        from documents.figures import say_count
        from store.audit import holds_hash, verify_chain
        from store.database import reading

        with reading(installation.ledger) as connection:
            chain, is_held = verify_chain(connection), holds is None or holds_hash(connection, holds.lower())
    if chain.broken_at is not None:
        typer.echo(
            f"the chain is broken at event {chain.broken_at}, after {say_count(chain.events, 'good one')}", err=True
        )
        raise typer.Exit(FAILED)
    if not is_held:
        typer.echo(f"no event has the hash {holds}: the chain was cut off or written anew after that report", err=True)
        raise typer.Exit(FAILED)
    typer.echo(f"{say_count(chain.events, 'event')}, none changed; the newest hash is {chain.head_sha256 or '-'}")


def _say(event: "AuditEvent", zone: "tzinfo") -> str:
    from documents.text import show_text
    from store.audit import describe_detail

    film = f"arrival {event.arrival_id}" if event.arrival_id is not None else ""
    at = event.at.astimezone(zone)
    parts = (f"{at:%Y-%m-%d %H:%M:%S}", event.actor or "-", event.address or "-", event.action, film)
    line = "{}  {:12} {:15} {:22} {:16} ".format(*parts) + describe_detail(event.detail)
    return show_text(line.rstrip())
