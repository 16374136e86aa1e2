"""The input gate: what is not a frontal chest radiograph is refused before a class is given.

What a header says is checked in `imaging`; here the pixels are asked. The lung finder recognises known kinds of
wrong pictures; what it has never seen shows as a large distance of its features from those of chest films.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from imaging import (
    InvertedPolarityError,
    LateralViewError,
    LungsCutOffError,
    NotAChestRadiographError,
    RotatedError,
    UnsuitableRadiographError,
)
from inference.framing import LUNG_PROBABILITY
from inference.lungs import Sighting

_REFUSALS: Mapping[str, tuple[type[UnsuitableRadiographError], str]] = {
    "rotated": (RotatedError, "the picture shows a chest that does not stand upright"),
    "inverted": (InvertedPolarityError, "the picture shows a chest with black and white exchanged"),
    "lateral": (LateralViewError, "the picture shows a chest from the side"),
    "cut_off": (LungsCutOffError, "the picture shows too little of the lungs"),
    "other": (NotAChestRadiographError, "the picture does not look like a chest radiograph"),
}


class GateLimits(NamedTuple):
    """Where the gate closes; stands in the bundle, chosen on films that are known to be good.

    Attributes
    ----------
    min_frontal : float
        Least probability of a frontal chest film.
    max_distance : float
        Largest Mahalanobis distance from such films.
    min_lung_share : float
        Least share of the picture that is lung.
    """

    min_frontal: float
    max_distance: float
    min_lung_share: float


def check_sighting(sighting: Sighting, limits: GateLimits) -> None:
    """Refuse a picture that is no frontal chest radiograph.

    Parameters
    ----------
    sighting : Sighting
        What the lung finder saw.
    limits : GateLimits
        Of the bundle.

    Raises
    ------
    NotAChestRadiographError, RotatedError, InvertedPolarityError, LateralViewError, LungsCutOffError
        What it is instead.
    """
    kind = find_reason(sighting, limits)
    if kind is not None:
        error, message = _REFUSALS[kind]
        raise error(f"{message}: accepted are upright frontal chest radiographs")


def find_reason(sighting: Sighting, limits: GateLimits) -> str | None:
    """Return the kind of wrong picture that this is, one of `inference.lungs.KINDS`, or None for a good one."""
    if sighting.kinds["frontal"] < limits.min_frontal:
        others = {kind: share for kind, share in sighting.kinds.items() if kind != "frontal"}
        return max(others, key=others.__getitem__)
    if sighting.distance > limits.max_distance:
        return "other"
    if float(np.mean(sighting.lungs >= LUNG_PROBABILITY)) < limits.min_lung_share:
        return "cut_off"
    return None
