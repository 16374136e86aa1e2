"""The run folder: what was asked for, what came out, and the checkpoints to go on from.

`config.toml` is an experiment file: `xray-cli train --experiment RUN/config.toml` makes the run again.

The errors:

    RunFolderError
    +-- RunFolderTakenError     there is something else at this place, and --resume was not given
    +-- RunNotFoundError        there is no run to resume
    +-- ResumeMismatchError     the run to resume has other settings or another data set
"""

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from inference.labels import NOTICE
from training.fit.settings import TrainingSettings, to_table

RUNS = Path("runs")
CONFIG_NAME = "config.toml"
RECORD = "run"
"""The table of `config.toml` that says what was found, not what was asked for."""


class RunFolderError(Exception):
    """A run folder cannot be used."""

    exit_code = os.EX_CANTCREAT


class RunFolderTakenError(RunFolderError):
    """There is something else at the place for the run folder."""


class RunNotFoundError(RunFolderError):
    """There is no run to resume."""

    exit_code = os.EX_NOINPUT


class ResumeMismatchError(RunFolderError):
    """The run to resume is another run."""

    exit_code = os.EX_CONFIG


@dataclass(frozen=True, slots=True)
class RunFolder:
    """An open run folder."""

    path: Path

    @property
    def checkpoints(self) -> Path:
        """Return the folder of checkpoints."""
        return self.path / "checkpoint"

    def write_config(self, settings: TrainingSettings, record: Mapping[str, Any]) -> None:
        """Write down the settings and what was found, or compare with what an earlier process found.

        Raises
        ------
        ResumeMismatchError
            The data set is not the one that the run began with.
        """
        config = self.path / CONFIG_NAME
        if config.is_file():
            before = tomllib.loads(config.read_text(encoding="utf-8"))[RECORD]
            for name, what in (("data_sha256", "films or labels"), ("lungs_sha256", "lung finder")):
                if before[name] != record[name]:
                    raise ResumeMismatchError(f"not the {what} that the run began with: start a new one")
            return
        part = config.with_suffix(".part")
        part.write_text(write_toml({**to_table(settings), RECORD: dict(record)}), encoding="utf-8")
        part.replace(config)

    def write_json(self, name: str, content: Mapping[str, Any]) -> None:
        """Write a JSON file."""
        (self.path / name).write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def name_run_folder(settings: TrainingSettings) -> Path:
    """Return the folder of a new run: `runs/<UTC time>-<model name>`."""
    return RUNS / f"{datetime.now(tz=UTC):%Y%m%dT%H%M%SZ}-{settings.model.resolve().name}"


def find_run_folder(settings: TrainingSettings) -> Path:
    """Return the latest run of this model.

    Raises
    ------
    RunNotFoundError
        There is none.
    """
    name = settings.model.resolve().name
    found = sorted(path for path in RUNS.glob(f"*Z-{name}") if path.is_dir())
    if not found:
        raise RunNotFoundError(f"no run of {name} in {RUNS}/ to resume: name it with --run-folder")
    return found[-1]


def open_run_folder(path: Path, settings: TrainingSettings, *, resume: bool) -> RunFolder:
    """Make a run folder, or open one to go on.

    Raises
    ------
    RunFolderError
        See the tree above.
    OSError
        It cannot be written.
    """
    config = path / CONFIG_NAME
    if resume:
        if not path.is_dir():
            raise RunNotFoundError(f"no run at {path} to resume")
        if config.is_file():
            _check_same(tomllib.loads(config.read_text(encoding="utf-8")), to_table(settings))
    elif path.is_dir() and any(path.iterdir()):
        raise RunFolderTakenError(f"{path} is not empty: give --resume, or another --run-folder")
    run = RunFolder(path)
    run.checkpoints.mkdir(parents=True, exist_ok=True)
    return run


def write_toml(table: Mapping[str, Any]) -> str:
    """Write scalars and lists first, then the tables, one level deep, as TOML 1.0."""
    lines = [f"# {NOTICE}", *_write_entries(table)]
    for name, entry in table.items():
        if isinstance(entry, Mapping):
            lines += ["", f"[{name}]", *_write_entries(entry)]
    return "\n".join(lines) + "\n"


def _write_entries(table: Mapping[str, Any]) -> list[str]:
    # A JSON scalar or list of them, written without \u escapes, is TOML; only DEL must be escaped there.
    return [
        f"{name} = {json.dumps(entry, ensure_ascii=False)}".replace("\x7f", "\\u007f")
        for name, entry in table.items()
        if not isinstance(entry, Mapping)
    ]


def _check_same(before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    old, new = _flatten({name: entry for name, entry in before.items() if name != RECORD}), _flatten(now)
    differing = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    if differing:
        told = "; ".join(f"{name} was {old.get(name, 'not set')}, now {new.get(name, 'not set')}" for name in differing)
        raise ResumeMismatchError(f"the run to resume has other settings: {told}")


def _flatten(table: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, entry in table.items():
        flat |= {f"{name}.{key}": each for key, each in entry.items()} if isinstance(entry, Mapping) else {name: entry}
    return flat
