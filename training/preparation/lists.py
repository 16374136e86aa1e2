"""The two lists of a data set, `manifest.csv` and `dropped.csv`: reading them back and writing them whole."""

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from training.data.dataset import MANIFEST_NAME
from training.data.tables import read_table
from training.preparation.offer import Offer, OutputTakenError
from training.preparation.selection import Film

DROPPED_NAME = "dropped.csv"
_FACTS = ("label", "source", "patient_id", "view", "age", "sex", "licence", "sha256", "site")
_MANIFEST = ("file", *_FACTS, "adult_or_paediatric", "rows", "columns", "pixel_sha256", "origin")
_DROPPED = ("file", "why", "duplicate_of", *_FACTS, "adult_or_paediatric")


def read_kept(folder: Path) -> list[Offer]:
    """Return the films of a data set that an earlier run prepared; none if there was no such run.

    Raises
    ------
    OutputTakenError
        There is a manifest which `prepare` did not write.
    """
    path = folder / MANIFEST_NAME
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as lines:
        if next(csv.reader(lines), []) != list(_MANIFEST):
            raise OutputTakenError(f"{folder} holds a {MANIFEST_NAME} of another kind; choose another output")
    rows = (row for _, row in read_table(path, _MANIFEST))
    return [_to_offer(row, row["origin"], file=row["file"], path=folder / row["file"]) for row in rows]


def read_dropped(folder: Path) -> list[Offer]:
    """Return what earlier runs dropped, with the reasons."""
    path = folder / DROPPED_NAME
    if not path.is_file():
        return []
    return [_to_offer(row, row["file"], why=row["why"]) for _, row in read_table(path, _DROPPED)]


def _to_offer(row: Mapping[str, str], origin: str, *, why: str = "", file: str = "", path: Path | None = None) -> Offer:
    return Offer(
        source=row["source"],
        origin=origin,
        label=row["label"],
        patient_id=row["patient_id"],
        view=row["view"],
        age=row["age"],
        sex=row["sex"],
        licence=row["licence"],
        site=row["site"],
        sha256=row["sha256"],
        why=why,
        duplicate_of=row.get("duplicate_of", ""),
        age_group=row["adult_or_paediatric"],
        file=file,
        path=path if path and path.is_file() else None,
    )


def write_lists(folder: Path, kept: Sequence[Film], dropped: Sequence[Offer]) -> None:
    """Write both lists; each is replaced at once, the manifest first.

    Raises
    ------
    OSError
        The folder cannot be written to.
    """
    _write(folder / MANIFEST_NAME, _MANIFEST, (_to_manifest_row(film) for film in kept))
    _write(folder / DROPPED_NAME, _DROPPED, (_to_dropped_row(offer) for offer in dropped))


def _to_manifest_row(film: Film) -> dict[str, object]:
    offer = film.offer
    size = {"rows": film.rows, "columns": film.columns}
    return {**_to_row(offer), **size, "file": offer.file, "pixel_sha256": film.pixel_sha256, "origin": offer.origin}


def _to_dropped_row(offer: Offer) -> dict[str, object]:
    return {**_to_row(offer), "file": offer.origin, "why": offer.why, "duplicate_of": offer.duplicate_of}


def _to_row(offer: Offer) -> dict[str, object]:
    return {**{name: getattr(offer, name) for name in _FACTS}, "adult_or_paediatric": offer.age_group}


def _write(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        lines.flush()
        os.fsync(lines.fileno())
    os.replace(part, path)  # noqa: PTH105 - the project's word for a rename that replaces
