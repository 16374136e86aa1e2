"""How far two histograms or two shares are apart, and from where on that is more than chance and worth a word.

A difference counts where it is both large enough to matter and larger than chance makes it in one of a thousand
comparisons of two samples of the same source; a report makes some dozens of comparisons every day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import log, sqrt

PSI_WATCH, PSI_SHIFTED = 0.1, 0.25  # the usual reading of the index (Siddiqi 2006)
KS_WATCH, KS_SHIFTED = 0.1, 0.2
SHARE_WATCH, SHARE_SHIFTED = 0.02, 0.05
PSI_BINS = 10
KS_CHANCE = 1.949  # quantile of Kolmogorov's distribution at 0.999
Z_ONE_SIDED, Z_TWO_SIDED = 3.090, 3.291  # of the normal distribution at 0.999 and 0.9995


@dataclass(frozen=True, slots=True)
class Distance:
    """A distance with the two values from which it is to be watched and from which it is a shift."""

    measure: str
    value: float
    watch_from: float
    shifted_from: float


def measure_psi(now: Sequence[int], before: Sequence[int]) -> Distance:
    """Return the population stability index: the sum over bins of (a - b) ln(a / b) of the shares a and b.

    Half a film is added to each bin, so that empty ones have a logarithm. Where both samples come from one source the
    index is about chi-squared distributed, times (1/n + 1/m) (Yurdakul and Naranjo, J Risk Model Valid 14:89, 2020).

    Parameters
    ----------
    now, before : sequence of int
        Films in each bin; n and m of them in all.
    """
    bins, n, m = len(now), sum(now), sum(before)
    shares = [((a + 0.5) / (n + bins / 2), (b + 0.5) / (m + bins / 2)) for a, b in zip(now, before, strict=True)]
    value = sum((a - b) * log(a / b) for a, b in shares)
    return _judge("psi", value, PSI_WATCH, PSI_SHIFTED, _find_chi_squared(bins - 1) * (1 / n + 1 / m))


def measure_ks(now: Sequence[int], before: Sequence[int]) -> Distance:
    """Return the Kolmogorov-Smirnov distance: the largest gap between the two cumulative shares, over ordered bins."""
    n, m = sum(now), sum(before)
    value = max(abs(a / n - b / m) for a, b in zip(accumulate(now), accumulate(before), strict=True))
    return _judge("ks", value, KS_WATCH, KS_SHIFTED, KS_CHANCE * sqrt(1 / n + 1 / m))


def measure_share(count: int, n: int, count_before: int, m: int) -> Distance:
    """Return how much larger a share is than before; chance as of two binomials of one share."""
    pooled = (count + count_before + 1) / (n + m + 2)
    chance = Z_TWO_SIDED * sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return _judge("share", count / n - count_before / m, SHARE_WATCH, SHARE_SHIFTED, chance)


def merge_bins(fine: Sequence[int], bins: int) -> tuple[int, ...]:
    """Add up neighbouring bins; their number has to be a multiple of ``bins``."""
    width = len(fine) // bins
    return tuple(sum(fine[start : start + width]) for start in range(0, len(fine), width))


def _judge(measure: str, value: float, watch: float, shifted: float, chance: float) -> Distance:
    return Distance(measure, value, max(watch, chance), max(shifted, chance))


def _find_chi_squared(degrees: int) -> float:
    """Return the quantile at 0.999, as Wilson and Hilferty approximate it (Proc Natl Acad Sci 17:684, 1931)."""
    ninth = 2 / (9 * degrees)
    return float(degrees * (1 - ninth + Z_ONE_SIDED * sqrt(ninth)) ** 3)
