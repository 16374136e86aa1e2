"""The fingerprints of all films that a data set was ever offered, beside it, so that no film is decoded twice.

It also keeps what a film looks like whose bytes are no longer at hand: a later input may bring it again under another
label. Deleting the file costs time, and this memory.
"""

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from imaging import PREPROCESSING_VERSION
from training.preparation.fingerprint import SIZE, VERSION, Fingerprint

NAME = ".fingerprints.npz"
_VERSION = f"{VERSION}/{SIZE}/{PREPROCESSING_VERSION}/gate"


def read_fingerprints(folder: Path) -> dict[str, Fingerprint]:
    """Return fingerprints by the hash of the films' bytes; none if there is no file, or it is damaged or outdated."""
    try:
        with np.load(folder / NAME, allow_pickle=False) as arrays:
            if str(arrays["version"]) != _VERSION:
                return {}
            columns = (arrays[name] for name in ("sha256", "pixel_sha256", "size", "thumbnails"))
            return {
                str(sha256): Fingerprint(str(pixel_sha256), int(rows), int(width), thumbnail)
                for sha256, pixel_sha256, (rows, width), thumbnail in zip(*columns, strict=True)
            }
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return {}


def write_fingerprints(folder: Path, fingerprints: Mapping[str, Fingerprint]) -> None:
    """Write fingerprints; the old file stays until the new one is whole.

    Raises
    ------
    OSError
        The folder cannot be written to.
    """
    part = folder / (NAME + ".part")
    items = sorted(fingerprints.items())
    with part.open("wb") as file:
        np.savez(
            file,
            version=np.array(_VERSION),
            sha256=np.array([sha256 for sha256, _ in items], "U64"),
            pixel_sha256=np.array([each.pixel_sha256 for _, each in items], "U64"),
            size=np.array([(each.rows, each.columns) for _, each in items], np.int32).reshape(-1, 2),
            thumbnails=np.array([each.thumbnail for _, each in items], np.uint8).reshape(-1, SIZE, SIZE),
        )
    os.replace(part, folder / NAME)  # noqa: PTH105 - the project's word for a rename that replaces
