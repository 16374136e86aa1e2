"""What a site may set about what is sent from here: reports and alerts, by mail and by webhook."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, field_validator

from installation.addresses import make_absolute


class DeliverySettings(BaseModel):
    """How reports are sent."""

    smtp_host: Annotated[str | None, Field(description="mail server for reports")] = None
    smtp_port: Annotated[int, Field(ge=1, le=65535, description="its port")] = 587
    smtp_security: Annotated[
        Literal["starttls", "tls", "none"],
        Field(description="encryption to the mail server"),
    ] = "starttls"
    smtp_user: Annotated[str | None, Field(description="who logs in at the mail server; empty: nobody")] = None
    smtp_password: Annotated[SecretStr | None, Field(description="their password")] = None
    email_from: Annotated[str | None, Field(description="address that reports are sent from")] = None
    email_to: Annotated[
        str | None, Field(description="addresses, separated by commas, to which `daily` sends its report")
    ] = None
    email_names: Annotated[
        bool, Field(description="mails may name files, which may identify patients; else arrivals have numbers")
    ] = False
    webhook_url: Annotated[SecretStr | None, Field(description="where `daily` sends its summary as JSON")] = None
    webhook_secret: Annotated[SecretStr | None, Field(description="the summary is signed with it")] = None
    delivery_ca_file: Annotated[
        Path | None, Field(description="certificates trusted for mail server and webhook; empty: the system's")
    ] = None

    _absolute_file = field_validator("delivery_ca_file")(make_absolute)


class AlertSettings(BaseModel):
    """What somebody is to hear of at once, and how."""

    alert_email_to: Annotated[
        str | None, Field(description="addresses, separated by commas, to which alerts are mailed")
    ] = None
    alert_webhook: Annotated[bool, Field(description="alerts go to the webhook, where one is set")] = True
    alert_most_an_hour: Annotated[
        int, Field(ge=1, le=1000, description="so many messages an hour at most, the last with all that is left")
    ] = 20
    alert_identity: Annotated[
        bool, Field(description="alerts may name file, accession number, patient id and UIDs, which identify patients")
    ] = False
    alert_silent_hours: Annotated[
        float | None, Field(gt=0, description="alert when a station that sends every day has sent nothing for so long")
    ] = None
    alert_stat_minutes: Annotated[
        float | None, Field(gt=0, description="alert when a STAT film has waited for so long")
    ] = None
    alert_refusals: Annotated[
        bool, Field(description="alert when more films of a station are refused than is normal for it")
    ] = False
    alert_trouble: Annotated[
        bool, Field(description="alert when nothing finishes though work waits, or the disk is about to be full")
    ] = False
