"""Delivery for the commands ``report``, ``daily`` and ``send``: from settings to what is sent, and what is said."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from installation.home import Home
    from installation.installation import Installation
    from reports.delivery.outbox import Carrier, Outbox, Way
    from reports.question.question import Question


def find_outbox(home: "Home") -> "Outbox":
    """Return the outbox in the home."""
    from reports.delivery.outbox import Outbox

    return Outbox(home.reports / "outbox")


def send_report(
    installation: "Installation",
    question: "Question",
    output_format: str,
    recipients: Sequence[str],
    *,
    to_webhook: bool,
    name: str | None = None,
) -> None:
    """Put a report into the outbox and send what is there.

    Parameters
    ----------
    name : str or None
        What was sent under a name is not sent again under it; None: a new name.

    Raises
    ------
    DeliverySettingsError
        What is needed is not set, or not well.
    """
    from uuid import uuid4

    from reports.delivery.carriers import find_carriers, read_recipients
    from reports.delivery.posting import Posting, post_report
    from store.ledger.fates import REASONS

    settings = installation.settings
    addresses = read_recipients(recipients)
    carriers = find_carriers(settings, needs_mail=bool(addresses), needs_webhook=to_webhook)
    name = name or f"xray-report-{question.period.since:%Y-%m-%d}-{uuid4().hex[:12]}"
    posting = Posting(name, output_format, settings.email_from or "", addresses, to_webhook, settings.email_names)
    outbox = find_outbox(installation.home)
    if addresses or to_webhook:
        post_report(installation.ledger, question, posting, outbox, REASONS)
    send_waiting(outbox, carriers)


def send_waiting(outbox: "Outbox", carriers: "Mapping[Way, Carrier]") -> None:
    """Send what waits, and say so; exit code 69 where something stays."""
    delivered, failures = outbox.send(carriers)
    for parcel in delivered:
        typer.echo(f"sent {parcel.id}", err=True)
    for failure in failures:
        typer.echo(f"xray-cli: {failure.parcel.id} stays in the outbox: {failure.reason}", err=True)
    if failures:
        typer.echo("xray-cli: it is sent with the next report, or by 'xray-cli send'", err=True)
        raise typer.Exit(os.EX_UNAVAILABLE)
