"""A worker on another host whose broker goes in the middle of the work: it hears again, and no film is left behind."""

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


class NextQuestion:
    """Cuts a worker's question for the next id, once it is armed."""

    def __init__(self) -> None:
        self.is_armed = self.was_met = False

    def __call__(self, sent: bytes) -> bool:
        if self.was_met or not self.is_armed or b"BRPOP" not in sent:
            return False
        self.was_met = True
        return True


def test_a_worker_whose_broker_went_in_mid_work_goes_on_without_a_new_start(
    hosts: Hosts, servers: Servers, ca: trustme.CA
) -> None:
    question = NextQuestion()
    relay = Relay(servers.valkey, build_context(ca, "localhost"), question, AWAY_SECONDS)
    films = hosts.root / "films"
    films.mkdir()
    hashes = write_films(films, FILMS)
    hosts.start("watch", "watch", str(hosts.inbox), "--no-worker")
    replace(hosts, broker=relay).start("worker", "worker", "--workers", "1")
    hosts.wait_for_log("watch", '"started"')
    drop(films, hosts.inbox, *hashes)
    hosts.wait_for_log("worker", '"done"')
    question.is_armed = True
    wait_until(lambda: question.was_met, what="the cut")
    wait_until(lambda: not any(hosts.inbox.iterdir()), what="all results", seconds=100)
    relay.close()
    assert '"deaf"' not in hosts.log("worker").read_text()
    ledger = Ledger.read(hosts.plain_database_url)
    assert find_faults(ledger, hosts.inbox.resolve(), hosts.home, hashes) == []
