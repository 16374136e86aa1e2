"""What a site may set: one class a topic, of which a room takes what it needs; read once (`installation.sources`)."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FilePath,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import NoDecode

from inference.alert_rules import parse_alert_rules
from installation.addresses import OFF, check_address, make_absolute
from installation.page import WebSettings
from installation.receiving import ReceivingSettings
from installation.sending import AlertSettings, DeliverySettings
from installation.targets import TargetSettings
from store.states import AfterScreening

ENVIRONMENT_PREFIX = "XRAY_"
MEBIBYTE = 1 << 20
SQLITE = "sqlite:///"
DEFAULT_INBOX = Path("inbox")
AUTO, CPU = "auto", "cpu"
ACCEPTED_DEVICES = "accepted are auto, cpu, GPUs such as gpu:0,gpu:1, or cpu,cpu"
LEASE_MARGIN_SECONDS = 10  # between the moment a reader is killed and the moment its lease runs out
_GPU = re.compile(r"gpu:(0|[1-9][0-9]{0,2})")


def parse_devices(text: str) -> tuple[str, ...]:
    """Split the setting into names, without looking at the machine.

    Raises
    ------
    ValueError
        It is none of the forms of `XRAY_DEVICES`, in one line.
    """
    names = tuple(name.strip() for name in text.split(","))
    if names == (AUTO,) or all(name == CPU for name in names):
        return names
    if not all(_GPU.fullmatch(name) for name in names):
        raise ValueError(f"'{text}' is no list of devices: {ACCEPTED_DEVICES}")
    if len(set(names)) < len(names):
        raise ValueError(f"'{text}' names a GPU twice: one engine for each is enough")
    return names


def _split_paths(value: object) -> object:
    """Let several folders stand in one text, as a variable gives them, and one alone need no brackets."""
    if isinstance(value, str):
        return tuple(path.strip() for path in value.split(",") if path.strip())
    return (value,) if isinstance(value, Path) else value


class InstallationSettings(BaseModel):
    """Where an installation keeps its things, and which model serves in it."""

    home: Annotated[Path, Field(description="database, embedded broker, processed/, quarantine/, derived pictures")] = (
        Path("var")
    )
    database_url: Annotated[
        SecretStr | None, Field(description="postgresql+psycopg://...; empty: SQLite in the home")
    ] = None
    broker_url: Annotated[
        SecretStr | None, Field(description="redis://... or rediss://...; empty: an embedded Valkey")
    ] = None
    broker_ca_file: Annotated[
        FilePath | None,
        Field(description="who may sign the broker's certificate (rediss://), as PEM; empty: the system's"),
    ] = None
    model: Annotated[
        Path | None, Field(description="a model bundle's folder; empty: the activated one, else the one that ships")
    ] = None

    _absolute = field_validator("home", "model")(make_absolute)

    @property
    def sqlalchemy_url(self) -> str:
        """The database's URL: the one that was set, or SQLite in the home."""
        return self.database_url.get_secret_value() if self.database_url else f"{SQLITE}{self.home / 'xray.db'}"

    @property
    def keeps_own_ledger(self) -> bool:
        """Whether the ledger is the home's own, which the service makes and upgrades; else the site sees to it."""
        return self.database_url is None

    @property
    def ledger_file(self) -> Path | None:
        """The file that holds the ledger; None where a database server does."""
        url = self.sqlalchemy_url
        return Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else None


class WorkerSettings(BaseModel):
    """How films are screened."""

    lease_seconds: Annotated[
        int, Field(ge=15, le=3600, description="a worker that is silent for this long has lost its file")
    ] = 60
    devices: Annotated[
        str,
        Field(
            description="`auto`: GPUs if there are any; `cpu`: LiteRT; `gpu:0,gpu:1`: these; `cpu,cpu`: Keras on CPUs"
        ),
    ] = "auto"
    batch_size: Annotated[int, Field(ge=1, le=1024, description="an engine takes at most this many films at once")] = 32
    linger_ms: Annotated[
        float, Field(ge=0, le=1000, description="the first film of a batch waits for others for this long")
    ] = 4.0
    workers: Annotated[int | None, Field(ge=1, le=256, description="screening processes; empty: one a core")] = None
    max_attempts: Annotated[
        int, Field(ge=1, le=20, description="a file that crashes or hangs its reader this often is quarantined")
    ] = 3
    read_seconds: Annotated[int, Field(ge=2, le=600, description="one attempt at one file may take this long")] = 20
    max_file_bytes: Annotated[
        int, Field(ge=MEBIBYTE, description="larger files are quarantined without being read")
    ] = 512 * MEBIBYTE
    max_memory_bytes: Annotated[
        int, Field(ge=128 * MEBIBYTE, description="address space that one screening process may take")
    ] = 2048 * MEBIBYTE
    store_identifiers: Annotated[
        bool, Field(description="keep patient id and accession number as they are, instead of a keyed hash")
    ] = False
    identifier_key: Annotated[
        SecretStr | None, Field(description="the key of that hash; empty: one is made in the home")
    ] = None
    log_format: Annotated[
        Literal["auto", "text", "json"], Field(description="auto: text on a terminal, else JSON lines")
    ] = "auto"
    alert_on: Annotated[
        str, Field(description="films that somebody hears of at once, such as `covid19>=0.9`; several with commas")
    ] = ""
    alert_not_from: Annotated[
        tuple[Path, ...],
        NoDecode,
        BeforeValidator(_split_paths),
        Field(description="inboxes whose films are no news; `scan` takes its folders for such; several with commas"),
    ] = ()
    metrics_worker_address: Annotated[
        str, Field(description="where `worker` serves its own times and health, as HOST:PORT; `off`: nowhere")
    ] = OFF

    _known_address = field_validator("metrics_worker_address")(check_address)

    @field_validator("alert_on")
    @classmethod
    def _known_rules(cls, rules: str) -> str:
        parse_alert_rules(rules)
        return rules

    @field_validator("devices")
    @classmethod
    def _known_devices(cls, devices: str) -> str:
        parse_devices(devices)
        return devices

    @model_validator(mode="after")
    def _lease_outlives_a_read(self) -> Self:
        if self.lease_seconds < self.read_seconds + LEASE_MARGIN_SECONDS:
            message = (
                f"setting 'lease_seconds' is {self.lease_seconds}, but must exceed read_seconds ({self.read_seconds}) "
                f"by {LEASE_MARGIN_SECONDS}: else two workers would read one file"
            )
            raise ValueError(message)
        return self


class IntakeSettings(BaseModel):
    """How files are found and taken."""

    inbox: Annotated[
        tuple[Path, ...],
        NoDecode,
        BeforeValidator(_split_paths),
        Field(
            min_length=1, description="folders that `watch` and `doctor` take where none is named; several with commas"
        ),
    ] = (DEFAULT_INBOX,)
    after: Annotated[
        AfterScreening, Field(description="`move` to the home, or `keep` files where they are (a read-only share)")
    ] = AfterScreening.MOVE
    stable_seconds: Annotated[
        float, Field(ge=0.1, le=3600, description="a file is complete when it has not changed for this long")
    ] = 2.0
    rescan_seconds: Annotated[
        float, Field(ge=0.2, le=86400, description="full scan of the inbox; events only make it quicker")
    ] = 10.0
    stat_folders: Annotated[
        str, Field(description="files in a folder of this name below an inbox are STAT; several with commas")
    ] = "stat"
    stat_names: Annotated[
        str, Field(description="files whose name fits a pattern such as `*_STAT.dcm` are STAT; several with commas")
    ] = ""
    longest_wait_minutes: Annotated[
        float | None,
        Field(gt=0, description="routine films waiting for so long overtake STAT ones; unread ones lead the worklist"),
    ] = None
    min_free_bytes: Annotated[
        int | None,
        Field(ge=0, description="work pauses while the home's disk has less room; empty: 1 GiB or a twentieth"),
    ] = None


class ReportSettings(BaseModel):
    """How reports are made."""

    time_zone: Annotated[
        str, Field(description="the site's time zone for reports, such as Europe/Berlin; `local`: the machine's")
    ] = "local"

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name != "local":
            try:
                ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                message = f"there is no time zone '{name}'; accepted are names such as Europe/Berlin, or 'local'"
                raise ValueError(message) from None
        return name


class MonitoringSettings(BaseModel):
    """Where the service shows others how it is."""

    metrics_address: Annotated[
        str, Field(description="where `watch` serves /metrics and /healthz, as HOST:PORT; `off`: nowhere")
    ] = "127.0.0.1:9808"

    terminal_names: Annotated[
        bool, Field(description="on a terminal `watch` and `scan` name each film's file, which may identify a patient")
    ] = False

    _known_service_address = field_validator("metrics_address")(check_address)


class Settings(
    WebSettings,
    MonitoringSettings,
    AlertSettings,
    TargetSettings,
    DeliverySettings,
    ReportSettings,
    ReceivingSettings,
    IntakeSettings,
    WorkerSettings,
    InstallationSettings,
):
    """All that a site may set; `config show` lists it in this order, the last class first."""

    model_config = ConfigDict(validate_default=True)  # a home that nobody set has an absolute path too

    def for_worker(self) -> dict[str, str]:
        """Return what a worker process uses as environment variables, its own secrets included and no others."""
        return self.for_process(InstallationSettings, WorkerSettings)

    def for_process(self, *topics: type[BaseModel]) -> dict[str, str]:
        """Return the settings of some topics as environment variables for a process of our own."""
        values = {name: getattr(self, name) for topic in topics for name in topic.model_fields}
        return {
            ENVIRONMENT_PREFIX + name.upper(): _write_out(value) for name, value in values.items() if value is not None
        }


def _write_out(value: object) -> str:
    """Write a setting as a variable holds it."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
