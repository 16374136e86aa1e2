"""Where settings come from: command line over ``XRAY_`` variables over ``xray.toml`` over defaults."""

import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from installation.errors import SettingsError
from installation.faults import VARIABLES, arm_faults
from installation.settings import ENVIRONMENT_PREFIX, Settings

SYSTEM_TOML = Path("/etc/xray-watch.toml")
TOML = Path("xray.toml")
FILE_SUFFIX = "_FILE"
COMMAND_LINE, ENVIRONMENT = "command line", "environment"
LISTED = "'xray-cli config show' lists the settings"
ACCEPTED = {
    **dict.fromkeys(("float_parsing", "float_type", "finite_number"), "a number"),
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "a whole number"),
    **dict.fromkeys(("bool_parsing", "bool_type"), "true or false"),
    **dict.fromkeys(("tuple_type", "list_type"), "a path in quotes, or several in brackets"),
    "string_type": "text in quotes",
    "path_type": "a path in quotes",
    "path_not_file": "a file that is there",
}
"""What a setting takes, by pydantic's name for what is wrong."""
Read = TypeVar("Read")
NOT_SETTINGS = VARIABLES | {"XRAY_DATA"}  # fault points, and where the tests find real radiographs


@dataclass(frozen=True, slots=True)
class SettingsFound:
    """What was found, right or wrong: for who wants to see a setting that keeps everything else from starting.

    Attributes
    ----------
    settings : Settings
        Those in force; of one that is wrong, its default.
    values : dict of str to object
        What was set, by name, as it was found.
    origins : dict of str to str
        Where that was: as a person would name the setting there (`name_setting`).
    faults : dict of str to str
        What is wrong with each, in a line; '' stands for what lies between settings.
    """

    settings: Settings
    values: Mapping[str, Any]
    origins: Mapping[str, str]
    faults: Mapping[str, str]


class _Sources(Settings, BaseSettings):
    """The settings, as pydantic's readers want to be told of them."""

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, env_ignore_empty=True)


def read_settings(**command_line: object) -> Settings:
    """Read the settings once; options that are None were not given.

    Raises
    ------
    SettingsError
        In one line: which setting, as it is spelt where it was set, what was found, what is accepted.
    FaultPointError
        A test's fault point is set, and this is no test.
    """
    found = look_at_settings(**command_line)
    if found.faults:
        raise SettingsError("; ".join(found.faults.values()))
    return found.settings


def look_at_settings(**command_line: object) -> SettingsFound:
    """Find every setting that is right, and what is wrong with the others.

    Raises
    ------
    SettingsError
        A file cannot be read at all.
    FaultPointError
        As `read_settings`.
    """
    arm_faults(os.environ)
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for origin, given in reversed(list(_read_sources(command_line))):  # the weakest first
        values |= given
        origins |= dict.fromkeys(given, origin)
    faults = {name: _describe_unknown(name, origin) for name, origin in _find_unknown(values, origins)}
    settings, wrong = _validate({name: value for name, value in values.items() if name not in faults}, origins)
    return SettingsFound(settings, values, origins, faults | wrong)


def name_setting(name: str, origin: str | None) -> str:
    """Name a setting as it is spelt where it was set: ``--home``, ``XRAY_HOME``, or ``'home' in xray.toml``."""
    if origin == COMMAND_LINE:
        return f"--{name.replace('_', '-')}"
    if origin in (ENVIRONMENT, FILE_SUFFIX):
        return f"{ENVIRONMENT_PREFIX}{name.upper()}{origin if origin == FILE_SUFFIX else ''}"
    return f"setting '{name}'" + (f" in {origin}" if origin else "")


def spell_as_set(message: str) -> str:
    """Name the settings of a message as the site's own file does, where that is where they are set.

    ``set XRAY_AFTER=keep`` becomes ``set after=keep (in xray.toml)``.
    """
    try:
        files = [(name, origin) for origin, given in _read_files() for name in given]
    except (SettingsError, OSError):
        return message
    for name, origin in files:
        variable = ENVIRONMENT_PREFIX + name.upper()
        if not os.environ.get(variable):
            message = re.sub(rf"\b{variable}(=[\w./:-]*\w)?(?![\w])", rf"{name}\1 (in {origin})", message)
    return message


def _read_sources(command_line: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give what is set and where, the strongest first."""
    yield COMMAND_LINE, {name: value for name, value in command_line.items() if value is not None}
    yield ENVIRONMENT, EnvSettingsSource(_Sources)() | _find_unknown_variables()
    yield FILE_SUFFIX, _read_secrets()
    yield from _read_files()


def _read_files() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path in (TOML, SYSTEM_TOML):
        yield str(path), _reading(path, _read_toml)


def _read_secrets() -> dict[str, str]:
    """Read ``XRAY_NAME`` from the file that ``XRAY_NAME_FILE`` names, as container secrets are given."""
    variables = {name: ENVIRONMENT_PREFIX + name.upper() + FILE_SUFFIX for name in Settings.model_fields}
    paths = {name: Path(os.environ[variable]) for name, variable in variables.items() if os.environ.get(variable)}
    return {name: _reading(path, _read_secret) for name, path in paths.items()}


def _read_toml(path: Path) -> dict[str, Any]:
    return TomlConfigSettingsSource(_Sources, path)()


def _read_secret(path: Path) -> str:
    return path.read_text().strip()


def _reading(path: Path, read: Callable[[Path], Read]) -> Read:
    try:
        return read(path)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        quoting = '; text is put in quotes: home = "var"' if str(error).startswith("Invalid value") else ""
        raise SettingsError(f"{path} is not valid TOML: {error}{quoting}") from None
    except OSError as error:
        message = f"a file that a setting names cannot be read: {error.filename or path} ({error.strerror})"
        raise SettingsError(message) from None


def _find_unknown_variables() -> dict[str, str]:
    """Give what begins as our variables do and is none of them, under its own name."""
    known = {ENVIRONMENT_PREFIX + name.upper() for name in Settings.model_fields}
    known |= {name + FILE_SUFFIX for name in known} | NOT_SETTINGS
    return {name: "" for name in sorted(os.environ) if name.startswith(ENVIRONMENT_PREFIX) and name not in known}


def _find_unknown(values: Mapping[str, Any], origins: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, origins[name]) for name in values if name not in Settings.model_fields]


def _describe_unknown(name: str, origin: str) -> str:
    is_variable = origin == ENVIRONMENT
    asked = name.removeprefix(ENVIRONMENT_PREFIX).lower()
    nearest = get_close_matches(asked, Settings.model_fields, 1)
    spelt = [ENVIRONMENT_PREFIX + each.upper() if is_variable else f"'{each}'" for each in nearest]
    meant = f"did you mean {spelt[0]}? " if spelt else ""
    named = name if is_variable else f"'{name}' in {origin}"
    return f"unknown setting {named}; {meant}{LISTED}"


def _validate(values: dict[str, Any], origins: Mapping[str, str]) -> tuple[Settings, dict[str, str]]:
    """Validate what is known; what is wrong is left out, said, and the rest validated again."""
    try:
        return Settings.model_validate(values), {}
    except ValidationError as error:
        faults = error.errors(include_url=False)
    wrong = [str(fault["loc"][0]) if fault["loc"] else "" for fault in faults]
    said = {name: _describe(name, fault, origins.get(name)) for name, fault in zip(wrong, faults, strict=True)}
    # a fault between settings is that of those which its sentence names
    between = said.get("", "").lower()
    named = {name for name in values if f"'{name}'" in between or ("_" in name and name in between)}
    bad = {name for name in values if name in said} | named or set(values)
    settings, more = _validate({name: value for name, value in values.items() if name not in bad}, origins)
    return settings, said | more


def _describe(name: str, fault: Any, origin: str | None) -> str:
    named = name_setting(name, origin)
    if fault["type"] == "value_error":  # one of our own, which says itself what was found
        said = str(fault["ctx"]["error"])
        return f"{named}: {said}" if name else said
    return f"{named}{_say_found(name, fault['input'])}; {_say_accepted(fault)}"


def _say_found(name: str, value: object) -> str:
    # what is or looks like a secret, as a URL with a password, is left out
    looks_secret = any(mark in str(value) for mark in ("@", "://"))
    return " is not accepted as it is" if is_secret(name) or looks_secret else f" is {str(value)[:40]!r}"


def is_secret(name: str) -> bool:
    """Tell whether a setting is one that is never shown; one that is not known may be."""
    field = Settings.model_fields.get(name)
    return field is None or "Secret" in str(field.annotation)


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
