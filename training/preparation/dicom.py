"""Folders of DICOM files whose labels stand in a CSV file. No identifier of a header reaches the data set's lists."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from imaging import Identity
from training.data.errors import DatasetManifestError, DatasetNotFoundError
from training.data.tables import read_age, read_sex, read_table
from training.data.vocabulary import read_label
from training.preparation.offer import MISSING_FILE, Offer
from training.preparation.selection import LABEL_CONFLICT

SOURCE = "dicom"
NO_LABEL = "no_label"
OLDEST_STATED_YEARS = 90.0
"""Ages above 89 are few enough to identify (45 CFR 164.514(b)(2)(i)(C)): they are written as 90."""

_UID_COLUMNS = ("sopinstanceuid", "sopuid", "uid")
_FILE_COLUMNS = ("file", "filename", "path")
_LABEL_COLUMNS = ("label", "class", "finding")
_NO_DICOM = {".csv", ".txt", ".json", ".xml", ".html", ".pdf", ".md", ".xlsx"}


@dataclass(frozen=True, slots=True)
class Labels:
    """A table of labels.

    Attributes
    ----------
    rows : mapping of str to dict
        By SOP Instance UID or by file name, lower case: the row, its label already read.
    lines : mapping of str to int
        The line in the table of each key.
    """

    rows: Mapping[str, Mapping[str, str]] = field(repr=False)
    lines: Mapping[str, int] = field(repr=False)

    def find(self, place: str, uid: str | None) -> list[str]:
        """Return the keys under which a file has a label: its UID, and its path in the folder, else its name."""
        by_name = next((key for key in (place.lower(), place.rpartition("/")[2].lower()) if key in self.rows), "")
        return [key for key in (uid or "", by_name) if key and key in self.rows]


def read_labels(path: Path) -> Labels:
    """Read a table of labels.

    Parameters
    ----------
    path : Path
        CSV with a column `sop_instance_uid` or `file` (relative to the folder, or only the name), a column `label`, and
        if there are any, `patient_id`, `view`, `age`, `sex`, `site`, `licence`, which go before the header's.

    Raises
    ------
    DatasetNotFoundError, DatasetManifestError
        No such table, or a column is missing.
    """
    rows: dict[str, Mapping[str, str]] = {}
    lines: dict[str, int] = {}
    for line, cells in read_table(path, ()):
        row = {re.sub(r"[^a-z]", "", name.lower()): cell for name, cell in cells.items()}
        key, label = _pick(row, (*_UID_COLUMNS, *_FILE_COLUMNS)), _pick(row, _LABEL_COLUMNS)
        if key is None or label is None:
            raise DatasetManifestError(f"{path.name} needs a column sop_instance_uid or file, and a column label")
        key = key.removeprefix("./").lower()
        row["label"] = read_label(label)
        if key in rows and rows[key]["label"] != row["label"]:
            row["label"] = LABEL_CONFLICT
        rows[key], lines[key] = row, line
    return Labels(rows, lines)


def _pick(row: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((row[name] for name in names if name in row), None)


def list_dicom(folder: Path, source: str = SOURCE) -> Iterator[Offer]:
    """Yield each file of a folder; what it is, its header has to tell.

    Raises
    ------
    DatasetNotFoundError
        There is no such folder.
    """
    if not folder.is_dir():
        raise DatasetNotFoundError(f"there is no folder of DICOM files at {folder}")
    for place, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if not name.startswith(".") and name != "DICOMDIR" and path.suffix.lower() not in _NO_DICOM:
                yield Offer(source, path.relative_to(folder).as_posix(), path=path, needs_header=True)


def list_labels_without_file(labels: Labels, found: set[str], table: Path, source: str = SOURCE) -> Iterator[Offer]:
    """Yield the rows of a table of labels for which no file was found; they are named by their line."""
    for key, line in labels.lines.items():
        if key not in found:
            label = labels.rows[key]["label"]
            label = "" if label == LABEL_CONFLICT else label
            yield Offer(source, f"{table.name} line {line}", label=label, why=MISSING_FILE)


def complete_from_header(
    offer: Offer, identity: Identity | None, sha256: str, labels: Labels, protect: Callable[[str | None], str | None]
) -> tuple[Offer, list[str]]:
    """Give a DICOM file its label and what its header says of the patient.

    Parameters
    ----------
    offer : Offer
        The file.
    identity : Identity or None
        Its header; None if it could not be read or was refused.
    sha256 : str
        Of its bytes, hex; it becomes the file's name, since names of DICOM files and folders often hold patients'.
    labels : Labels
        The table.
    protect : Callable
        From the patient's id to a keyed hash (`store.identifiers.build_protection`).

    Returns
    -------
    Offer, and its keys in the table; a film with two labels has none of them.
    """
    keys = labels.find(offer.origin, identity.sop_instance_uid if identity else None)
    row = labels.rows[keys[0]] if keys else {}
    said = {labels.rows[key]["label"] for key in keys}
    label = said.pop() if len(said) == 1 else ""
    fault = LABEL_CONFLICT if said or label == LABEL_CONFLICT else "" if keys else NO_LABEL
    completed = replace(
        offer,
        origin=f"{sha256[:16]}.dcm",
        label="" if fault else label,
        site=row.get("site", ""),
        licence=row.get("licence", "") or row.get("license", ""),
        why=offer.why or fault,
    )
    return (_add_patient(completed, row, identity, protect) if identity else completed), keys


def _add_patient(
    offer: Offer, row: Mapping[str, str], identity: Identity, protect: Callable[[str | None], str | None]
) -> Offer:
    protected = protect(row.get("patientid") or identity.patient_id)
    years = row.get("age") or (str(identity.patient_age_years) if identity.patient_age_years is not None else "")
    age = read_age(years)
    return replace(
        offer,
        patient_id=f"{offer.source}-{protected.rpartition(':')[2][:16]}" if protected else "",
        view=row.get("view") or (identity.view_position or ""),
        age=f"{min(float(age), OLDEST_STATED_YEARS):g}" if age else "",
        sex=read_sex(row.get("sex") or identity.patient_sex or ""),
    )
