"""Reading what the finder learns from: films, lung masks, and pictures that are no frontal chest films."""

import logging
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePath

import numpy as np
import numpy.typing as npt

from imaging import RadiographError, normalize, read_radiograph
from imaging.opencv import cv2
from training.data.dataset import MANIFEST_NAME, Case
from training.data.errors import DatasetNotFoundError
from training.data.folders import SUFFIXES
from training.data.tables import read_table

log = logging.getLogger(__name__)

PICTURE_SIZE = 256
"""Pictures are kept twice as large as the network's input, so that cropping costs no detail."""

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Pictures:
    """All that one training run draws from.

    Attributes
    ----------
    cases : tuple of Case
        The frontal chest films.
    films : numpy.ndarray
        uint8 (films, 256, 256).
    masks : dict of int to numpy.ndarray
        uint8 (256, 256), 0 or 255, for those films, by place, whose lungs were drawn by hand.
    laterals, others : numpy.ndarray
        uint8 (pictures, 256, 256): chest films from the side; pictures of anything else.
    kinds_of_others, owners_of_others : tuple of str
        For each of the others the folder in which it lay, "" where it lay in none, and whose it is, as far as a
        `manifest.csv` with the columns `file` and `patient_id` says: pictures of one patient stay together.
    """

    cases: tuple[Case, ...]
    films: Bytes
    masks: dict[int, Bytes]
    laterals: Bytes
    others: Bytes
    kinds_of_others: tuple[str, ...] = ()
    owners_of_others: tuple[str, ...] = ()


def read_pictures(
    cases: Sequence[Case], masks: Path, laterals: Path, others: Path, progress: Iterable[Case] | None = None
) -> Pictures:
    """Read films, their masks and the two folders of other pictures; what cannot be read is left out and counted.

    Parameters
    ----------
    cases : sequence of Case
        Frontal chest films.
    masks : Path
        Folder or ZIP file of lung masks, each named as its film; what stands before a double underscore in a film's
        name does not count.
    laterals, others : Path
        Folders, read with all that is below them.
    progress : iterable of Case, optional
        The same cases, wrapped in a progress bar.

    Raises
    ------
    DatasetNotFoundError
        A folder holds no picture, or no mask belongs to a film.
    """
    by_name = _find_masks(masks)
    kept: list[Case] = []
    films: list[Bytes] = []
    drawn: dict[int, Bytes] = {}
    for case in progress if progress is not None else cases:
        film = _read_square(case.path)
        if film is None:
            continue
        content = by_name.get(case.path.stem.split("__", 1)[-1])
        if content is not None:
            drawn[len(kept)] = _decode_mask(content)
        kept.append(case)
        films.append(film)
    if not drawn:
        raise DatasetNotFoundError(f"no lung mask in {masks} is named as a film of the data set")
    log.info("%d films, %d of them with a lung mask", len(kept), len(drawn))
    paths, found = _read_folder(others)
    kinds = tuple("/".join(path.parent.relative_to(others).parts) for path in paths)
    owners = _read_owners(others)
    named = tuple(owners.get(path.name, path.name) for path in paths)
    return Pictures(tuple(kept), np.stack(films), drawn, _read_folder(laterals)[1], found, kinds, named)


def _read_owners(folder: Path) -> dict[str, str]:
    """Return the patient of each file that a manifest in the folder, or below it, names."""
    rows = (row for manifest in sorted(folder.rglob(MANIFEST_NAME)) for _, row in read_table(manifest, ("file",)))
    return {PurePath(row["file"]).name: row["patient_id"] for row in rows if row.get("patient_id")}


def _find_masks(masks: Path) -> dict[str, bytes]:
    if zipfile.is_zipfile(masks):
        with zipfile.ZipFile(masks) as archive:
            return {PurePath(name).stem: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    return {path.stem: path.read_bytes() for path in sorted(masks.rglob("*")) if path.is_file()}


def _decode_mask(content: bytes) -> Bytes:
    from PIL import Image

    with Image.open(BytesIO(content)) as picture:
        mask = (np.asarray(picture.convert("L")) > 127).astype(np.float32)
    return np.asarray(np.rint(normalize(mask, PICTURE_SIZE) * 255), dtype=np.uint8)


def _read_folder(folder: Path) -> tuple[list[Path], Bytes]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    pictures = {path: picture for path in paths if (picture := _read_square(path)) is not None}
    if not pictures:
        raise DatasetNotFoundError(f"no readable picture in {folder}")
    return list(pictures), np.stack(list(pictures.values()))


def _read_square(path: Path) -> Bytes | None:
    try:
        pixels = read_radiograph(path).pixels
    except RadiographError as error:
        log.warning("a picture is left out: %s", error.reason_code)
        return None
    return np.asarray(np.rint(normalize(pixels, PICTURE_SIZE) * 255), dtype=np.uint8)


def shrink(picture: Bytes, size: int) -> Bytes:
    """Average a picture down to the network's input, as serving does."""
    return np.asarray(cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA))
