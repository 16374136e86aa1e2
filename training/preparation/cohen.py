"""The layout of ieee8023/covid-chestxray-dataset: `metadata.csv` and a folder of images."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from inference.labels import Label
from training.data.errors import DatasetNotFoundError
from training.data.tables import clean, read_age, read_sex, read_table
from training.data.vocabulary import CT, NO_FINDING, read_finding
from training.preparation.offer import Offer
from training.preparation.views import Views

SOURCE = "cohen"
OTHER_MODALITY = "other_modality"
_COLUMNS = ("patientid", "finding", "view", "modality", "filename")


def list_cohen(
    metadata: Path, images: Path, views: Views, source: str = SOURCE, *, no_finding: bool
) -> Iterator[Offer]:
    """Yield what each row of the metadata offers.

    Parameters
    ----------
    metadata, images : Path
        The table, and the folder that holds the files which its column `filename` names.
    views : Views
        The wanted ones.
    source : str
        Name of the data set.
    no_finding : bool
        Films of "No Finding" become `normal`; else they are left out, since in this data set they are films of
        patients with symptoms, or of days before the disease shows.

    Raises
    ------
    DatasetNotFoundError, DatasetManifestError
        No such table or folder, or not of this layout.
    """
    if not images.is_dir():
        raise DatasetNotFoundError(f"there is no folder of images at {images}")
    seen: Counter[str] = Counter()
    for _, row in read_table(metadata, _COLUMNS):
        name = clean(row["filename"])
        seen[name] += 1
        # a few images are listed twice, under two patients
        origin = name if seen[name] == 1 else f"{name}#{seen[name]}"
        yield _to_offer(row, origin, images, views, source, no_finding)


def _to_offer(row: dict[str, str], origin: str, images: Path, views: Views, source: str, no_finding: bool) -> Offer:
    label = read_finding(row["finding"])
    if label == NO_FINDING and no_finding:
        label = Label.NORMAL
    path = images / row["filename"]
    # a name with a folder in it could lead anywhere
    present = bool(row["filename"]) and path.name == row["filename"] and path.is_file()
    patient = row["patientid"]
    return Offer(
        source=source,
        origin=origin,
        label=label,
        patient_id=f"{source}-{patient}" if patient else "",
        view=row["view"],
        age=read_age(row.get("age", "")),
        sex=read_sex(row.get("sex", "")),
        site=row.get("location", ""),
        licence=row.get("license", "") or "not stated per image (ieee8023/covid-chestxray-dataset)",
        why=_find_fault(row, views),
        path=path if present else None,
    )


def _find_fault(row: dict[str, str], views: Views) -> str:
    if row["modality"].upper().replace("-", "") not in ("XRAY", "CR", "DX"):
        return CT if row["modality"].upper() == "CT" else OTHER_MODALITY
    return views.find_fault(row["view"], must_be_stated=True)
