"""Class folders: the COVID-19 Radiography Database, Kaggle's chest-xray-pneumonia, and any folders named by class."""

import os
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from imaging import identify_format
from inference.labels import Label
from training.data.errors import DatasetNotFoundError
from training.data.patients import read_patient
from training.data.vocabulary import BACTERIAL, LUNG_OPACITY, UNKNOWN_FOLDER, UNSTATED_PNEUMONIA, read_folder_name

SUFFIXES = frozenset({".dcm", ".dicom", ".jpeg", ".jpg", ".png"})
UNREAD_SUFFIXES = frozenset({".bmp", ".gif", ".jp2", ".nii", ".tif", ".tiff", ".webp"})
"""Of pictures that are not read: whoever brings them has to know."""

BROKEN_LINK = "a link without its file"

_PASSED_OVER = {"masks", "mask", "__macosx"}
_BEGINNING = 2048


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
    names : re.Pattern
        Of the files, without suffix, of which this is said: folders of such names hold other people's films, too.
    """

    title: str
    source: str = ""
    view: str = ""
    site: str = ""
    licence: str = ""
    age_group: str = ""
    names: re.Pattern[str] = field(default_factory=lambda: re.compile(".*", re.DOTALL))


RADIOGRAPHY_DATABASE = Layout(
    "COVID-19 Radiography Database",
    "radiography-database",
    licence="by origin, see the data set's README",
)
# Kermany et al., Cell 172 (2018) 1122: anterior-posterior films of children of one to five years
KERMANY = Layout(
    "chest-xray-pneumonia (Kermany et al. 2018)",
    "kermany",
    view="AP",
    site="Guangzhou Women and Children's Medical Center",
    licence="CC BY 4.0 (Mendeley rscbjbr9sj)",
    age_group="paediatric (1-5 y)",
    names=re.compile(
        r"person\d+_(virus|bacteria)_\d+|(normal2-)?im-\d+-\d+(-\d+)?|(normal|virus|bacteria)-\d{4,}-\d+", re.I
    ),
)
PLAIN = Layout("class folders")


@dataclass(frozen=True, slots=True)
class FolderFilm:
    """A picture in class folders.

    Attributes
    ----------
    path : Path
        The file.
    origin : str
        Its place in the data set, with slashes.
    label : str
        What its folders mean: one of `inference.labels.LABELS`, `other_finding`, or the reason for which it is none of
        them (`training.data.vocabulary`).
    patient_id : str
        Whom its name tells; "" where it does not.
    """

    path: Path
    origin: str
    label: str
    patient_id: str


@dataclass(frozen=True, slots=True)
class ClassFolders:
    """A data set of class folders.

    Attributes
    ----------
    folder : Path
        Where it lies.
    layout : Layout
        Which one it is.
    films : tuple of FolderFilm
        In the order of their paths.
    unread : mapping of str to int
        Pictures of kinds that are not read, by their suffix, and links that lead to no file.
    """

    folder: Path
    layout: Layout
    films: tuple[FolderFilm, ...]
    unread: Mapping[str, int]

    @property
    def name(self) -> str:
        """Return the folder's name: the source of films of which nothing else is known."""
        return self.folder.resolve().name

    def find_facts(self, film: FolderFilm) -> Layout:
        """Return what is known of a film: what the layout's authors say of theirs, and nothing of any other."""
        return self.layout if self.layout.names.fullmatch(film.path.stem) else PLAIN

    def name_unknown_folders(self) -> dict[str, int]:
        """Return the folders whose names tell no class, with how many pictures they hold.

        Of folders within one another the outermost is named that holds no picture of a known class.
        """
        known = {above for film in self.films if film.label != UNKNOWN_FOLDER for above in _list_above(film.origin)}
        unknown = [_list_above(film.origin) for film in self.films if film.label == UNKNOWN_FOLDER]
        return dict(
            Counter(next((each for each in above if each not in known), above[-1]) for above in unknown if above)
        )


def read_class_folders(folder: Path) -> ClassFolders:
    """List the pictures in class folders.

    The nearest folder above a picture that is named by a class gives its label; in a folder "pneumonia" the file's own
    name does. Folders of masks and hidden files are passed over. A file of no known suffix (none, .jfif, the rest of
    a name with dots in it) is a picture if it begins as one. Links are followed, to films and to folders: data sets
    are often made of them.

    Raises
    ------
    DatasetNotFoundError
        There is no folder, or none in it is named by a class.
    OSError
        A folder may not be entered.
    """
    if not folder.is_dir():
        raise DatasetNotFoundError(f"there is no folder {folder}")
    films: list[FolderFilm] = []
    unread: Counter[str] = Counter()
    names: set[str] = set()
    for path in _walk(folder):
        origin = path.relative_to(folder).as_posix()
        names.update(PurePosixPath(origin).parts[:-1])
        if path.suffix.lower() in UNREAD_SUFFIXES:
            unread[path.suffix.lower()] += 1
        elif path.is_symlink() and not path.exists():
            unread[BROKEN_LINK] += 1
        elif _is_picture(path):
            films.append(FolderFilm(path, origin, _read_label(origin), read_patient(path.stem)))
    if not any(map(read_folder_name, names)):
        raise DatasetNotFoundError(_say_what_is_expected(folder))
    return ClassFolders(folder, _recognise(films, names), tuple(films), dict(unread))


def list_pictures(folder: Path) -> list[Path]:
    """Return the pictures in a folder and below it, whatever the folders are called."""
    return [path for path in _walk(folder) if path.suffix.lower() not in UNREAD_SUFFIXES and _is_picture(path)]


def _walk(folder: Path) -> Iterator[Path]:
    for place, below, names in os.walk(folder, onerror=_refuse, followlinks=True):
        shown = sorted(name for name in below if name.lower() not in _PASSED_OVER and not name.startswith("."))
        below[:] = (name for name in shown if not _leads_back(Path(place, name)))
        yield from (Path(place, name) for name in sorted(names) if not name.startswith("."))


def _refuse(error: OSError) -> None:
    # a class whose folder may not be entered must not be left out in silence
    raise error


def _leads_back(path: Path) -> bool:
    """Say whether a link leads to a folder that it lies in: following it would never end."""
    return path.is_symlink() and path.resolve() in {above.resolve() for above in path.absolute().parents}


def _is_picture(path: Path) -> bool:
    suffix = path.suffix.lower()
    if suffix in SUFFIXES:
        return path.is_file()
    if path.name.upper() == "DICOMDIR" or not path.is_file():
        return False
    with path.open("rb") as file:
        return identify_format(file.read(_BEGINNING)) is not None


def _read_label(origin: str) -> str:
    *above, name = PurePosixPath(origin).parts
    label = next(filter(None, (read_folder_name(folder) for folder in reversed(above))), UNKNOWN_FOLDER)
    if label != UNSTATED_PNEUMONIA:
        return label
    name = name.lower()
    if "virus" in name:
        return Label.VIRAL_PNEUMONIA
    return BACTERIAL if "bacteria" in name else UNSTATED_PNEUMONIA


def _recognise(films: Sequence[FolderFilm], names: Collection[str]) -> Layout:
    """Tell by folders and file names which data set this is."""
    meant = {read_folder_name(name) for name in names}
    if Label.COVID19 in meant:
        unpacked = LUNG_OPACITY in meant or (Label.VIRAL_PNEUMONIA in meant and "images" in names)
        return RADIOGRAPHY_DATABASE if unpacked else PLAIN
    if not {UNSTATED_PNEUMONIA, Label.NORMAL} <= meant:
        return PLAIN
    named = sum(KERMANY.names.fullmatch(film.path.stem) is not None for film in films)
    return KERMANY if named > len(films) / 2 else PLAIN


def _list_above(origin: str) -> list[str]:
    """Return the folders above a file, outermost first."""
    return [place.as_posix() for place in reversed(PurePosixPath(origin).parents)][1:]


def _say_what_is_expected(folder: Path) -> str:
    if (folder / "metadata.csv").is_file():
        return (
            f"{folder} has a metadata.csv, as the ieee8023 layout: 'xray-cli prepare --metadata {folder}/metadata.csv "
            f"--images {folder}/images --output dataset' makes a data set of it"
        )
    return (
        f"no manifest.csv and no folder named by a class in {folder}, such as covid19, viral_pneumonia, normal, "
        "'COVID/images' or 'train/PNEUMONIA'"
    )
