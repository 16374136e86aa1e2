"""A share with what chance leaves open about it."""

from dataclasses import dataclass
from math import sqrt

Z95 = 1.959963984540054  # two-sided 95 % of the normal distribution


@dataclass(frozen=True, slots=True)
class Rate:
    """A count out of a whole, with the Wilson score interval (J Am Stat Assoc 22:209, 1927).

    Unlike the textbook interval it stays within [0, 1] and says something about 0 of 5.

    Attributes
    ----------
    worth : float or None
        As many independent trials the whole is worth for the interval; None: all of it (``find_worth``).
    """

    count: int
    whole: int
    worth: float | None = None

    @property
    def value(self) -> float | None:
        """The share in [0, 1]; None of nothing."""
        return self.count / self.whole if self.whole else None

    @property
    def low(self) -> float | None:
        """Where the 95 % interval begins."""
        return self._bound(-1)

    @property
    def high(self) -> float | None:
        """Where the 95 % interval ends."""
        return self._bound(1)

    def _bound(self, side: int) -> float | None:
        if not self.whole:
            return None
        n, share = self.worth or self.whole, self.count / self.whole
        center = share + Z95**2 / (2 * n)
        reach = Z95 * sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2))
        return min(1.0, max(0.0, (center + side * reach) / (1 + Z95**2 / n)))


def find_worth(count: int, whole: int, patients: int, squares: tuple[int, int, int]) -> float:
    """Return how many independent trials films of some patients are worth: several of one patient are no new evidence.

    The variance of the share is that between patients (the ratio estimator of cluster samples); the films are worth as
    many trials as give a binomial share the same variance (Korn and Graubard, Survey Methodology 24:193, 1998). Where
    no film differs the patients are the trials.

    Parameters
    ----------
    count, whole : int
        Films for which something holds, and all films.
    patients : int
        That have these films.
    squares : tuple of int
        Sums over patients: count squared, count times whole, whole squared.
    """
    if count in (0, whole) or patients < 2:
        return float(patients)
    share, (counts, products, wholes) = count / whole, squares
    spread = counts - 2 * share * products + share**2 * wholes
    variance = spread * patients / (patients - 1) / whole**2
    return min(float(whole), share * (1 - share) / variance) if variance > 0 else float(whole)
