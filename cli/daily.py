"""``daily`` and ``send``: one day's report written, mailed and posted; and what could not be sent, sent."""

from dataclasses import replace
from typing import Annotated

import typer

from cli.errors import FAILED, exit_codes
from cli.opening import opened_installation


def daily(
    day: Annotated[
        str, typer.Option(help="`yesterday` or a date: one whole day that is over, in the site's time zone.")
    ] = "yesterday",
    output_format: Annotated[
        str, typer.Option("--format", help="As of `report`; what is written and mailed.")
    ] = "html",
) -> None:
    """Write one day's report to reports/ in the home, and send it to XRAY_EMAIL_TO and XRAY_WEBHOOK_URL if set.

    For a timer. The same day again replaces the file and sends nothing twice. What could not be sent (exit code 69)
    waits in reports/outbox/ and goes with the next run.
    """
    with exit_codes(), opened_installation() as installation:
        ledger, settings = installation.ledger, installation.settings
        from cli.delivering import send_report
        from reports.formats import write_report_to
        from reports.question.asking import ask_day
        from store.ledger.fates import REASONS

        question = replace(ask_day(day, settings.time_zone), longest_wait_minutes=settings.longest_wait_minutes)
        name = f"xray-report-{question.period.since:%Y-%m-%d}"
        folder = installation.home.reports
        folder.mkdir(mode=0o750, exist_ok=True)
        written = folder / f"{name}.{'txt' if output_format == 'table' else output_format}"
        write_report_to(ledger, question, output_format, written, REASONS)
        typer.echo(written)
        to_webhook = settings.webhook_url is not None
        send_report(installation, question, output_format, [settings.email_to or ""], to_webhook=to_webhook, name=name)


def send(
    show: Annotated[bool, typer.Option("--list", help="List what waits; send nothing.")] = False,
    discard: Annotated[str | None, typer.Option(metavar="ID", help="Remove what cannot be sent.")] = None,
    since: Annotated[
        str | None, typer.Option(help="With --to: queue the answers since then for a target of XRAY_TARGETS.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Where that period ends; default: now.")] = None,
    to: Annotated[str | None, typer.Option(metavar="NAME", help="The target.")] = None,
) -> None:
    """Send the reports that wait in the outbox, as mail or to the webhook.

    With --since and --to, queue the answers of a period for a PACS that has not had them: 'xray-cli deliver' sends
    them, and none twice.

    Exit code 69: some could not be sent; they stay, and standard error says why.
    """
    if since is not None or to is not None:
        from cli.deliveries import queue_again

        if since is None or to is None:
            raise typer.BadParameter("--since and --to belong together")
        with exit_codes():
            queue_again(since, until, to)
        return
    with exit_codes(), opened_installation() as installation:
        from cli.delivering import find_outbox, send_waiting
        from reports.delivery.carriers import find_carriers

        outbox = find_outbox(installation.home)
        if show:
            for parcel in outbox.list_waiting():
                typer.echo(f"{parcel.put_at.astimezone():%Y-%m-%d %H:%M}  {parcel.way.name.lower():8} {parcel.id}")
        elif discard is not None:
            if not outbox.discard(discard):
                typer.echo(f"xray-cli: nothing waits under {discard[:120]!r}; see 'xray-cli send --list'", err=True)
                raise typer.Exit(FAILED)
        else:
            send_waiting(outbox, find_carriers(installation.settings))
