"""Class folders: the COVID-19 Radiography Database, Kaggle's chest-xray-pneumonia, and any folders named by class."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from inference.labels import Label
from training.data.dataset import SUFFIXES, DatasetNotFoundError
from training.preparation.offer import Offer
from training.preparation.patients import read_patient
from training.preparation.vocabulary import BACTERIAL, UNKNOWN_FOLDER, UNSTATED_PNEUMONIA, read_folder_name

_PASSED_OVER = {"masks", "mask", "__macosx"}


@dataclass(frozen=True, slots=True)
class Layout:
    """A recognised kind of data set, with what its authors say of all its films.

    Attributes
    ----------
    title : str
        How it is known.
    source : str
        Its name in the manifest; "" takes the folder's.
    view, site, licence, age_group : str
        As in the manifest; "" where the authors do not say.
    """

    title: str
    source: str = ""
    view: str = ""
    site: str = ""
    licence: str = ""
    age_group: str = ""


RADIOGRAPHY_DATABASE = Layout(
    "COVID-19 Radiography Database", "radiography-database", licence="by origin, see the data set's README"
)
# Kermany et al., Cell 172 (2018) 1122: anterior-posterior films of children of one to five years
KERMANY = Layout(
    "chest-xray-pneumonia (Kermany et al. 2018)",
    "kermany",
    view="AP",
    site="Guangzhou Women and Children's Medical Center",
    licence="CC BY 4.0 (Mendeley rscbjbr9sj)",
    age_group="paediatric (1-5 y)",
)
PLAIN = Layout("class folders")


def recognise_layout(folder: Path) -> Layout:
    """Tell by its folders which data set this is.

    Raises
    ------
    DatasetNotFoundError
        No folder in it is named by a class.
    """
    if not folder.is_dir():
        raise DatasetNotFoundError(f"there is no folder {folder}")
    names = {Path(place).name for place, _ in _walk(folder) if Path(place) != folder}
    meant = {read_folder_name(name) for name in names} - {None}
    if UNSTATED_PNEUMONIA in meant and Label.NORMAL in meant and Label.COVID19 not in meant:
        return KERMANY
    if Label.COVID19 in meant and (names & {"images"} or "lung_opacity" in meant):
        return RADIOGRAPHY_DATABASE
    if not meant:
        raise DatasetNotFoundError(
            f"no manifest.csv and no folder named by a class in {folder}, such as covid19, viral_pneumonia, normal, "
            "'COVID/images' or 'train/PNEUMONIA'"
        )
    return PLAIN


def list_folders(folder: Path, layout: Layout, source: str = "") -> Iterator[Offer]:
    """Yield what each picture in class folders offers, in the order of their paths.

    The nearest folder above a picture that is named by a class gives its label; in a folder "pneumonia" the file's own
    name does. Folders of masks and hidden files are passed over.

    Parameters
    ----------
    folder : Path
        The data set.
    layout : Layout
        As `recognise_layout` tells.
    source : str
        Name of the data set; "" takes the layout's, else the folder's.
    """
    source = source or layout.source or folder.resolve().name
    for place, names in _walk(folder):
        for name in sorted(names):
            path = Path(place, name)
            if path.suffix.lower() in SUFFIXES and not name.startswith("."):
                yield _to_offer(path, path.relative_to(folder).as_posix(), layout, source)


def _walk(folder: Path) -> Iterator[tuple[str, list[str]]]:
    for place, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if name.lower() not in _PASSED_OVER and not name.startswith("."))
        yield place, names


def _to_offer(path: Path, origin: str, layout: Layout, source: str) -> Offer:
    return Offer(
        source=source,
        origin=origin,
        label=_read_label(origin),
        patient_id=read_patient(path.stem),
        view=layout.view,
        site=layout.site,
        licence=layout.licence,
        age_group=layout.age_group,
        path=path,
    )


def _read_label(origin: str) -> str:
    *above, name = PurePosixPath(origin).parts
    label = next(filter(None, (read_folder_name(folder) for folder in reversed(above))), UNKNOWN_FOLDER)
    if label != UNSTATED_PNEUMONIA:
        return label
    name = name.lower()
    if "virus" in name:
        return Label.VIRAL_PNEUMONIA
    return BACTERIAL if "bacteria" in name else UNSTATED_PNEUMONIA
