"""Who sends films: which senders may, and how a film that came by DICOM keeps the name of its sender.

The name travels as the folder that a film lies in: it arrives in one rename with the film, survives every crash, and
needs nothing beside the film. Whoever receives by other means (``storescp -od inbox/from-CT1``) may say it in the same
way.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import PurePath
from urllib.parse import quote, unquote

ANYBODY = "*"
PREFIX = "from-"
LONGEST_AE_TITLE = 16  # characters, PS3.5 6.2
LOOPBACK = ("127.0.0.0/8", "::1/128")


def is_ae_title(text: str) -> bool:
    """Tell whether a text can be an AE title: 1 to 16 characters of ASCII, no backslash, not spaces alone."""
    return text.isascii() and text.isprintable() and "\\" not in text and 0 < len(text.strip()) <= LONGEST_AE_TITLE


def check_ae_title(text: str) -> str:
    """Return an AE title without the spaces around it, or raise ValueError."""
    if not is_ae_title(text):
        message = f"'{text[:40]}' is no AE title; accepted are 1 to {LONGEST_AE_TITLE} letters, digits and signs"
        raise ValueError(message)
    return text.strip()


def name_sender_folder(ae_title: str) -> str:
    """Name the folder for a sender's films; whatever the title holds, the name is one harmless word."""
    return PREFIX + quote(ae_title.strip(), safe="").replace(".", "%2E")


def find_sender(path: PurePath) -> str | None:
    """Return the AE title that the folders of a film's path below the inbox name, or None."""
    named = (unquote(folder.removeprefix(PREFIX)) for folder in path.parts[:-1] if folder.startswith(PREFIX))
    return next((ae_title.strip() for ae_title in named if is_ae_title(ae_title)), None)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who may send: an AE title, and where it may call from; ``*`` and None stand for any."""

    ae_title: str
    network: IPv4Network | IPv6Network | None


class AllowList:
    """Who may send films.

    Parameters
    ----------
    senders : iterable of Sender
        From any of them a film is taken.
    """

    def __init__(self, senders: Iterable[Sender]) -> None:
        self._senders = tuple(senders)

    @property
    def is_open(self) -> bool:
        """True where anybody may send from anywhere."""
        return Sender(ANYBODY, None) in self._senders

    def knows_address(self, address: str) -> bool:
        """Tell whether anybody may call from an address."""
        return any(_is_from(sender, address) for sender in self._senders)

    def allows(self, ae_title: str, address: str) -> bool:
        """Tell whether an AE title may call from an address."""
        return any(sender.ae_title in (ANYBODY, ae_title) and _is_from(sender, address) for sender in self._senders)


def parse_allow_list(text: str) -> AllowList:
    """Read `XRAY_ALLOW`: ``AETITLE@address`` with commas, either part ``*``; empty: any title, this machine alone.

    Raises
    ------
    ValueError
        An entry is none, in one line.
    """
    entries = [entry.strip() for entry in text.split(",") if entry.strip()]
    return AllowList(map(_parse_sender, entries or [f"{ANYBODY}@{network}" for network in LOOPBACK]))


def _parse_sender(entry: str) -> Sender:
    if entry == ANYBODY:
        return Sender(ANYBODY, None)
    ae_title, at, address = entry.rpartition("@")
    try:
        network = None if address == ANYBODY else ip_network(address, strict=False)
        if at and (ae_title == ANYBODY or is_ae_title(ae_title)):
            return Sender(ae_title.strip(), network)
    except ValueError:
        pass
    accepted = "AETITLE@192.168.1.7, AETITLE@192.168.1.0/24, AETITLE@* and *"
    raise ValueError(f"'{entry[:60]}' names no sender; accepted are {accepted}")


def _is_from(sender: Sender, address: str) -> bool:
    if sender.network is None:
        return True
    caller = ip_address(address.partition("%")[0])
    plain = getattr(caller, "ipv4_mapped", None) or caller
    return plain in sender.network
