"""What a site may set about alerts; the rest of its settings stand in `installation.settings`."""

from typing import Annotated

from pydantic import BaseModel, Field


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
