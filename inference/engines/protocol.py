"""What an engine is: it takes framed radiographs and returns logits and class activation maps."""

import os
from typing import Protocol

import numpy as np
import numpy.typing as npt

INPUT_NAME = "radiograph"
LOGITS_NAME = "logits"
MAPS_NAME = "activation_maps"


class EngineUnavailableError(RuntimeError):
    """The engine asked for is not installed here."""

    exit_code = os.EX_UNAVAILABLE


class Engine(Protocol):
    """A loaded graph.

    Attributes
    ----------
    input_size : int
        Rows and columns of the input in pixels.
    output_count : int
        Number of logits.
    """

    @property
    def input_size(self) -> int:
        """Rows and columns of the input in pixels."""

    @property
    def output_count(self) -> int:
        """Number of logits."""

    def run(self, batch: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Return logits (batch, outputs) and activation maps (batch, rows, columns, outputs) for a batch."""
