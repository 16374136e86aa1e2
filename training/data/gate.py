"""The gate that stands before the classifier, as those who read data sets ask it: only frontal chest films pass."""

from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from imaging import normalize
from inference.bundle import LUNGS_NAME, read_bundle
from inference.classifier import FILM_SIZE
from inference.lungs import GateLimits, LungFinder, Sighting, check_sighting

Pixels = npt.NDArray[np.float32]


class Gate:
    """A bundle's lung finder, and the limits beyond which it takes a picture for no frontal chest film."""

    def __init__(self, finder: LungFinder, limits: GateLimits) -> None:
        self._finder = finder
        self._limits = limits

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Load the gate of a bundle.

        Raises
        ------
        BundleError
            There is none, or it is damaged.
        """
        limits = GateLimits(**read_bundle(folder).gate)
        return cls(LungFinder(folder / LUNGS_NAME), limits)

    def find_lungs(self, film: Pixels) -> Sighting:
        """Look at a film, float32 (512, 512) in [0, 1], without judging it."""
        return self._finder.find(film)

    def check(self, sighting: Sighting) -> None:
        """Refuse a lateral film, a slice of a CT, a photograph and whatever else is no frontal chest film.

        Raises
        ------
        imaging.UnsuitableRadiographError
            What it is instead.
        """
        check_sighting(sighting, self._limits)

    def check_pixels(self, pixels: Pixels) -> None:
        """Do the same for a film of any size, float32 (rows, columns) in [0, 1]."""
        self.check(self.find_lungs(normalize(pixels, FILM_SIZE)))


@cache
def load_gate(folder: Path) -> Gate:
    """Load the gate of a bundle once in this process; it is not for several threads."""
    return Gate.load(folder)
