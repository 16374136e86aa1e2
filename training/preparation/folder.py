"""The data set's folder: one run at a time, films copied whole or not at all, and nothing left over."""

import fcntl
import hashlib
import os
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from imaging import read_source
from inference.labels import LABELS, OTHER_FINDING
from training.data.folders import SUFFIXES
from training.preparation.offer import OutputTakenError
from training.preparation.selection import Film

_LOCK_NAME = ".prepare.lock"
_SUFFIX_OF = {"dicom": ".dcm", "png": ".png", "jpeg": ".jpg"}
_LONGEST_STEM = 80
# the names that `name_file` gives end in the first digits of their content's hash
_OWN_NAME = re.compile(r"[-_]([0-9a-f]{8}|[0-9a-f]{16})\.[a-z]+")


class FilmChangedError(OSError):
    """A film changed between being read and being copied."""


@contextmanager
def open_folder(folder: Path) -> Iterator[None]:
    """Make the folder and hold it; a second run on it is refused.

    Raises
    ------
    OutputTakenError
        Another run holds it, or it is a file.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise OutputTakenError(f"{folder} is no folder; choose another output") from None
    with (folder / _LOCK_NAME).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputTakenError(f"another run is preparing {folder}; wait for it to end") from None
        yield


def name_file(film: Film, source_format: str) -> str:
    """Return a film's place in the data set: the same film always gets the same, and no other one."""
    offer = film.offer
    source = _make_safe(offer.source)
    if source_format == "dicom":
        # names of DICOM files often are patients'
        return f"{offer.label}/{source}__{film.sha256[:16]}.dcm"
    place = Path(offer.origin.partition("#")[0])
    suffix = place.suffix.lower() if place.suffix.lower() in SUFFIXES - {".dcm"} else _SUFFIX_OF[source_format]
    stem = _make_safe(place.stem).removeprefix(f"{source}__")[:_LONGEST_STEM]
    return f"{offer.label}/{source}__{stem.removesuffix('-' + film.sha256[:8])}-{film.sha256[:8]}{suffix}"


def _make_safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._()-]+", "_", name).lstrip(".") or "film"


def put_film(folder: Path, film: Film, *, link: bool) -> None:
    """Bring a film's original bytes to its place.

    Raises
    ------
    FilmChangedError
        The bytes are no longer those that were read.
    OSError
        The folder cannot be written to.
    """
    target = folder / film.offer.file
    if target.exists() or film.offer.path is None:
        return
    target.parent.mkdir(exist_ok=True)
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    if not (link and _link(film.offer.path.resolve(), part)):
        source = read_source(film.offer.path.resolve())
        if source.sha256 != film.sha256:
            raise FilmChangedError(0, "a film changed while the data set was prepared; run again")
        part.write_bytes(source.content)
    os.replace(part, target)  # noqa: PTH105 - the project's word for a rename that replaces


def _link(path: Path, part: Path) -> bool:
    """Make a hard link; False where the file system cannot."""
    try:
        os.link(path, part, follow_symlinks=False)
    except OSError:
        return False
    return True


def remove_leftovers(folder: Path, files: Collection[str]) -> None:
    """Remove copies that no longer belong to the data set; only files that bear the hash of their own content go."""
    for label in (*LABELS, OTHER_FINDING):
        for path in sorted((folder / label).glob("*")):
            name = path.name.removesuffix(".part")
            own = _OWN_NAME.search(name)
            if f"{label}/{path.name}" in files or own is None or own.end() != len(name) or not path.is_file():
                continue
            if path.name != name or hashlib.sha256(path.read_bytes()).hexdigest().startswith(own[1]):
                path.unlink()
