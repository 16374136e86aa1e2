"""A run: one site, the films that are brought into it, and the wait until all of them have come to an end."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pydicom

from imaging.phantoms.files import write_dicom_phantom, write_png_phantom
from selftest.ledger_check import Ledger
from selftest.site import Site

BASES = 4
REFUSED_EVERY, TRUNCATED_EVERY, TEXT_EVERY, AGAIN_EVERY = 9, 5, 13, 7


@dataclass(frozen=True)
class DrawnFilms:
    """Files to drop, with the SHA-256 of each by its name."""

    folder: Path
    hashes: Mapping[str, str]


def write_films(folder: Path, count: int) -> dict[str, str]:
    """Write so many files; return the SHA-256 of each by its name."""
    bases = [draw_base(folder / f"base{seed}", seed) for seed in range(BASES)]
    lateral = draw_base(folder / "lateral", BASES, ViewPosition="LL")
    write_png_phantom(folder / "base.png", seed=1)
    png = (folder / "base.png").read_bytes()
    for left in folder.iterdir():
        left.unlink()
    contents: dict[str, bytes] = {"film.png": png}
    for number in range(1, count):
        film = vary(lateral if number % REFUSED_EVERY == 0 else bases[number % BASES], number)
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


def draw_base(path: Path, seed: int, rows: int = 500, columns: int = 400, **attributes: object) -> tuple[bytes, bytes]:
    """Draw a film; returns its content and its SOP Instance UID."""
    write_dicom_phantom(path, seed=seed, rows=rows, columns=columns, attributes=attributes)
    return path.read_bytes(), pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID.encode()


def vary(base: tuple[bytes, bytes], number: int) -> bytes:
    """Give a film another instance UID of the same length: other bytes, the same picture."""
    content, uid = base
    return content.replace(uid, uid[:-6] + f"{100_000 + number}".encode())


FINISH_SECONDS = 120.0


def drop(folder: Path, inbox: Path, *names: str) -> None:
    """Bring files into an inbox as a good sender does: under another name first."""
    for name in names:
        part = inbox / f"{name}.part"
        if folder.stat().st_dev == inbox.stat().st_dev:
            os.link(folder / name, part)
        else:
            shutil.copyfile(folder / name, part)
        part.rename(inbox / name)


def drop_content(path: Path, content: bytes) -> datetime:
    """Bring a content in, as a good sender does too; returns when."""
    part = path.with_name("own.part")
    part.write_bytes(content)
    part.rename(path)
    return datetime.now(tz=UTC)


@dataclass
class Run:
    """What was dropped into a site, so that it can be held against what has become of it."""

    site: Site
    films: DrawnFilms
    dropped: list[tuple[str, str]] = field(default_factory=list)

    def drop(self, *names: str) -> None:
        """Bring films into the inbox."""
        drop(self.films.folder, self.site.inbox, *names)
        self.dropped += [(name, self.films.hashes[name]) for name in names]

    def drop_next(self, count: int) -> None:
        """Bring in so many films that were not dropped yet."""
        known = {name for name, _ in self.dropped}
        self.drop(*[name for name in self.films.hashes if name not in known][:count])

    def note(self, name: str, content: bytes) -> bytes:
        """Remember a file that is brought in in another way; gives its content back."""
        self.dropped.append((name, sha256(content).hexdigest()))
        return content

    def drop_content(self, name: str, content: bytes) -> None:
        """Bring in a file of one's own."""
        drop_content(self.site.inbox / name, self.note(name, content))

    def finish(self, seconds: float = FINISH_SECONDS) -> None:
        """Wait until each file has its result and its place; raises SiteError."""
        self.site.finish(len(self.dropped), seconds)

    def read(self) -> Ledger:
        """Read the whole ledger."""
        return Ledger.read(self.site.database_url)
