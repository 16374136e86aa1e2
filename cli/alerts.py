"""``alerts``: what somebody was to hear at once, and whether a message gets through."""

import os
from typing import Annotated

import typer

from cli.errors import exit_codes
from cli.opening import opened_installation

app = typer.Typer(help="What somebody is to hear at once.", no_args_is_help=True)


@app.command("list")
def list_recorded(
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 50,
) -> None:
    """List alerts, the newest first: when it happened, what it was, and whether it has gone out, or why not."""
    with exit_codes(), opened_installation() as installation:
        from reports.delivery.alerts import describe_alert, say_show
        from store.database import reading
        from store.ledger.alerts import list_alerts

        with reading(installation.ledger) as connection:
            alerts = list_alerts(connection, limit)
        for alert in alerts:
            sent = f"sent {alert.sent_at.astimezone():%H:%M:%S}" if alert.sent_at else alert.fault or "waits"
            show = f"  ({say_show(alert)})" if alert.arrival_id is not None else ""
            typer.echo(f"{alert.recorded_at.astimezone():%Y-%m-%d %H:%M:%S}  {describe_alert(alert)}{show}: {sent}")
        if not alerts:
            typer.echo("nobody was to hear of anything yet; XRAY_ALERT_ON and the other settings say of what")


@app.command()
def test() -> None:
    """Send a message that says that it is a test, by every way that is set; exit code 69 where one does not take it."""
    with exit_codes(), opened_installation() as installation:
        from installation.home import prepare_home
        from reports.delivery.alerts import build_test, find_alert_ways, write_content
        from reports.errors import DeliveryError

        prepare_home(installation.home)
        ways, failed = find_alert_ways(installation.settings, installation.home), False
        for way, carry in ways.carriers.items():
            try:
                carry(write_content(way, ways, [build_test()], {}))
            except DeliveryError as error:
                failed = True
                typer.echo(f"xray-cli: {way.name.lower()}: {error}", err=True)
            else:
                typer.echo(f"{way.name.lower()}: taken")
    if failed:
        raise typer.Exit(os.EX_UNAVAILABLE)
