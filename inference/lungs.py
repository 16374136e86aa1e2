"""The lung finder: where the lungs are in a film, and what kind of picture it is.

A small network (LiteRT, 0.4 million weights, 128 x 128 pixels) that is part of every bundle. It runs on the CPU
whatever engine runs the classifier: it costs 2 ms, and it decides whether there is anything to classify.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from imaging import normalize
from imaging.opencv import cv2
from inference.bundle import BundleCorruptError
from inference.engines.litert import load_litert, native_messages_to_log
from inference.engines.protocol import INPUT_NAME

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
            raise BundleCorruptError(f"{path.name} is no lung finder with the expected signature") from error
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
