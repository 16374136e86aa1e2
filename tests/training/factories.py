"""Small data sets and a small backbone, so that a whole training run takes seconds."""

import csv
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from imaging.phantoms.anatomy import draw_chest
from inference.bundle import FILE_NAMES, SHIPPED_BUNDLE, read_bundle
from inference.labels import LABELS
from training.data.dataset import Case
from training.run import export

FILMS_OF_A_LABEL = 18
FILMS_OF_A_PATIENT = 2
SOURCES = ("north", "south")


def make_cases(*films: tuple[str, str, str]) -> list[Case]:
    """Make cases of (label, source, patient) without files."""
    return [Case(Path(f"{place}.png"), label, patient, source) for place, (label, source, patient) in enumerate(films)]


def write_film(path: Path, texture: int, seed: int) -> None:
    """Write a synthetic chest whose class is its texture: stripes along rows, columns, none, or along a diagonal."""
    rows, columns = np.indices((180, 160))
    patterns = (rows // 10, columns // 10, np.zeros_like(rows), (rows + columns) // 10)
    pixels = 0.65 * draw_chest(seed, 180, 160) + 0.35 * (patterns[texture] % 2)
    pixels += np.random.default_rng(seed).normal(0.0, 0.02, pixels.shape)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((255 * np.clip(pixels, 0.01, 1)).astype(np.uint8)).save(path)


def write_manifest(folder: Path, rows: Sequence[Mapping[str, object]]) -> None:
    with (folder / "manifest.csv").open("w", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_dataset(folder: Path) -> Path:
    """Write three classes from two sources, two films a patient, the first class of adults only."""
    rows = []
    for number, label in enumerate(LABELS):
        for film in range(FILMS_OF_A_LABEL):
            file = f"{label}/{film}.png"
            write_film(folder / file, number, seed=100 * number + film)
            patient = film // FILMS_OF_A_PATIENT
            age = 40 if number == 0 else 4
            rows.append(
                {
                    "file": file,
                    "label": label,
                    "patient_id": f"{label}-{patient}",
                    "source": SOURCES[patient % 2],
                    "age": age,
                }
            )
    write_manifest(folder, rows)
    return folder


def write_other_findings(folder: Path) -> Path:
    """Write films with a texture of no class, in a folder without a manifest."""
    for film in range(10):
        write_film(folder / f"{film}.png", 3, seed=900 + film)
    return folder


def write_backbone(path: Path) -> Path:
    """Write a random image classifier with three input channels, as pretrained ones have."""
    import keras

    keras.utils.set_random_seed(3)
    colour = keras.Input((64, 64, 3))
    features = keras.layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False, name="_stem")(colour)
    features = keras.layers.ReLU()(keras.layers.BatchNormalization()(features))
    features = keras.layers.Conv2D(16, 3, strides=4, padding="same", activation="relu")(features)
    pooled = keras.layers.GlobalAveragePooling2D()(features)
    keras.Model(colour, keras.layers.Dense(10)(pooled)).save(path)
    return path


def write_open_gate(folder: Path) -> Path:
    """Write a bundle whose gate lets everything pass: striped phantoms are far from films."""
    folder.mkdir()
    for name in FILE_NAMES:
        shutil.copyfile(SHIPPED_BUNDLE / name, folder / name)
    bundle = read_bundle(SHIPPED_BUNDLE)
    facts = export.BundleFacts(
        model_version="open gate",
        outputs=bundle.outputs,
        input_size=bundle.input_size,
        temperature=1.0,
        operating_points=bundle.operating_points,
        gate={"min_frontal": 0.0, "max_distance": 1e12, "min_lung_share": 0.0},
        training_data_sha256=bundle.training_data_sha256,
    )
    export.write_manifest(folder, facts)
    return folder
