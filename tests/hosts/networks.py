"""Network namespaces: a host of its own as far as the network goes, on a cable that can be pulled."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_network

import pytest

from tests.needs import find_program

TESTS = ip_network("198.18.0.0/15")  # which RFC 2544 keeps for tests
MOST = 8  # networks a process; others that test beside us have other addresses


@dataclass(frozen=True)
class Network:
    """A namespace with one cable to this machine."""

    name: str
    cable: str
    address: str  # this machine, as seen from the namespace
    peer: str  # the namespace, as seen from this machine

    @property
    def within(self) -> tuple[str, ...]:
        """What goes before a command that is to run in the namespace."""
        return ("ip", "netns", "exec", self.name)

    def pull(self) -> None:
        """Cut the host off: what is on the way is lost, and nobody is told."""
        _ip("link", "set", self.cable, "down")

    def plug(self) -> None:
        _ip("link", "set", self.cable, "up")


@contextmanager
def lay_cables(count: int) -> Iterator[list[Network]]:
    """Make so many namespaces; skips the test where this machine does not let us."""
    find_program("ip", "iproute2")
    networks = [plan_network(number) for number in range(count)]
    try:
        for network in networks:
            if (refused := _try_ip("netns", "add", network.name)) is not None:
                pytest.skip(f"this machine gives no network namespaces: {refused}")
            _ip("link", "add", network.cable, "type", "veth", "peer", "name", "eth0", "netns", network.name)
            _ip("address", "add", f"{network.address}/30", "dev", network.cable)
            network.plug()
            _ip("-n", network.name, "address", "add", f"{network.peer}/30", "dev", "eth0")
            _ip("-n", network.name, "link", "set", "eth0", "up")
        yield networks
    finally:
        for network in networks:
            _try_ip("link", "delete", network.cable)
            _try_ip("netns", "delete", network.name)


def plan_network(number: int) -> Network:
    """Say what the network of this number will be in this process."""
    process = os.getpid()
    ours = (MOST * process + number) * 4 % TESTS.num_addresses
    return Network(
        f"xray-{process}-{number}", f"xw{process % 10_000_000}-{number}", str(TESTS[ours + 1]), str(TESTS[ours + 2])
    )


def _ip(*words: str) -> None:
    refused = _try_ip(*words)
    assert refused is None, refused


def _try_ip(*words: str) -> str | None:
    ended = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    return ended.stderr.strip() or "no reason given" if ended.returncode else None
