"""Bundles that differ from the one that ships, and are as sound."""

import json
import shutil
from pathlib import Path
from typing import Any

from inference.bundle import MANIFEST_NAME, SEAL_NAME, SHIPPED_BUNDLE, UNSEALED, compute_seal


def change_manifest(folder: Path, **entries: Any) -> Path:
    """Change entries of a bundle's bundle.json and seal it again."""
    path = folder / MANIFEST_NAME
    unsealed = json.dumps(json.loads(path.read_bytes()) | entries | {SEAL_NAME: UNSEALED}).encode()
    path.write_bytes(unsealed.replace(UNSEALED.encode(), compute_seal(unsealed).encode(), 1))
    return folder


def copy_bundle(folder: Path, **entries: Any) -> Path:
    """Copy the bundle that ships, with other entries in its bundle.json."""
    return change_manifest(Path(shutil.copytree(SHIPPED_BUNDLE, folder)), **entries)
