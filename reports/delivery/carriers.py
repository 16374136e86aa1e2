"""What the settings allow to send with: a mail server, a webhook, and whom mails go to."""

import os
import secrets
from collections.abc import Mapping, Sequence
from functools import partial

from installation.home import Home
from installation.sending import DeliverySettings
from reports.delivery.mail import MailSettings, Security, check_address, send_message
from reports.delivery.outbox import Carrier, Way
from reports.delivery.webhook import WebhookSettings, check_url, post_summary
from reports.errors import DeliverySettingsError


def find_carriers(
    settings: DeliverySettings, *, needs_mail: bool = False, needs_webhook: bool = False
) -> Mapping[Way, Carrier]:
    """Return what the settings allow to send with.

    Raises
    ------
    DeliverySettingsError
        What is needed is not set, or not well.
    """
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
        raise DeliverySettingsError(
            "a report for the webhook needs XRAY_WEBHOOK_URL, and XRAY_WEBHOOK_SECRET: a long random text that "
            "the receiver knows too (the one that alerts make for themselves is not used for reports)"
        )
    return carriers


def make_webhook_secret(home: Home) -> str:
    """Return the secret with which a webhook is signed that was given none; it is made once, for its owner alone."""
    try:
        descriptor = os.open(home.webhook_secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return home.webhook_secret.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32) + "\n")
    return home.webhook_secret.read_text().strip()


def read_recipients(given: Sequence[str]) -> tuple[str, ...]:
    """Return addresses, each once; several may stand in one text, separated by commas."""
    return tuple(dict.fromkeys(check_address(each) for text in given for each in text.split(",") if each.strip()))


def _read_mail(settings: DeliverySettings) -> MailSettings:
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
