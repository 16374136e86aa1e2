"""A data set that already has a `manifest.csv`: its facts are taken as they stand."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from training.data.dataset import MANIFEST_NAME
from training.data.errors import DatasetManifestError
from training.data.tables import clean, read_age, read_sex, read_table
from training.data.vocabulary import read_label
from training.preparation.offer import Offer


def list_prepared(folder: Path, source: str = "") -> Iterator[Offer]:
    """Yield what each row of a data set's manifest offers.

    Parameters
    ----------
    folder : Path
        With `manifest.csv`: columns `file` and `label` (or `class`), and those of `training.data.dataset.read_dataset`.
    source : str
        Name of the data set for rows that give none; "" takes the folder's.

    Raises
    ------
    DatasetManifestError
        A column is missing.
    """
    source = source or folder.resolve().name
    for line, row in read_table(folder / MANIFEST_NAME, ("file",)):
        label = row.get("label") or row.get("class")
        if label is None:
            raise DatasetManifestError(
                f"{MANIFEST_NAME} line {line} has no label: the column label (or class) is needed"
            )
        yield _to_offer(folder, row, read_label(label), source)


def _to_offer(folder: Path, row: dict[str, str], label: str, source: str) -> Offer:
    inner = PurePosixPath(row["file"])
    path = folder / inner
    present = bool(row["file"]) and not inner.is_absolute() and ".." not in inner.parts and path.is_file()
    return Offer(
        source=row.get("source") or source,
        origin=row.get("origin") or clean(row["file"]),
        label=label,
        patient_id=row.get("patient_id", ""),
        view=row.get("view", ""),
        age=read_age(row.get("age", "")),
        sex=read_sex(row.get("sex", "")),
        site=row.get("site", ""),
        licence=row.get("licence", ""),
        age_group=row.get("adult_or_paediatric", ""),
        path=path if present else None,
    )
