from pathlib import Path

import numpy as np
import pytest

from imaging import (
    InvertedPolarityError,
    LateralViewError,
    LungsCutOffError,
    NotAChestRadiographError,
    RotatedError,
    UnsuitableRadiographError,
)
from imaging.phantoms.anatomy import draw_chest, draw_lungs
from inference.bundle import LITERT_NAME, LUNGS_NAME, SHIPPED_BUNDLE, BundleCorruptError
from inference.lungs import KINDS, GateLimits, LungFinder, Sighting, check_sighting, find_reason


@pytest.fixture(scope="module")
def finder() -> LungFinder:
    return LungFinder(SHIPPED_BUNDLE / LUNGS_NAME)


def measure_dice(found: np.ndarray, truth: np.ndarray) -> float:
    return float(2 * (found & truth).sum() / (found.sum() + truth.sum()))


@pytest.mark.parametrize(("rows", "columns"), [(500, 400), (400, 500), (640, 640), (1500, 1200), (100, 80)])
def test_the_lungs_are_found_on_the_films_own_grid(finder: LungFinder, rows: int, columns: int) -> None:
    for seed in range(3):
        found = finder.find(draw_chest(seed, rows, columns)).lungs
        assert found.shape == (rows, columns)
        assert measure_dice(found > 0.5, draw_lungs(seed, rows, columns) > 0.5) > 0.85


def test_an_upright_phantom_is_frontal_and_a_turned_one_is_not(finder: LungFinder) -> None:
    film = draw_chest(1, 600, 500)
    assert finder.find(film).kinds["frontal"] > 0.9
    assert finder.find(np.ascontiguousarray(np.rot90(film))).kinds["rotated"] > 0.9
    assert finder.find(1.0 - film).kinds["inverted"] > 0.5


def test_kinds_sum_to_one_and_distance_grows_with_strangeness(finder: LungFinder) -> None:
    chest = finder.find(draw_chest(2, 600, 500))
    noise = finder.find(np.random.default_rng(0).random((300, 300), dtype=np.float32))
    assert set(chest.kinds) == set(KINDS)
    assert sum(chest.kinds.values()) == pytest.approx(1.0, abs=1e-4)
    assert noise.distance > 3 * chest.distance


def test_another_graph_is_no_lung_finder(tmp_path: Path) -> None:
    with pytest.raises(BundleCorruptError, match="not a lung finder"):
        LungFinder(SHIPPED_BUNDLE / LITERT_NAME)
    (tmp_path / "lungs.tflite").write_bytes(b"nothing of the kind")
    with pytest.raises(BundleCorruptError, match="not a LiteRT graph"):
        LungFinder(tmp_path / "lungs.tflite")


LIMITS = GateLimits(min_frontal=0.5, max_distance=40.0, min_lung_share=0.06)


def look(frontal: float, distance: float, lungs: float) -> Sighting:
    mask = np.zeros((100, 100), np.float32)
    mask.ravel()[: round(lungs * 10_000)] = 1.0
    rest = {kind: (1 - frontal) * (0.6 if kind == "lateral" else 0.1) for kind in KINDS if kind != "frontal"}
    return Sighting(mask, {"frontal": frontal, **rest}, distance)


@pytest.mark.parametrize(
    ("sighting", "reason"),
    [
        (look(0.9, 12.0, 0.3), None),
        (look(0.3, 12.0, 0.3), "lateral"),
        (look(0.9, 41.0, 0.3), "other"),
        (look(0.9, 12.0, 0.05), "cut_off"),
    ],
)
def test_the_gate_asks_kind_then_distance_then_lungs(sighting: Sighting, reason: str | None) -> None:
    assert find_reason(sighting, LIMITS) == reason


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("rotated", RotatedError),
        ("inverted", InvertedPolarityError),
        ("lateral", LateralViewError),
        ("cut_off", LungsCutOffError),
        ("other", NotAChestRadiographError),
    ],
)
def test_each_kind_is_refused_by_its_own_name(kind: str, error: type[UnsuitableRadiographError]) -> None:
    kinds = {each: 0.9 if each == kind else 0.02 for each in KINDS}
    with pytest.raises(error, match="accepted are upright frontal chest radiographs"):
        check_sighting(Sighting(np.ones((4, 4), np.float32), kinds, 12.0), LIMITS)


def test_a_good_film_passes() -> None:
    assert check_sighting(look(0.9, 12.0, 0.3), LIMITS) is None  # type: ignore[func-returns-value]
