"""Many files for fault runs, from a few phantoms: unlike bytes, unlike instances, and some that cannot be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pydicom

from imaging.phantoms.files import write_dicom_phantom, write_png_phantom

BASES = 4
REFUSED_EVERY, TRUNCATED_EVERY, TEXT_EVERY, AGAIN_EVERY = 9, 5, 13, 7


@dataclass(frozen=True)
class Films:
    """Files to drop, with the SHA-256 of each by its name."""

    folder: Path
    hashes: Mapping[str, str]


def write_films(folder: Path, count: int) -> dict[str, str]:
    """Write so many files; return the SHA-256 of each by its name."""
    bases = [_write_base(folder / f"base{seed}", seed) for seed in range(BASES)]
    lateral = _write_base(folder / "lateral", BASES, ViewPosition="LL")
    write_png_phantom(folder / "base.png", seed=1)
    png = (folder / "base.png").read_bytes()
    for left in folder.iterdir():
        left.unlink()
    contents: dict[str, bytes] = {"film.png": png}
    for number in range(1, count):
        film = _vary(lateral if number % REFUSED_EVERY == 0 else bases[number % BASES], number)
        if number % TRUNCATED_EVERY == 0:
            film = film[:-1000]
        elif number % TEXT_EVERY == 0:
            film = f"letter {number}".encode()
        elif number % AGAIN_EVERY == 0:
            film = contents[f"{number - 1:05}.dcm"]
        contents[f"{number:05}.dcm"] = film
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return {name: sha256(content).hexdigest() for name, content in contents.items()}


def _write_base(path: Path, seed: int, **attributes: object) -> tuple[bytes, bytes]:
    write_dicom_phantom(path, seed=seed, rows=500, columns=400, attributes=attributes)
    return path.read_bytes(), pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID.encode()


def _vary(base: tuple[bytes, bytes], number: int) -> bytes:
    """Give a film another instance UID of the same length: other bytes, the same picture."""
    content, uid = base
    return content.replace(uid, uid[:-6] + f"{100_000 + number}".encode())
