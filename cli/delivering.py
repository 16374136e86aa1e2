"""Delivery for the commands ``report``, ``daily`` and ``send``: from settings to what is sent, and what is said."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from installation.home import Home
    from installation.installation import Installation
    from installation.settings import DeliverySettings
    from reports.delivery.mail import MailSettings
    from reports.delivery.outbox import Carrier, Outbox, Way
    from reports.question.question import Question


def find_outbox(home: "Home") -> "Outbox":
    """Return the outbox in the home."""
    from reports.delivery.outbox import Outbox

    return Outbox(home.reports / "outbox")


def find_carriers(
    settings: "DeliverySettings", *, needs_mail: bool = False, needs_webhook: bool = False
) -> "Mapping[Way, Carrier]":
    """Return what the settings allow to send with.

    Raises
    ------
    DeliverySettingsError
        What is needed is not set, or not well.
    """
    from functools import partial

    from reports.delivery.mail import send_message
    from reports.delivery.outbox import Way
    from reports.delivery.webhook import WebhookSettings, check_url, post_summary
    from reports.errors import DeliverySettingsError

    carriers: dict[Way, Carrier] = {}
    if settings.smtp_host and settings.email_from:
        carriers[Way.MAIL] = partial(send_message, settings=_read_mail(settings))
    elif needs_mail:
        raise DeliverySettingsError("mail needs XRAY_SMTP_HOST and XRAY_EMAIL_FROM")
    if settings.webhook_url and settings.webhook_secret:
        url, secret = settings.webhook_url.get_secret_value(), settings.webhook_secret.get_secret_value()
        check_url(url)
        how = WebhookSettings(url, secret, settings.delivery_ca_file)
        carriers[Way.WEBHOOK] = partial(post_summary, settings=how)
    elif needs_webhook:
        raise DeliverySettingsError("the webhook needs XRAY_WEBHOOK_URL and XRAY_WEBHOOK_SECRET")
    return carriers


def read_recipients(given: Sequence[str]) -> tuple[str, ...]:
    """Return addresses, each once; several may stand in one text, separated by commas."""
    from reports.delivery.mail import check_address

    return tuple(dict.fromkeys(check_address(each) for text in given for each in text.split(",") if each.strip()))


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


def _read_mail(settings: "DeliverySettings") -> "MailSettings":
    from reports.delivery.mail import MailSettings, Security, check_address
    from reports.errors import DeliverySettingsError

    security = Security(settings.smtp_security)
    if security is Security.NONE and settings.smtp_user is not None:
        raise DeliverySettingsError("XRAY_SMTP_USER with XRAY_SMTP_SECURITY=none would send a password in clear text")
    return MailSettings(
        host=settings.smtp_host or "",
        port=settings.smtp_port,
        sender=check_address(settings.email_from or ""),
        security=security,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
        ca_file=settings.delivery_ca_file,
    )
