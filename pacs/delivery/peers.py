"""What a target says to an object: by C-STORE, or by STOW-RS."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from pydicom.dataset import Dataset

Make = Callable[[str], Dataset]
"""Makes the object as an instance of a SOP class."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a target has said.

    Attributes
    ----------
    stored : bool
        It has the object: it said so, or named a warning that says so.
    status : str or None
        Of DIMSE as 0xNNNN, or of HTTP; None where it said nothing.
    words : str
        Its own words, or what a named status means.
    refuses_class : bool
        It takes no objects of this SOP class.
    """

    stored: bool
    status: str | None = None
    words: str = ""
    refuses_class: bool = False


class TargetAwayError(Exception):
    """A target cannot be reached, or does not let us in; its words are the message."""


class Peer(Protocol):
    """A connection to a target, on which several objects are sent."""

    def find_class(self, sop_class_uids: Collection[str]) -> str | None:
        """Return the first of the SOP classes that the target takes, as far as that is known before; None: none."""

    def send(self, made: Dataset) -> Reply:
        """Send one object; raises TargetAwayError where the connection has ended before an answer came."""

    def close(self) -> None:
        """End the connection."""
