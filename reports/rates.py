"""A share with what chance leaves open about it."""

from dataclasses import dataclass
from math import sqrt

Z95 = 1.959963984540054  # two-sided 95 % of the normal distribution


@dataclass(frozen=True, slots=True)
class Rate:
    """A count out of a whole, with the Wilson score interval (J Am Stat Assoc 22:209, 1927).

    Unlike the textbook interval it stays within [0, 1] and says something about 0 of 5.
    """

    count: int
    whole: int

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
        n, share = self.whole, self.count / self.whole
        center = share + Z95**2 / (2 * n)
        reach = Z95 * sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2))
        return min(1.0, max(0.0, (center + side * reach) / (1 + Z95**2 / n)))
