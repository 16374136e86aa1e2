"""Where settings come from: command line over ``XRAY_`` variables over ``xray.toml`` over defaults."""

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from installation.errors import SettingsError
from installation.faults import VARIABLES, arm_faults
from installation.settings import ENVIRONMENT_PREFIX, Settings

TOML = Path("xray.toml")
FILE_SUFFIX = "_FILE"
ACCEPTED = {
    **dict.fromkeys(("float_parsing", "float_type", "finite_number"), "a number"),
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "a whole number"),
    **dict.fromkeys(("bool_parsing", "bool_type"), "true or false"),
    "string_type": "text in quotes",
    "path_type": "a path in quotes",
    "path_not_file": "a file that is there",
}
"""What a setting takes, by pydantic's name for what is wrong."""
NOT_SETTINGS = VARIABLES | {"XRAY_DATA"}  # fault points, and where the tests find real radiographs


class _SecretFiles(PydanticBaseSettingsSource):
    """Reads ``XRAY_NAME`` from the file that ``XRAY_NAME_FILE`` names, as container secrets are given."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return the file's text without the newline at its end."""
        del field
        path = os.environ.get(ENVIRONMENT_PREFIX + field_name.upper() + FILE_SUFFIX)
        return (Path(path).read_text().strip() if path else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return the settings that are given as files."""
        values = {name: self.get_field_value(field, name)[0] for name, field in Settings.model_fields.items()}
        return {name: value for name, value in values.items() if value is not None}


class _Sources(Settings, BaseSettings):
    """The settings in force, from wherever each is set."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, extra="forbid", toml_file=TOML, env_ignore_empty=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the sources in order, the strongest first."""
        del env_settings, dotenv_settings, file_secret_settings
        environment = EnvSettingsSource(settings_cls)
        return init_settings, environment, _SecretFiles(settings_cls), TomlConfigSettingsSource(settings_cls)


def read_settings(**command_line: object) -> Settings:
    """Read the settings once; options that are None were not given.

    Raises
    ------
    SettingsError
        In one line: which setting, what was found, what is accepted.
    FaultPointError
        A test's fault point is set, and this is no test.
    """
    arm_faults(os.environ)
    given = {name: value for name, value in command_line.items() if value is not None}
    _check_environment()
    try:
        return _Sources(**given)  # type: ignore[arg-type]  # pydantic checks the values
    except ValidationError as error:
        raise SettingsError("; ".join(_describe(fault) for fault in error.errors(include_url=False))) from None
    except tomllib.TOMLDecodeError as error:
        message = f"{TOML} is not valid TOML: {error}"
        raise SettingsError(message) from None
    except OSError as error:
        message = f"a file that a setting names cannot be read: {error.filename} ({error.strerror})"
        raise SettingsError(message) from None


def _check_environment() -> None:
    known = {ENVIRONMENT_PREFIX + name.upper() for name in Settings.model_fields}
    known |= {name + FILE_SUFFIX for name in known} | NOT_SETTINGS
    unknown = sorted(name for name in os.environ if name.startswith(ENVIRONMENT_PREFIX) and name not in known)
    if unknown:
        message = f"unknown setting {', '.join(unknown)}; 'xray-cli config show' lists the settings"
        raise SettingsError(message)


def _describe(fault: Any) -> str:
    name = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return f"unknown setting '{name}' in {TOML}; 'xray-cli config show' lists the settings"
    if fault["type"] == "value_error":  # one of our own, which says itself what was found
        said = str(fault["ctx"]["error"])
        return f"setting '{name}': {said}" if name else said
    return f"setting '{name}'{_say_found(name, fault['input'])}; {_say_accepted(fault)}"


def _say_found(name: str, value: object) -> str:
    # what is or looks like a secret, as a URL with a password, is left out
    field = Settings.model_fields.get(name)
    is_secret = field is None or "Secret" in str(field.annotation) or any(mark in str(value) for mark in ("@", "://"))
    return " is not accepted as it is" if is_secret else f" is {str(value)[:40]!r}"


def _say_accepted(fault: Any) -> str:
    kind, limits = fault["type"], fault.get("ctx", {})
    if kind in ACCEPTED:
        return f"accepted is {ACCEPTED[kind]}"
    if kind == "greater_than_equal":
        return f"accepted are {limits['ge']} and more"
    if kind == "less_than_equal":
        return f"accepted are {limits['le']} and less"
    if kind in ("enum", "literal_error"):
        return f"accepted are {limits['expected'].replace(' or ', ' and ')}"
    return str(fault["msg"])
