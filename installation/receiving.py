"""Settings of the PACS edge: how films are received by DICOM."""

from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, Field, FilePath, field_validator, model_validator

from installation.addresses import DEFAULT_LISTEN, OFF, check_address
from installation.senders import check_ae_title, parse_allow_list

Further = Literal["processing", "secondary-capture"]
FURTHER: tuple[Further, ...] = get_args(Further)


def split_words(text: str) -> tuple[str, ...]:
    """Return the words of a list with commas."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


class ReceivingSettings(BaseModel):
    """How films are received by DICOM."""

    listen: Annotated[
        str, Field(description="where films are received by DICOM, as HOST:PORT; `watch` keeps a listener then")
    ] = OFF
    ae_title: Annotated[str, Field(description="our AE title: senders must call it")] = "XRAY"
    stat_ae_title: Annotated[
        str, Field(description="a second AE title of ours: what is sent to it is STAT; empty: none")
    ] = ""
    allow: Annotated[
        str,
        Field(description="who may send: AETITLE@address with commas, `*` for all; empty: this machine alone"),
    ] = ""
    listen_also: Annotated[
        str, Field(description="also take `processing` (DX For Processing), `secondary-capture`; with a comma both")
    ] = ""
    listen_seconds: Annotated[
        float, Field(ge=1, le=600, description="a sender that is silent for this long, or as slow, is cut off")
    ] = 14.0  # so that with every delay 15 are kept
    listen_idle_seconds: Annotated[
        float | None,
        Field(ge=1, le=86_400, description="the same between two films of an association; empty: as listen_seconds"),
    ] = None
    listen_associations: Annotated[int, Field(ge=1, le=64, description="associations at once, of all senders")] = 16
    listen_associations_per_sender: Annotated[
        int, Field(ge=1, le=64, description="associations at once, of one sender's address")
    ] = 8
    listen_certificate_file: Annotated[
        FilePath | None, Field(description="our certificate with its chain, as PEM: films come by TLS alone")
    ] = None
    listen_key_file: Annotated[FilePath | None, Field(description="its private key, as PEM")] = None
    listen_client_ca_file: Annotated[
        FilePath | None, Field(description="who may sign senders' certificates, as PEM; empty: none is asked for")
    ] = None

    _known_listen = field_validator("listen")(lambda address: check_address(address, DEFAULT_LISTEN))
    _known_ae_title = field_validator("ae_title")(check_ae_title)

    @field_validator("stat_ae_title")
    @classmethod
    def _known_stat_ae_title(cls, ae_title: str) -> str:
        return check_ae_title(ae_title) if ae_title else ""

    @field_validator("allow")
    @classmethod
    def _known_senders(cls, allow: str) -> str:
        parse_allow_list(allow)
        return allow

    @field_validator("listen_also")
    @classmethod
    def _known_classes(cls, text: str) -> str:
        if unknown := [word for word in split_words(text) if word not in FURTHER]:
            raise ValueError(f"'{unknown[0][:40]}' is not known; accepted are {', '.join(FURTHER)}")
        return text

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.stat_ae_title == self.ae_title:
            raise ValueError("setting 'stat_ae_title' is the same as 'ae_title': every film would be STAT")
        if (self.listen_certificate_file is None) != (self.listen_key_file is None):
            raise ValueError("settings 'listen_certificate_file' and 'listen_key_file' belong together: set both")
        if self.listen_client_ca_file is not None and self.listen_certificate_file is None:
            raise ValueError("setting 'listen_client_ca_file' needs 'listen_certificate_file': it is for TLS")
        return self
