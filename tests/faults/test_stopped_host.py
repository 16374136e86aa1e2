"""A host that stands still in mid-work, and wakes when others have done its work: without network namespaces."""

import signal

import psutil
import pytest

from selftest.ledger_check import Ledger, find_faults
from selftest.run import drop, write_films
from selftest.site import wait_until
from tests.hosts.conftest import Hosts, ca, database_url, hosts, servers
from tests.hosts.work import is_settled, list_held

__all__ = ["ca", "database_url", "hosts", "servers"]

pytestmark = pytest.mark.faults

FILMS, MORE = 40, 8
TRIES = 40


def list_processes(hosts: Hosts, name: str) -> list[psutil.Process]:
    keeper = psutil.Process(hosts.processes[name].pid)
    return [keeper, *keeper.children(recursive=True)]


def stop_in_mid_work(hosts: Hosts, name: str) -> list[psutil.Process]:
    """Stop all processes of a host while it holds a file."""
    for _ in range(TRIES):
        wait_until(lambda: list_held(hosts, name), what=f"work on {name}", seconds=60)
        stopped = list_processes(hosts, name)
        for process in stopped:
            process.send_signal(signal.SIGSTOP)
        if list_held(hosts, name):
            return stopped
        for process in stopped:
            process.send_signal(signal.SIGCONT)
    pytest.fail(f"{name} was never stopped in mid-work")


def test_a_host_that_stands_still_doubles_nothing_when_it_wakes_and_works_on(hosts: Hosts) -> None:
    films = hosts.root / "films"
    films.mkdir()
    hashes = write_films(films, FILMS + MORE)
    names = list(hashes)
    hosts.start("watch", "watch", str(hosts.inbox), "--no-worker")
    for name in ("one", "two"):
        hosts.start(name, "worker", "--workers", "1")
    hosts.wait_for_log("watch", '"started"')
    drop(films, hosts.inbox, *names[:FILMS])
    wait_until(lambda: list_held(hosts, "two"), what="work on the other host", seconds=60)
    stopped = stop_in_mid_work(hosts, "one")
    wait_until(lambda: is_settled(hosts), what="all results", seconds=90)
    hosts.processes["two"].send_signal(signal.SIGTERM)
    assert hosts.processes["two"].wait(60) == 0
    for process in stopped:
        process.send_signal(signal.SIGCONT)
    drop(films, hosts.inbox, *names[FILMS:])
    wait_until(lambda: is_settled(hosts), what="the results of the host that woke", seconds=110)
    ledger = Ledger.read(hosts.plain_database_url)
    assert find_faults(ledger, hosts.inbox.resolve(), hosts.home, hashes) == []
