"""Ranking metrics and their curves, for all bootstrap draws at once."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from training.evaluation.figures.estimates import INTERVAL, Draws, Weights, divide

GRID = np.linspace(0.0, 1.0, 101)

Curves = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Films in groups of equal score, highest score first.

    Attributes
    ----------
    positives, negatives : numpy.ndarray
        float64 (draws, groups): weight of the films in each group.
    """

    positives: npt.NDArray[np.float64]
    negatives: npt.NDArray[np.float64]

    @classmethod
    def sort(cls, scores: npt.NDArray[np.float64], positive: npt.NDArray[np.bool_], weights: Weights) -> Self:
        """Sort films by score.

        Parameters
        ----------
        scores : numpy.ndarray
            float64 (films,), higher means more likely positive.
        positive : numpy.ndarray
            bool (films,).
        weights : numpy.ndarray
            float64 (draws, films), from `training.evaluation.figures.estimates.draw_patients`.
        """
        if not scores.size:
            return cls(np.zeros((len(weights), 0)), np.zeros((len(weights), 0)))
        order = np.argsort(-scores, kind="stable")
        starts = np.flatnonzero(np.append(True, np.diff(scores[order]) != 0))
        sorted_weights = weights[:, order]
        every = np.add.reduceat(sorted_weights, starts, axis=1)
        positives = np.add.reduceat(sorted_weights * positive[order], starts, axis=1)
        return cls(positives, every - positives)

    def measure_auroc(self) -> Draws:
        """Return the chance that a positive scores higher than a negative, ties counted half (Mann-Whitney)."""
        above = np.cumsum(self.positives, axis=1) - self.positives / 2.0
        pairs = self.positives.sum(axis=1) * self.negatives.sum(axis=1)
        return divide(np.einsum("ij,ij->i", self.negatives, above), pairs)

    def measure_average_precision(self) -> Draws:
        """Return the area under precision over recall as a sum of steps (not interpolated: Davis, Goadrich, 2006)."""
        total = self.positives.sum(axis=1)
        sums = np.einsum("ij,ij->i", self.positives, self._precision())
        return np.where(self.negatives.sum(axis=1) > 0, divide(sums, total), np.nan)

    def draw_roc(self) -> dict[str, Curves]:
        """Return the ROC curve over `GRID`, `tpr` with a pointwise 95 % band `low`, `high`; float64 (101,)."""
        start = np.zeros((len(self.positives), 1))
        tpr = np.hstack([start, _accumulate(self.positives)])
        fpr = np.hstack([start, _accumulate(self.negatives)])
        drawn = [np.interp(GRID, *curve) for curve in zip(fpr, tpr, strict=True)]
        return {"fpr": GRID, **_band("tpr", np.asarray(drawn))}

    def draw_precision_recall(self) -> dict[str, Curves]:
        """Return precision over the recalls of `GRID`, with its band as `draw_roc` has."""
        places = [np.searchsorted(recall, GRID - 1e-9) for recall in _accumulate(self.positives)]
        precision = self._precision()
        drawn = [row[np.minimum(place, len(row) - 1)] for row, place in zip(precision, places, strict=True)]
        return {"recall": GRID, **_band("precision", np.asarray(drawn))}

    def _precision(self) -> npt.NDArray[np.float64]:
        found = np.cumsum(self.positives, axis=1)
        called = found + np.cumsum(self.negatives, axis=1)
        return np.divide(found, called, out=np.zeros_like(found), where=called > 0)


def _accumulate(parts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    sums = np.cumsum(parts, axis=1)
    return np.divide(sums, sums[:, -1:], out=np.zeros_like(sums), where=sums[:, -1:] > 0)


def _band(name: str, drawn: Curves) -> dict[str, Curves]:
    low, high = np.percentile(drawn[1:] if len(drawn) > 1 else drawn, INTERVAL, axis=0)
    return {name: drawn[0], "low": np.minimum(low, drawn[0]), "high": np.maximum(high, drawn[0])}
