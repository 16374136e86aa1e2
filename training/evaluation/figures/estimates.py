"""Metrics with 95 % intervals: a bootstrap that draws patients, computed for all draws at once.

A draw is a weight for each film: how often its patient was drawn. Every metric here is a function of weights
(draws, films), row 0 of which is the data set as it stands; so one matrix product gives a metric and its thousand
resamples, and nothing is measured film by film.

Where every draw gives 1, or every draw 0, a bootstrap claims certainty, of seven films as of seven thousand. There the
exact binomial bound stands in its place (Clopper and Pearson, 1934), with patients as the trials.

A figure lies within its interval always: where the draws all lie to one side of it, as they can for a calibration
error, which resampling makes larger, the interval reaches to the figure.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from documents.figures import Estimate

RESAMPLES = 1000
INTERVAL = (2.5, 97.5)
TAIL = 0.025
DIGITS = 4
NO_TRIALS: Mapping[str, int] = MappingProxyType({})

Weights = npt.NDArray[np.float64]
Draws = npt.NDArray[np.float64]


def draw_patients(patients: Sequence[str], *, seed: int, resamples: int = RESAMPLES) -> Weights:
    """Draw patients, not films, with replacement: films of one patient are no independent evidence.

    Parameters
    ----------
    patients : sequence of str
        Patient of each film.
    seed : int
        Of the random numbers.
    resamples : int
        How many draws.

    Returns
    -------
    numpy.ndarray
        float64 (1 + resamples, films): how often each film counts; row 0 is all ones, the data set as it stands.
    """
    weights = np.ones((1 + resamples, len(patients)))
    if len(patients):
        _, owner = np.unique(np.asarray(patients), return_inverse=True)
        count = int(owner.max()) + 1
        drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1.0 / count), size=resamples)
        weights[1:] = drawn[:, owner]
    return weights


def estimate(draws: Draws, trials: int = 0) -> Estimate:
    """Return the value of a metric with its interval.

    Parameters
    ----------
    draws : numpy.ndarray
        float64 (draws,): element 0 is the value, the others give the percentile interval, those that are not NaN.
    trials : int
        Of a proportion: how many patients it is over, for the bound where all draws are 0 or all are 1.
    """
    had = draws[1:][~np.isnan(draws[1:])]
    low, high = np.percentile(had, INTERVAL) if had.size else (np.nan, np.nan)
    if trials and low == high == 1.0:
        low = TAIL ** (1.0 / trials)
    if trials and low == high == 0.0:
        high = 1.0 - TAIL ** (1.0 / trials)
    low, high = np.fmin(low, draws[0]), np.fmax(high, draws[0])
    return Estimate(*(None if np.isnan(number) else round(float(number), DIGITS) for number in (draws[0], low, high)))


def estimate_all(measured: Mapping[str, Draws], trials: Mapping[str, int] = NO_TRIALS) -> dict[str, Estimate]:
    """Return each metric with its interval; `trials` as in `estimate`, by name."""
    return {name: estimate(draws, trials.get(name, 0)) for name, draws in measured.items()}


def divide(part: Draws, whole: Draws) -> Draws:
    """Return part / whole, NaN where the whole is nothing."""
    nothing = np.full(np.broadcast(part, whole).shape, np.nan)
    return np.asarray(np.divide(part, whole, out=nothing, where=whole > 0), dtype=np.float64)


def weigh_share(facts: Sequence[bool] | npt.NDArray[np.bool_], weights: Weights) -> Draws:
    """Return for each draw the share of films of which a fact is true."""
    return weigh_mean(np.asarray(facts, dtype=np.float64), weights)


def weigh_mean(values: npt.NDArray[np.float64], weights: Weights) -> Draws:
    """Return for each draw the mean of a value over films; films without one (NaN) do not count."""
    known = ~np.isnan(values)
    return divide(weights[:, known] @ values[known], weights[:, known].sum(axis=1))
