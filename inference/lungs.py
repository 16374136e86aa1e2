"""The lung finder and the gate: where the lungs are in a film, what kind of picture it is, and whether to judge it.

A small network (LiteRT, 0.4 million weights, 128 x 128 pixels) that is part of every bundle. It runs on the CPU
whatever engine runs the classifier: it costs 2 ms, and it decides whether there is anything to classify.

What a header says is checked in `imaging`; here the pixels are asked. The finder recognises known kinds of wrong
pictures; what it has never seen shows as a large distance of its features from those of chest films. Either is refused
before a class is given.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imaging import (
    InvertedPolarityError,
    LateralViewError,
    LungsCutOffError,
    NotAChestRadiographError,
    RotatedError,
    UnsuitableRadiographError,
    normalize,
)
from imaging.opencv import cv2
from inference.bundle import BundleCorruptError
from inference.engines.litert import load_litert, native_messages_to_log
from inference.engines.protocol import INPUT_NAME
from inference.framing import LUNG_PROBABILITY

Pixels = npt.NDArray[np.float32]

KINDS = ("frontal", "rotated", "inverted", "lateral", "cut_off", "other")
"""The kinds of picture that the finder knows, in the order of its outputs."""

LUNGS_OUTPUT = "lungs"
KINDS_OUTPUT = "kinds"
DISTANCE_OUTPUT = "distance"


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the finder saw in one film.

    Attributes
    ----------
    lungs : numpy.ndarray
        float32 (rows, columns) in [0, 1], lung probability on the film's own grid.
    kinds : dict[str, float]
        Probability of each of `KINDS`, sum 1.
    distance : float
        Mahalanobis distance of the film's features from those of frontal chest films (Lee et al., NeurIPS 2018).
    """

    lungs: Pixels
    kinds: dict[str, float]
    distance: float


class LungFinder:
    """A loaded lung finder. Load it in the process that uses it; it is not for several threads."""

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        self._runner = load_litert(path, threads)
        try:
            self._size = int(self._runner.get_input_details()[INPUT_NAME]["shape"][1])
            kinds = int(self._runner.get_output_details()[KINDS_OUTPUT]["shape"][-1])
            with native_messages_to_log():
                self.find(np.zeros((self._size, self._size), np.float32))
        except (KeyError, RuntimeError, ValueError) as error:
            raise BundleCorruptError(f"{path.name} is not a lung finder with the expected signature") from error
        if kinds != len(KINDS):
            raise BundleCorruptError(f"{path.name} knows {kinds} kinds of picture: expected are {len(KINDS)}")

    def find(self, pixels: Pixels) -> Sighting:
        """Look at one film.

        Parameters
        ----------
        pixels : numpy.ndarray
            float32 (rows, columns) in [0, 1], a whole film.
        """
        film = normalize(pixels, self._size)
        answer: Any = self._runner(**{INPUT_NAME: film[np.newaxis, :, :, np.newaxis]})
        kinds = answer[KINDS_OUTPUT][0]
        return Sighting(
            lungs=_unfit(answer[LUNGS_OUTPUT][0, :, :, 0], pixels.shape[0], pixels.shape[1]),
            kinds={kind: float(share) for kind, share in zip(KINDS, kinds, strict=True)},
            distance=float(answer[DISTANCE_OUTPUT][0, 0]),
        )


def _unfit(square: Pixels, rows: int, columns: int) -> Pixels:
    """Undo the fitting of `imaging.normalize`: cut the padding off and scale to the film's grid."""
    size = square.shape[0]
    longest = max(rows, columns)
    scale = longest / size
    linear = np.array([[scale, 0.0, (columns - longest) / 2.0], [0.0, scale, (rows - longest) / 2.0]])
    # Pixel centres lie at half coordinates.
    linear[:, 2] += 0.5 * scale - 0.5
    return np.asarray(cv2.warpAffine(square, linear, (columns, rows), flags=cv2.INTER_LINEAR), dtype=np.float32)


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
    """Return the kind of wrong picture that this is, one of `KINDS`, or None for a good one."""
    if sighting.kinds["frontal"] < limits.min_frontal:
        others = {kind: share for kind, share in sighting.kinds.items() if kind != "frontal"}
        return max(others, key=others.__getitem__)
    if sighting.distance > limits.max_distance:
        return "other"
    if float(np.mean(sighting.lungs >= LUNG_PROBABILITY)) < limits.min_lung_share:
        return "cut_off"
    return None
