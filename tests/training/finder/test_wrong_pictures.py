from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from imaging.phantoms.anatomy import draw_chest
from inference.bundle import LUNGS_NAME, SHIPPED_BUNDLE
from inference.lungs import LungFinder
from tests.training.finder.test_gate_training import folders  # noqa: F401 - a fixture
from training.data.dataset import read_dataset
from training.finder.lessons import draw_phantom
from training.finder.montages import MONTAGES
from training.finder.network import LOOK_OUTPUT, add_second_look, finish_finder, read_finder
from training.finder.pictures import Pictures, read_pictures
from training.finder.run import split_pictures
from training.finder.scans import SCANS
from training.finder.second_look import draw_wrong
from training.run.litert import write_litert

SIZE = 256
MONTAGE_STYLES = [style for styles in MONTAGES.values() for style in dict.fromkeys(styles)]
SCAN_STYLES = [style for styles in SCANS.values() for style in dict.fromkeys(styles)]


def pick(generator: np.random.Generator) -> np.ndarray:
    return draw_phantom(int(generator.integers(4)), SIZE)[0]


@pytest.mark.parametrize("draw", MONTAGE_STYLES, ids=lambda draw: draw.__name__)
def test_every_montage_fills_its_square_and_differs_from_the_next(draw: Callable[..., np.ndarray]) -> None:
    check([draw(pick, SIZE, np.random.default_rng(seed)) for seed in range(3)])


@pytest.mark.parametrize("draw", SCAN_STYLES, ids=lambda draw: draw.__name__)
def test_every_scan_fills_its_square_and_differs_from_the_next(draw: Callable[..., np.ndarray]) -> None:
    check([draw(SIZE, np.random.default_rng(seed)) for seed in range(3)])


def check(pictures: list[np.ndarray]) -> None:
    assert all(picture.shape == (SIZE, SIZE) and picture.dtype == np.uint8 for picture in pictures)
    assert all(picture.std() > 5 for picture in pictures)
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)


@pytest.fixture
def pictures(folders: Path) -> Pictures:  # noqa: F811 - the fixture
    cases = read_dataset(folders / "films")
    return read_pictures(cases, folders / "masks", folders / "laterals", folders / "others")


def test_the_last_style_of_each_kind_is_measured_on_and_not_learnt_from(pictures: Pictures) -> None:
    learnt, new = (
        draw_wrong(pictures, 1, np.random.default_rng(0), new_style=new_style) for new_style in (False, True)
    )
    assert set(learnt) == set(new) == {*MONTAGES, *SCANS}
    assert all(len(drawn) == 1 for drawn in new.values())
    for kind, styles in {**MONTAGES, **SCANS}.items():
        assert styles[-1] not in styles[:-1]
        assert len(learnt[kind]) == len(styles) - 1


def test_pictures_of_one_owner_stay_on_one_side(folders: Path, tmp_path: Path) -> None:  # noqa: F811 - the fixture
    others = tmp_path / "others" / "CT"
    others.mkdir(parents=True)
    lines = ["file,patient_id"]
    for number in range(8):
        (others / f"{number}.png").write_bytes((folders / f"others/{number % 3}.png").read_bytes())
        lines.append(f"{number}.png,patient{number // 2}")
    (tmp_path / "others/manifest.csv").write_text("\n".join(lines))
    cases = read_dataset(folders / "films")
    read = read_pictures(cases, folders / "masks", folders / "laterals", tmp_path / "others")
    learnt, held_out = split_pictures(read, seed=0)
    assert set(read.kinds_of_others) == {"CT"}
    assert len(learnt.others) == len(held_out.others) == 4
    assert not set(learnt.owners_of_others) & set(held_out.owners_of_others)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.timeout(480)
def test_lungs_are_kept_to_the_last_bit_when_the_gate_learns_anew(tmp_path: Path) -> None:
    shipped = SHIPPED_BUNDLE / LUNGS_NAME
    first, mean, whitening, _ = read_finder(shipped)
    network = add_second_look(first)
    kernel, bias = network.get_layer(LOOK_OUTPUT).get_weights()
    network.get_layer(LOOK_OUTPUT).set_weights([kernel, bias - 50])
    finish_finder(network, mean, whitening).save(tmp_path / "lungs.keras")
    write_litert(tmp_path / "lungs.keras", tmp_path / "lungs.tflite")
    film = draw_chest(1, 500, 400)
    before, after = (LungFinder(path).find(film) for path in (shipped, tmp_path / "lungs.tflite"))
    np.testing.assert_array_equal(before.lungs, after.lungs)
    assert after.distance == pytest.approx(before.distance, rel=1e-5)
    again = read_finder(tmp_path / "lungs.tflite")
    for left, right in zip(first.get_weights(), again.network.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)
    batch = film[np.newaxis, :128, :128, np.newaxis]
    looks = [each.predict_on_batch(batch)[LOOK_OUTPUT] for each in (network, add_second_look(*again[::3]))]
    assert looks[0] == pytest.approx(looks[1], abs=1e-3)
