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
from inference.gate import GateLimits, check_sighting, find_reason
from inference.lungs import KINDS, Sighting

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
