"""The history of a training: one line an epoch."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Epoch:
    """One line of the history: means over augmented training radiographs, balanced by source; validation by class.

    None where nothing was learnt: the start with random weights.
    """

    phase: str
    epoch: int
    loss: float | None
    accuracy: float | None
    validation_loss: float
    validation_accuracy: float


def write_history(stages: Iterable[tuple[str, Sequence[Epoch]]], path: Path) -> None:
    """Write the histories of named trainings into one CSV file; its first column is the training's name."""
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, ["stage", *(each.name for each in fields(Epoch))])
        writer.writeheader()
        for stage, history in stages:
            writer.writerows({"stage": stage, **asdict(epoch)} for epoch in history)
