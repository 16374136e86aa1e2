"""``deliver`` and ``deliveries``: answers on their way into the PACS."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.choices import TextFormat
from cli.errors import FAILED, exit_codes
from cli.opening import opened_installation

if TYPE_CHECKING:
    from store.ledger.deliveries import Delivery

app = typer.Typer(help="Answers on their way into the PACS.", no_args_is_help=True)


def deliver() -> None:
    """Send answers into the PACS (XRAY_TARGETS, XRAY_DELIVER), and go on until Ctrl-C.

    What a target does not take is tried again for ever; 'xray-cli deliveries list' shows its words.

    Example: XRAY_TARGETS=PACS=ORTHANC@localhost:4242 XRAY_DELIVER=sr,sc xray-cli deliver
    """
    with exit_codes(), opened_installation() as installation:
        from threading import Event

        from installation.logs import configure_logging
        from pacs.delivery.office import deliver as run
        from worker.service.signals import stop_on_signals

        configure_logging(installation.settings.log_format)
        with stop_on_signals(Event()) as stop:
            run(installation, stop)


@app.command("list")
def list_(
    waiting: Annotated[bool, typer.Option("--waiting", help="Only what has not arrived.")] = False,
    target: Annotated[str | None, typer.Option(help="Only those to this target.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 100,
    output_format: Annotated[TextFormat, typer.Option("--format", help="How it is written.")] = TextFormat.TEXT,
) -> None:
    """List answers: number, arrival, target, object, state, attempts, and what the target said last."""
    with exit_codes(), opened_installation() as installation:
        import json
        from dataclasses import asdict

        from inference.labels import NOTICE
        from store.database import reading
        from store.ledger.deliveries import list_deliveries
        from store.states import DeliveryState

        with reading(installation.ledger) as connection:
            found = list_deliveries(connection, DeliveryState.WAITING if waiting else None, target, limit)
        if output_format is TextFormat.JSON:
            shown = {"schema": 1, "notice": NOTICE, "deliveries": [asdict(each) for each in found]}
            typer.echo(json.dumps(shown, indent=2, default=lambda moment: moment.isoformat()))
            return
        for each in found:
            typer.echo(_describe(each))
        typer.echo(NOTICE if found else "nothing is on its way")


@app.command()
def retry(
    ids: Annotated[list[int] | None, typer.Argument(metavar="ID", help="From 'list'; none: all that waits.")] = None,
) -> None:
    """Send again now what waits, or these, also where they have arrived before: as the same objects."""
    with exit_codes(), opened_installation() as installation:
        from documents.figures import say_count
        from store.ledger.deliveries import retry_deliveries

        with installation.ledger.begin() as connection:
            count = retry_deliveries(connection, ids)
    typer.echo(f"{say_count(count, 'answer', 'is', 'are')} sent again now")
    if ids and count < len(set(ids)):
        raise typer.Exit(FAILED)


def _describe(delivery: "Delivery") -> str:
    from documents.figures import say_count
    from documents.text import show_text

    said = " ".join(filter(None, (delivery.last_status, delivery.last_words)))
    where = f"{delivery.id:8} arrival {delivery.arrival_id} {delivery.kind} to {delivery.target}"
    tried = f"{delivery.state}, {say_count(delivery.attempts, 'attempt')}"
    return f"{where}: {tried}" + (f"\n{'':9}{show_text(said)}" if said else "")


def queue_again(since: str, until: str | None, target_name: str) -> None:
    """Queue the answers of a period for one target; ``deliver`` sends them."""
    with opened_installation() as installation:
        from datetime import UTC, datetime

        from documents.figures import say_count
        from pacs.delivery.queueing import find_target, queue_period
        from reports.question.periods import find_zone, parse_period

        settings = installation.settings
        target = find_target(settings, target_name)
        period = parse_period(since, until, datetime.now(tz=UTC), find_zone(settings.time_zone))
        queued = sum(
            queue_period(installation.ledger, settings, target, kind, period.since, period.until)
            for kind in settings.list_kinds()
        )
        typer.echo(
            f"{say_count(queued, 'answer', 'is', 'are')} queued for {target.name}; 'xray-cli deliver' sends them"
        )
