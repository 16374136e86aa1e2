"""What a training in progress leaves in its checkpoint, and how another process takes it up."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from training.fit.checkpoint import Arrays, Checkpoint, CheckpointError, write_checkpoint
from training.fit.history import Epoch


@dataclass(frozen=True, slots=True)
class Best:
    """The weights with the lowest validation loss so far, and the epoch that they are from."""

    weights: Arrays
    loss: float
    epoch: int

    def is_old(self, epoch: int, patience: int) -> bool:
        """Say whether so many epochs have passed without a better one that training should stop; 0 is never."""
        return bool(patience) and epoch - self.epoch >= patience


def keep_state(path: Path | None, network: Any, optimizer: Any, best: Best, history: Sequence[Epoch]) -> None:
    """Write the checkpoint of a training after an epoch; the optimizer is None before the first one."""
    if path is None:
        return
    arrays = {
        "network": _to_arrays(network.variables),
        "optimizer": _to_arrays(optimizer.variables) if optimizer else [],
        "best": best.weights,
    }
    facts = {"loss": best.loss, "epoch": best.epoch, "history": [asdict(epoch) for epoch in history]}
    write_checkpoint(path, Checkpoint(arrays, facts))


def restore_network(saved: Checkpoint, network: Any) -> tuple[Best, list[Epoch]]:
    """Put the network's variables back and return the best weights and the history.

    Raises
    ------
    CheckpointError
        The checkpoint is one of another network.
    """
    _assign(network.variables, saved.arrays.get("network", ()))
    history = [Epoch(**line) for line in saved.facts["history"]]
    return Best(saved.arrays["best"], float(saved.facts["loss"]), int(saved.facts["epoch"])), history


def restore_optimizer(saved: Checkpoint, optimizer: Any) -> None:
    """Put the variables of a built optimizer back (moments, step, averages), if it had made a step.

    Raises
    ------
    CheckpointError
        The checkpoint is one of another network.
    """
    if arrays := saved.arrays.get("optimizer"):
        _assign(optimizer.variables, arrays)


def _to_arrays(variables: Sequence[Any]) -> list[npt.NDArray[Any]]:
    import keras

    return [np.asarray(keras.ops.convert_to_numpy(variable)) for variable in variables]


def _assign(variables: Sequence[Any], arrays: Arrays) -> None:
    if [tuple(variable.shape) for variable in variables] != [array.shape for array in arrays]:
        raise CheckpointError("the checkpoint is one of another network: give a new --run-folder")
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
