"""``alerts``: what somebody was to hear at once, and whether a message gets through."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import exit_codes
from cli.opening import opened_installation

if TYPE_CHECKING:
    from datetime import datetime

    from store.ledger.alerts import Alert

app = typer.Typer(help="What somebody is to hear at once.", no_args_is_help=True)


@app.command("list")
def list_recorded(
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 50,
) -> None:
    """List alerts, the newest first: when it happened, what it was, and whether it has gone out, or why not."""
    with exit_codes(), opened_installation() as installation:
        from installation.home import is_locked
        from reports.delivery.alerts import describe_alert, say_show
        from store.database import reading
        from store.ledger.alerts import find_next_turn, list_alerts

        most = installation.settings.alert_most_an_hour
        with reading(installation.ledger) as connection:
            alerts = list_alerts(connection, limit)
            turn = find_next_turn(connection, most)
        runs = is_locked(installation.home)
        for alert in alerts:
            sent = _say_sent(alert, most, turn, runs=runs)
            show = f"  ({say_show(alert)})" if alert.arrival_id is not None else ""
            typer.echo(f"{alert.recorded_at.astimezone():%Y-%m-%d %H:%M:%S}  {describe_alert(alert)}{show}: {sent}")
        if not alerts:
            typer.echo("nobody was to hear of anything yet; XRAY_ALERT_ON and the other settings say of what")


def _say_sent(alert: "Alert", most_an_hour: int, turn: "datetime | None", *, runs: bool) -> str:
    """Say when an alert went out, or why it has not yet, and when it does."""
    if alert.sent_at:
        return f"sent {alert.sent_at.astimezone():%H:%M:%S}"
    if alert.fault:
        return alert.fault
    if not runs:
        return "waits: no service runs on this home, which sends it"
    if alert.message is None and turn is not None:
        when = f"{turn.astimezone():%H:%M}"
        return f"waits: {most_an_hour} an hour (XRAY_ALERT_MOST_AN_HOUR) are reached, goes at {when} with all that wait"
    return "waits: it is sent now"


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
