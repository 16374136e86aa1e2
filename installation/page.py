"""Settings of the page that a browser shows."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, Field, FilePath, field_validator, model_validator

from installation.addresses import DEFAULT_WEB, OFF, check_address, make_absolute


class WebSettings(BaseModel):
    """Where the page is, and for how long and how much."""

    web: Annotated[
        str, Field(description="where `web` serves the page, as HOST:PORT; `watch` keeps it unless `off`")
    ] = OFF
    web_inbox: Annotated[
        Path | None,
        Field(description="the watched folder into which the page puts uploads; empty: the service's first"),
    ] = None
    web_hosts: Annotated[
        str, Field(description="names under which the page may be asked for, with commas; empty: this machine's own")
    ] = ""
    web_certificate_file: Annotated[
        FilePath | None, Field(description="certificate for TLS, as PEM; empty: no TLS")
    ] = None
    web_key_file: Annotated[FilePath | None, Field(description="its key")] = None
    web_proxies: Annotated[
        str, Field(description="addresses of proxies whose X-Forwarded-For and -Proto are believed, with commas")
    ] = ""
    web_idle_minutes: Annotated[
        int, Field(ge=1, le=720, description="who does nothing for this long is logged off")
    ] = 15
    web_session_hours: Annotated[int, Field(ge=1, le=24, description="nobody stays logged in for longer")] = 12
    web_upload_files: Annotated[int, Field(ge=1, le=10_000, description="files that one upload may have")] = 500

    _known_web_address = field_validator("web")(lambda address: check_address(address, DEFAULT_WEB))

    _absolute_inbox = field_validator("web_inbox")(make_absolute)

    @model_validator(mode="after")
    def _certificate_has_a_key(self) -> Self:
        if (self.web_certificate_file is None) != (self.web_key_file is None):
            raise ValueError("settings 'web_certificate_file' and 'web_key_file' belong together: set both")
        return self
