import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from imaging.phantoms.anatomy import draw_lungs
from imaging.phantoms.files import write_png_phantom
from inference.bundle import SHIPPED_BUNDLE, read_bundle
from inference.classifier import Classifier
from inference.lungs import KINDS, GateLimits
from training.data.dataset import read_dataset
from training.data.errors import DatasetNotFoundError
from training.finder import fitting, limits, second_look
from training.finder.lessons import SHARES
from training.finder.limits import fit_gaussian
from training.finder.pictures import read_pictures
from training.finder.run import FinderSettings, split_pictures, train_finder

ROWS, COLUMNS = 250, 200

# TensorFlow hands its tensors to numpy in a way that numpy 2 has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten phantoms as films, masks for half of them, and three pictures of each other sort."""
    folder = tmp_path_factory.mktemp("finder")
    for name in ("films/covid19", "films/normal", "masks", "laterals", "others"):
        (folder / name).mkdir(parents=True)
    for seed in range(10):
        label = "normal" if seed % 2 else "covid19"
        write_png_phantom(folder / f"films/{label}/some__{seed}.png", seed=seed, rows=ROWS, columns=COLUMNS)
        if seed < 6:
            mask = (draw_lungs(seed, ROWS, COLUMNS) > 0.5).astype(np.uint8) * 255
            Image.fromarray(mask).save(folder / f"masks/{seed}.png")
    for seed in range(3):
        noise = np.random.default_rng(seed).integers(0, 255, (90, 90), dtype=np.uint8)
        Image.fromarray(noise).resize((180, 120)).save(folder / f"laterals/{seed}.png")
        Image.fromarray(noise).resize((120, 180)).save(folder / f"others/{seed}.png")
    return folder


def test_masks_find_their_films_by_name(folders: Path) -> None:
    cases = read_dataset(folders / "films")
    pictures = read_pictures(cases, folders / "masks", folders / "laterals", folders / "others")
    assert sorted(int(pictures.cases[at].path.stem[-1]) for at in pictures.masks) == list(range(6))
    assert all(0.1 < (mask > 127).mean() < 0.5 for mask in pictures.masks.values())


def test_masks_of_other_films_are_no_use(folders: Path, tmp_path: Path) -> None:
    (tmp_path / "stranger.png").write_bytes((folders / "masks/0.png").read_bytes())
    with pytest.raises(DatasetNotFoundError, match="no lung mask"):
        read_pictures(read_dataset(folders / "films"), tmp_path, folders / "laterals", folders / "others")


def test_no_patient_and_no_picture_is_on_both_sides(folders: Path) -> None:
    pictures = read_pictures(
        read_dataset(folders / "films"), folders / "masks", folders / "laterals", folders / "others"
    )
    learnt, held_out = split_pictures(pictures, seed=0)
    assert len(learnt.cases) + len(held_out.cases) == 10
    assert not {case.patient_id for case in learnt.cases} & {case.patient_id for case in held_out.cases}
    for side in (learnt, held_out):
        assert all(np.array_equal(side.films[at] > 0, side.films[at] > 0) for at in side.masks)
    assert len(learnt.others) + len(held_out.others) == 3


@pytest.mark.timeout(480)
def test_a_short_training_gives_a_bundle_that_serves(
    folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RETOUCHED", "DRAWN"):
        monkeypatch.setattr(limits, name, 20)
    monkeypatch.setattr(limits, "DRAWN_OF_A_STYLE", 1)
    for name, few in (("DRAWN_OF_A_STYLE", 1), ("CHECKED", 20), ("BATCH_SIZE", 8)):
        monkeypatch.setattr(second_look, name, few)
    monkeypatch.setattr(fitting, "BATCH_SIZE", 8)
    settings = FinderSettings(
        folders / "films",
        folders / "masks",
        folders / "laterals",
        folders / "others",
        tmp_path / "bundle",
        lungs_steps=2,
        kinds_steps=2,
        look_steps=2,
    )
    measures = train_finder(settings, Console(quiet=True))
    bundle = read_bundle(tmp_path / "bundle")
    assert set(bundle.gate) == set(GateLimits._fields)
    assert bundle.gate["max_distance"] > 0
    assert json.loads((tmp_path / "bundle/bundle.json").read_text())["metrics"]["lung_finder"] == measures
    assert bundle.model_sha256 != read_bundle(SHIPPED_BUNDLE).model_sha256
    assert set(measures["refused"]) >= {
        "rotated",
        "inverted",
        "lateral",
        "other pictures",
        "drawn",
        "two films",
        "two films, a style not learnt",
    }
    lungs = Classifier.load(tmp_path / "bundle").find_lungs(np.full((80, 60), 0.5, np.float32))
    assert lungs.shape == (80, 60)


def test_every_kind_is_taught() -> None:
    assert set(SHARES) == set(KINDS)
    assert sum(SHARES.values()) == pytest.approx(1.0)


def test_whitened_features_have_unit_variance() -> None:
    generator = np.random.default_rng(0)
    features = (generator.normal(size=(500, 6)) @ (np.eye(6) + np.tri(6)) + 3).astype(np.float32)
    mean, whitening = fit_gaussian(features)
    white = (features - mean) @ whitening
    assert np.allclose(np.cov(white.T), np.eye(6), atol=0.05)
