"""Reading a data set: a folder with `manifest.csv`, or plain folders named after the labels.

The errors:

    DatasetError
    +-- DatasetNotFoundError      no such folder, or nothing in it that belongs to a label
    +-- DatasetManifestError      manifest.csv lacks a column, or a row names no label or no file
    +-- DatasetTooSmallError      too few patients of a label to train, choose and measure with (training.run.stages)
    +-- LabelConflictError        the same file stands under two labels (training.data.split)
    +-- PatientOnTwoSidesError    one patient's radiographs were put on two sides of a split (training.data.split)
"""

import csv
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from inference.labels import LABELS, OTHER_FINDING

log = logging.getLogger(__name__)

MANIFEST_NAME = "manifest.csv"
SUFFIXES = frozenset({".dcm", ".jpeg", ".jpg", ".png"})
ADULT_FROM_YEARS = 18.0
UNKNOWN = "unknown"


class DatasetError(Exception):
    """A data set cannot be used for training."""

    exit_code = os.EX_DATAERR


class DatasetNotFoundError(DatasetError):
    """There is no data set at this place."""

    exit_code = os.EX_NOINPUT


class DatasetManifestError(DatasetError):
    """The manifest of a data set is incomplete or contradicts itself."""


class DatasetTooSmallError(DatasetError):
    """A label has too few patients, or none, on a side of the split."""


class LabelConflictError(DatasetError):
    """The same film has two labels."""


class PatientOnTwoSidesError(DatasetError):
    """A patient would be both trained on and tested on."""


@dataclass(frozen=True, slots=True)
class Case:
    """One radiograph with its reference label.

    Attributes
    ----------
    path : Path
        The file.
    reference_label : str
        One of `inference.labels.LABELS` or `other_finding`.
    patient_id : str
        Unique within the data set; a file without one is its own patient.
    source, view, age_group, sex, site, side : str
        Where it comes from, its projection, `adult`, `paediatric` or `unknown`, the patient's sex as the manifest
        writes it, the hospital or place, and the side of the split which the manifest's column `split` names ("" when
        it has none).
    """

    path: Path
    reference_label: str
    patient_id: str
    source: str = UNKNOWN
    view: str = UNKNOWN
    age_group: str = UNKNOWN
    side: str = ""
    sex: str = UNKNOWN
    site: str = UNKNOWN


def read_dataset(folder: Path) -> list[Case]:
    """List the radiographs of the three labels in a data set folder.

    Parameters
    ----------
    folder : Path
        With `manifest.csv` (columns `file`, `label` or `class`, `patient_id`; optional `source`, `view`, `age` in
        years, `adult_or_paediatric`, `sex`, `site`, `split`), or with one folder for each label.

    Returns
    -------
    list of Case
        In the manifest's order, else sorted by path.

    Raises
    ------
    DatasetNotFoundError
        Nothing there.
    DatasetManifestError
        See the tree above.
    """
    manifest = folder / MANIFEST_NAME
    if manifest.is_file():
        cases = _read_manifest(manifest, None)
    else:
        cases = [case for label in LABELS for case in _read_class_folder(folder / label, label)]
        if cases:
            log.warning("no %s: patients cannot be kept apart, every file counts as its own", MANIFEST_NAME)
    if not cases:
        raise DatasetNotFoundError(f"no {MANIFEST_NAME} and no folder {', '.join(LABELS)} with radiographs in {folder}")
    return cases


def read_other_findings(folder: Path) -> list[Case]:
    """List radiographs that show none of the three classes; the manifest, if there is one, needs no label."""
    manifest = folder / MANIFEST_NAME
    listed = manifest.is_file()
    cases = _read_manifest(manifest, OTHER_FINDING) if listed else _read_class_folder(folder, OTHER_FINDING)
    if not cases:
        raise DatasetNotFoundError(f"no {MANIFEST_NAME} and no radiographs in {folder}")
    return cases


def _read_manifest(manifest: Path, reference_label: str | None) -> list[Case]:
    with manifest.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines)
        columns = set(rows.fieldnames or ())
        if "file" not in columns or not (reference_label or columns & {"label", "class"}):
            raise DatasetManifestError(f"{MANIFEST_NAME} needs the columns file and label (or class)")
        if "patient_id" not in columns:
            log.warning("%s has no patient_id: patients cannot be kept apart", MANIFEST_NAME)
        return [_to_case(manifest.parent, number, row, reference_label) for number, row in enumerate(rows, start=2)]


def _to_case(folder: Path, line: int, row: Mapping[str, str | None], reference_label: str | None) -> Case:
    label = reference_label or row.get("label") or row.get("class") or ""
    if label not in (*LABELS, OTHER_FINDING):
        accepted = ", ".join((*LABELS, OTHER_FINDING))
        raise DatasetManifestError(f"{MANIFEST_NAME} line {line}: label {label!r}, accepted are {accepted}")
    path = folder / (row.get("file") or "")
    if not path.is_file():
        raise DatasetManifestError(f"{MANIFEST_NAME} line {line}: its file does not exist")
    return Case(
        path=path,
        reference_label=label,
        patient_id=row.get("patient_id") or str(path),
        source=row.get("source") or UNKNOWN,
        view=row.get("view") or UNKNOWN,
        age_group=_to_age_group(row.get("age") or "", row.get("adult_or_paediatric") or ""),
        side=row.get("split") or "",
        sex=row.get("sex") or UNKNOWN,
        site=row.get("site") or UNKNOWN,
    )


def _to_age_group(age_years: str, words: str) -> str:
    try:
        return "adult" if float(age_years) >= ADULT_FROM_YEARS else "paediatric"
    except ValueError:
        return next((group for group in ("adult", "paediatric") if words.startswith(group)), UNKNOWN)


def _read_class_folder(folder: Path, label: str) -> list[Case]:
    paths: Iterable[Path] = sorted(folder.rglob("*")) if folder.is_dir() else ()
    return [Case(path, label, str(path)) for path in paths if path.suffix.lower() in SUFFIXES and path.is_file()]
