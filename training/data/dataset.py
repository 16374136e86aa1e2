"""Reading a data set: a folder with `manifest.csv`, or class folders as people have them. Everybody reads them here."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from inference.labels import LABELS, OTHER_FINDING
from training.data.errors import DatasetFolderError, DatasetManifestError, DatasetNotFoundError
from training.data.folders import ClassFolders, FolderFilm, list_pictures, read_class_folders
from training.data.tables import read_table
from training.data.vocabulary import MEANINGS, UNKNOWN_FINDING, read_label

log = logging.getLogger(__name__)

MANIFEST_NAME = "manifest.csv"
ADULT_FROM_YEARS = 18.0
UNKNOWN = "unknown"
_KNOWN_LABELS = (*LABELS, OTHER_FINDING)
_MOST_NAMED = 5


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
    is_patient_known : bool
        Whether the manifest or the file's name says whose film it is; else `patient_id` stands for the file alone.
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
    is_patient_known: bool = True


def read_dataset(folder: Path) -> list[Case]:
    """List the radiographs of the three labels, and of other findings, in a data set folder.

    What is left out, since it is of none of them, is counted in the log.

    Parameters
    ----------
    folder : Path
        With `manifest.csv` (columns `file`, `label` or `class`, `patient_id`; optional `source`, `view`, `age` in
        years, `adult_or_paediatric`, `sex`, `site`, `split`), or with class folders (`training.data.folders`).

    Returns
    -------
    list of Case
        In the manifest's order, else sorted by path.

    Raises
    ------
    DatasetNotFoundError
        Nothing there.
    DatasetManifestError, DatasetFolderError
        What a row or a folder holds is not understood (`training.data.errors`).
    """
    manifest = folder / MANIFEST_NAME
    cases = _read_manifest(manifest) if manifest.is_file() else _read_folders(folder)
    if not cases:
        raise DatasetNotFoundError(f"no radiograph of {', '.join(LABELS)} in {folder}")
    return cases


def read_other_findings(folder: Path) -> list[Case]:
    """List radiographs that show none of the three classes; the manifest, if there is one, needs no label."""
    manifest = folder / MANIFEST_NAME
    if manifest.is_file():
        cases = _read_manifest(manifest, OTHER_FINDING)
    else:
        cases = [Case(path, OTHER_FINDING, str(path), is_patient_known=False) for path in list_pictures(folder)]
    if not cases:
        raise DatasetNotFoundError(f"no {MANIFEST_NAME} and no radiographs in {folder}")
    return cases


def _read_manifest(manifest: Path, reference_label: str = "") -> list[Case]:
    rows = list(read_table(manifest, ("file",)))
    columns = rows[0][1].keys() if rows else {"label"}
    if not (reference_label or columns & {"label", "class"}):
        raise DatasetManifestError(f"{MANIFEST_NAME} needs the columns file and label (or class)")
    if rows and "patient_id" not in columns:
        log.warning("%s has no patient_id: patients cannot be kept apart", MANIFEST_NAME)
    labels = [reference_label or _read_label(line, row) for line, row in rows]
    _report_left_out(labels)
    return [
        _to_case(manifest.parent, line, row, label)
        for (line, row), label in zip(rows, labels, strict=True)
        if label in _KNOWN_LABELS
    ]


def _read_label(line: int, row: Mapping[str, str]) -> str:
    written = row.get("label") or row.get("class") or ""
    label = read_label(written)
    if label == UNKNOWN_FINDING:
        accepted = ", ".join(_KNOWN_LABELS)
        raise DatasetManifestError(f"{MANIFEST_NAME} line {line}: label {written!r}, accepted are {accepted}")
    return label


def _to_case(folder: Path, line: int, row: Mapping[str, str], label: str) -> Case:
    path = folder / row["file"]
    if not path.is_file():
        raise DatasetManifestError(f"{MANIFEST_NAME} line {line}: its file does not exist")
    return Case(
        path=path,
        reference_label=label,
        patient_id=row.get("patient_id") or str(path),
        source=row.get("source") or UNKNOWN,
        view=row.get("view") or UNKNOWN,
        age_group=_to_age_group(row.get("age", ""), row.get("adult_or_paediatric", "")),
        side=row.get("split", ""),
        sex=row.get("sex") or UNKNOWN,
        site=row.get("site") or UNKNOWN,
        is_patient_known=bool(row.get("patient_id")),
    )


def _to_age_group(age_years: str, words: str) -> str:
    try:
        return "adult" if float(age_years) >= ADULT_FROM_YEARS else "paediatric"
    except ValueError:
        return next((group for group in ("adult", "paediatric") if words.startswith(group)), UNKNOWN)


def _read_folders(folder: Path) -> list[Case]:
    found = read_class_folders(folder)
    _refuse_unknown_folders(found)
    for kind, count in sorted(found.unread.items()):
        log.warning("%d files left out: %s is not read; DICOM, PNG and JPEG are", count, kind)
    _report_left_out([film.label for film in found.films])
    cases = [_to_folder_case(found, film) for film in found.films if film.label in _KNOWN_LABELS]
    unnamed = sum(not case.is_patient_known for case in cases)
    if unnamed:
        log.warning(
            "no %s, and %d of %d files name no patient: patients cannot be kept apart, each counts as one of its own",
            MANIFEST_NAME,
            unnamed,
            len(cases),
        )
    return cases


def _to_folder_case(found: ClassFolders, film: FolderFilm) -> Case:
    facts = found.find_facts(film)
    # the view is left unknown: it is said of the data set and not of this film, so that the gate has to look at it
    return Case(
        path=film.path,
        reference_label=film.label,
        patient_id=film.patient_id or str(film.path),
        source=facts.source or found.name,
        age_group=_to_age_group("", facts.age_group),
        site=facts.site or UNKNOWN,
        is_patient_known=bool(film.patient_id),
    )


def _refuse_unknown_folders(found: ClassFolders) -> None:
    unknown = found.name_unknown_folders()
    if not unknown:
        return
    named = ", ".join(f"'{name}' ({count} pictures)" for name, count in list(unknown.items())[:_MOST_NAMED])
    more = f" and {len(unknown) - _MOST_NAMED} more" if len(unknown) > _MOST_NAMED else ""
    raise DatasetFolderError(
        f"the name of the folder {named}{more} in {found.folder} tells no class: call it {', '.join(LABELS)} or "
        f"{OTHER_FINDING}, or move it elsewhere; 'xray-cli prepare --folders {found.folder} --output ...' leaves it out"
    )


def _report_left_out(labels: Iterable[str]) -> None:
    for reason, count in sorted(Counter(label for label in labels if label not in _KNOWN_LABELS).items()):
        log.warning("%d films left out: %s", count, MEANINGS[reason])
