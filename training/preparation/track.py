"""Progress, as the steps of a preparation report it."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Track(Protocol):
    """Passes items through and shows how many of how many were passed."""

    def __call__(self, items: Iterable[Item], count: int | None, description: str) -> Iterable[Item]:
        """Return the items; `count` is None where nobody knows it."""


def track_nothing(items: Iterable[Item], count: int | None, description: str) -> Iterable[Item]:  # noqa: ARG001
    """Show nothing."""
    return items
