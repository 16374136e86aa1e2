"""Where the settings of a run come from: command line over experiment file over defaults; unknown ones are refused.

An experiment file is a TOML file with the names of `training.fit.settings.TrainingSettings`, and those of
`FitSettings` in the table `[fit]`. The recorded experiments lie in `training/experiments`.

The errors:

    TrainingSettingsError          a setting is unknown or has a value that is not accepted
    +-- ExperimentNotFoundError    no experiment file of this name or at this path
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from training.fit.settings import FitSettings, TrainingSettings, find_adapter

EXPERIMENTS = Path(__file__).resolve().parents[1] / "experiments"
NAMES = tuple(each.name for each in fields(TrainingSettings))
FIT_NAMES = tuple(each.name for each in fields(FitSettings))
PLAIN_WORDS = {
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "accepted is a whole number"),
    **dict.fromkeys(("float_parsing", "float_type"), "accepted is a number"),
}
"""What a setting takes, by pydantic's name for what is wrong."""


class TrainingSettingsError(ValueError):
    """A setting of a training run is unknown or has a value that is not accepted."""

    exit_code = os.EX_CONFIG


class ExperimentNotFoundError(TrainingSettingsError):
    """There is no experiment file of this name."""

    exit_code = os.EX_NOINPUT


def read_training_settings(experiment: str | None, options: Mapping[str, Any]) -> TrainingSettings:
    """Read the settings of a run.

    Parameters
    ----------
    experiment : str or None
        Name of a file in `training/experiments`, or the path of a TOML file.
    options : Mapping[str, Any]
        From the command line, by the names of `TrainingSettings` and `FitSettings`; None means not given.

    Raises
    ------
    TrainingSettingsError
        Which setting, what was found, what is accepted.
    """
    chosen = read_experiment(experiment) if experiment else {}
    fit = chosen.pop("fit", {})
    if not isinstance(fit, dict):
        raise TrainingSettingsError(f"setting 'fit': accepted is a table [fit], found {fit!r}")
    for name, value in options.items():
        if value is not None:
            (fit if name in FIT_NAMES else chosen)[name] = value
    if "dataset" not in chosen:
        raise TrainingSettingsError("no data set: give --dataset, or dataset in the experiment file")
    try:
        settings = find_adapter().validate_python(chosen | {"fit": fit})
    except ValidationError as error:
        raise TrainingSettingsError("; ".join(_describe(fault) for fault in error.errors())) from None
    if settings.folds == 1:
        raise TrainingSettingsError("setting 'folds': 1 fold holds nothing out; accepted are 0 and 2 or more")
    return settings


def read_experiment(name: str) -> dict[str, Any]:
    """Read an experiment file as it stands.

    Raises
    ------
    ExperimentNotFoundError
        Neither a path nor a name in `training/experiments`.
    TrainingSettingsError
        Not TOML.
    """
    path = next((each for each in (Path(name), EXPERIMENTS / f"{name}.toml") if each.is_file()), None)
    if path is None:
        known = ", ".join(sorted(each.stem for each in EXPERIMENTS.glob("*.toml"))) or "none"
        raise ExperimentNotFoundError(f"no experiment {name}: accepted are a TOML file's path and {known}")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TrainingSettingsError(f"{path.name} is not TOML: {error}") from None
    # What a run found stands in its config.toml beside what was asked for.
    table.pop("run", None)
    return table


def _describe(fault: Any) -> str:
    name = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "unexpected_keyword_argument":
        accepted = FIT_NAMES if name.startswith("fit.") else NAMES
        return f"unknown setting '{name}'; accepted are {', '.join(accepted)}"
    said = PLAIN_WORDS.get(fault["type"], fault["msg"].removeprefix("Value error, "))
    return f"setting '{name}': {said}, found {fault['input']!r}"
