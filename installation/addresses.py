"""Addresses and paths as settings write them: HOST:PORT, or `off`; a path from wherever one stands."""

from pathlib import Path

OFF = "off"
DEFAULT_WEB = "127.0.0.1:8080"  # of the page, likewise
DEFAULT_LISTEN = "0.0.0.0:11112"  # what `listen` and `watch --listen` use where no address is set


def check_address(address: str, example: str = "127.0.0.1:9808") -> str:
    """Return an address that can be used as it is, or raise ValueError saying what is accepted, such as an example."""
    if address == OFF:
        return address
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        message = f"'{address}' is no address; accepted are HOST:PORT, such as {example}, or 'off'"
        raise ValueError(message)
    return address


def split_address(address: str) -> tuple[str, int]:
    """Return host and port of an address that was checked; IPv6 stands in brackets there and without them here."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def make_absolute(path: Path | None) -> Path | None:
    """Return a path that means the same wherever a process stands."""
    return None if path is None else path.expanduser().resolve()
