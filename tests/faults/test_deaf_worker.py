"""A worker on another host whose acknowledgement meets a broker that has just gone: it must not stay deaf."""

from dataclasses import replace

import pytest
import trustme

from selftest.ledger_check import Ledger, find_faults
from selftest.run import drop, write_films
from selftest.site import wait_until
from tests.hosts.conftest import Hosts, Servers, build_context, ca, database_url, hosts, servers
from tests.hosts.relay import Relay

__all__ = ["ca", "database_url", "hosts", "servers"]

pytestmark = pytest.mark.faults

FILMS = 12
AWAY_SECONDS = 8.0  # longer than the client's own tries


class FirstAcknowledgement:
    """Cuts what a worker sends when it acknowledges its first message."""

    def __init__(self) -> None:
        self.was_met = False

    def __call__(self, sent: bytes) -> bool:
        if self.was_met or b"ZREM" not in sent or b"unacked_index" not in sent:
            return False
        self.was_met = True
        return True


def test_a_worker_that_has_gone_deaf_is_started_anew(hosts: Hosts, servers: Servers, ca: trustme.CA) -> None:
    first = FirstAcknowledgement()
    relay = Relay(servers.valkey, build_context(ca, "localhost"), first, AWAY_SECONDS)
    films = hosts.root / "films"
    films.mkdir()
    hashes = write_films(films, FILMS)
    hosts.start("watch", "watch", str(hosts.inbox), "--no-worker")
    replace(hosts, broker=relay).start("worker", "worker", "--workers", "1")
    hosts.wait_for_log("watch", '"started"')
    drop(films, hosts.inbox, *hashes)
    hosts.wait_for_log("worker", '"deaf"', seconds=100)
    assert first.was_met
    wait_until(lambda: not any(hosts.inbox.iterdir()), what="all results", seconds=100)
    relay.close()
    ledger = Ledger.read(hosts.plain_database_url)
    assert find_faults(ledger, hosts.inbox.resolve(), hosts.home, hashes) == []
