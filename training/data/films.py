"""What fitting needs of radiographs in memory, and parts of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from training.data.dataset import Case


class Films(Protocol):
    """Radiographs that can be drawn augmented, one by one, and shown as they are, batch by batch."""

    @property
    def cases(self) -> Sequence[Case]:
        """Return the case of each."""

    def draw_view(
        self,
        index: int,
        size: int,
        generator: np.random.Generator,
        style: int | None = None,
        *,
        is_empty: bool = False,
    ) -> npt.NDArray[np.float32]:
        """Return one augmented model input, float32 (size, size) in [0, 1], perhaps in the style of another film."""

    def to_batch(self, indices: slice) -> npt.NDArray[np.float32]:
        """Return model input, float32 (batch, size, size, 1) in [0, 1]."""


@dataclass(frozen=True, slots=True)
class SomeFilms:
    """Some of the radiographs, without a copy of their pixels: each fold trains on others.

    Attributes
    ----------
    films : Films
        All of them.
    places : numpy.ndarray
        int (radiographs,): which ones, in order.
    """

    films: Films
    places: npt.NDArray[np.intp]

    @property
    def cases(self) -> Sequence[Case]:
        """Return the case of each."""
        return [self.films.cases[place] for place in self.places]

    def draw_view(
        self,
        index: int,
        size: int,
        generator: np.random.Generator,
        style: int | None = None,
        *,
        is_empty: bool = False,
    ) -> npt.NDArray[np.float32]:
        """Return one augmented model input, float32 (size, size) in [0, 1], in the style of any film of these."""
        drawn = int(generator.integers(len(self.places))) if style is None else style
        place, other = int(self.places[index]), int(self.places[drawn])
        return self.films.draw_view(place, size, generator, other, is_empty=is_empty)

    def to_batch(self, indices: slice) -> npt.NDArray[np.float32]:
        """Return model input, float32 (batch, size, size, 1) in [0, 1]."""
        return np.concatenate([self.films.to_batch(slice(place, place + 1)) for place in self.places[indices]])
