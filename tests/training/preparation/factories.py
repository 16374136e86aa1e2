"""Inputs of a preparation, of synthetic films, as public data sets lay them out."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image

from imaging.phantoms.anatomy import draw_chest
from imaging.phantoms.files import write_dicom_phantom
from training.preparation import Preparation
from training.preparation.offer import Offer
from training.preparation.selection import Film

SIZE = 160
COHEN_COLUMNS = ("patientid", "sex", "age", "finding", "view", "modality", "location", "filename", "license", "")


def write_film(path: Path, seed: int) -> Path:
    """Write a film that looks like no other; phantoms of the same size are too alike for that."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.rint(draw_noise(seed, SIZE) * 255).astype(np.uint8)).save(path)
    return path


def write_phantom(path: Path, seed: int) -> Path:
    """Write a film that looks like a chest."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.rint(draw_chest(seed, 400, 400) * 255).astype(np.uint8)).save(path)
    return path


def write_dicom(path: Path, seed: int, **attributes: object) -> Path:
    """Write a DICOM phantom, with its header and the pixels of a film that looks like no other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_dicom_phantom(path, seed=seed, rows=SIZE, columns=SIZE, attributes=attributes)
    dataset = pydicom.dcmread(path)
    dataset.PixelData = np.rint(draw_noise(seed, SIZE) * 4095).astype(np.uint16).tobytes()
    dataset.save_as(path)
    return path


def write_copy(path: Path, original: Path, *, size: tuple[int, int] | None = None, mirrored: bool = False) -> Path:
    """Write another file of the same film: resized as JPEG, or mirrored."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(original) as picture:
        changed = picture.resize(size) if size else picture
        changed = changed.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else changed
        changed.convert("L").save(path, quality=85)
    return path


def write_table(path: Path, columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(columns), restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_cohen(folder: Path, rows: Iterable[Mapping[str, object]]) -> tuple[Path, Path]:
    """Write metadata, and an image for each row that has a `seed`."""
    images = folder / "images"
    images.mkdir(parents=True)
    cells = []
    for number, row in enumerate(rows):
        row = {"patientid": number, "finding": "COVID-19", "view": "PA", "modality": "X-ray", **row}
        row.setdefault("filename", f"film-{number}.png")
        if "seed" in row:
            write_film(images / str(row["filename"]), int(str(row.pop("seed"))))
        cells.append(row)
    return write_table(folder / "metadata.csv", COHEN_COLUMNS, cells), images


def read_list(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def make_film(origin: str, label: str = "covid19", patient: str = "", *, sha256: str = "", **facts: object) -> Film:
    """Make a film without a file; its hashes are its name unless told otherwise."""
    offer = Offer("site", origin, label=label, patient_id=patient, path=Path(origin))
    values = {"pixel_sha256": sha256 or origin, "rows": 10, "columns": 10, **facts}
    return Film(offer, sha256 or origin, **values)  # type: ignore[arg-type]


def draw_noise(seed: int, size: int) -> np.ndarray:
    """Draw smooth noise with structure of all sizes, as unlike another seed's as two pictures can be."""
    generator = np.random.default_rng(seed)
    picture = np.zeros((size, size))
    for edge in (4, 8, 16, 32, 64):
        octave = Image.fromarray(generator.normal(size=(edge, edge)).astype(np.float32))
        picture += np.asarray(octave.resize((size, size), Image.Resampling.BICUBIC)) / np.log2(edge)
    low, high = picture.min(), picture.max()
    return ((picture - low) / (high - low)).astype(np.float32)


def make_radiography(folder: Path) -> Path:
    write_film(folder / "COVID" / "images" / "COVID-1.png", 1)
    write_film(folder / "COVID" / "masks" / "COVID-1.png", 2)
    write_film(folder / "Viral Pneumonia" / "images" / "Viral Pneumonia-1.png", 3)
    write_film(folder / "Normal" / "images" / "Normal-1.png", 4)
    write_film(folder / "Lung_Opacity" / "images" / "Lung_Opacity-1.png", 5)
    return folder


def make_kermany(folder: Path) -> Path:
    write_film(folder / "chest_xray" / "train" / "NORMAL" / "NORMAL2-IM-0035-0001.png", 11)
    write_film(folder / "chest_xray" / "train" / "PNEUMONIA" / "person1_bacteria_1.png", 12)
    write_film(folder / "chest_xray" / "test" / "PNEUMONIA" / "person1_virus_6.png", 13)
    write_film(folder / "chest_xray" / "val" / "PNEUMONIA" / "person1_virus_7.png", 14)
    write_film(folder / "__MACOSX" / "chest_xray" / "train" / "NORMAL" / "IM-1-1.png", 15)
    return folder


def reasons(result: Preparation) -> dict[str, str]:
    return {offer.origin: offer.why for offer in result.dropped}


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return the content of a data set, without what is nobody's business."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
