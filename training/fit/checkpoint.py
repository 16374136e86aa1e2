"""Checkpoints: what a training needs to go on after it was killed, in one file that is replaced as a whole.

The errors:

    CheckpointError    the file is no checkpoint, or one of another network
"""

import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FACTS = "facts"

Arrays = Sequence[npt.NDArray[Any]]


class CheckpointError(Exception):
    """A checkpoint cannot be gone on from."""

    exit_code = os.EX_DATAERR


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Named lists of arrays, and facts that fit into JSON."""

    arrays: Mapping[str, Arrays]
    facts: Mapping[str, Any]


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; whoever looks sees the old one or the new one, also after a loss of power."""
    named: dict[str, Any] = {FACTS: np.array(json.dumps(checkpoint.facts))}
    for name, arrays in checkpoint.arrays.items():
        named |= {f"{name}/{place}": array for place, array in enumerate(arrays)}
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(file, **named)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def read_checkpoint(path: Path) -> Checkpoint | None:
    """Read a checkpoint, or return None where there is none.

    Raises
    ------
    CheckpointError
        The file is no checkpoint.
    """
    if not path.is_file():
        return None
    arrays: dict[str, list[npt.NDArray[Any]]] = {}
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
            for key in saved.files:
                if key != FACTS:
                    arrays.setdefault(key.split("/")[0], []).append(saved[key])
            facts = json.loads(str(saved[FACTS]))
    except (AttributeError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path.name} is no checkpoint: remove it, and its part is trained again") from error
    return Checkpoint(arrays, facts)
