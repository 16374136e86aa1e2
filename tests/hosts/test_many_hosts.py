"""One watcher, two workers on hosts of their own, PostgreSQL and Valkey over TLS: a host goes away in mid-work."""

import re
from collections.abc import Iterator

import psutil
import pytest

from selftest.ledger_check import Ledger, find_faults
from selftest.run import drop, write_films
from selftest.site import wait_until
from store.database import open_database, reading
from store.ledger.arrivals import claim_arrival, find_arrival
from store.states import ArrivalState
from tests.hosts.conftest import LOCAL, Hosts
from tests.hosts.networks import Network, lay_cables
from tests.hosts.servers import PASSWORD
from tests.hosts.work import is_settled, list_held
from tests.ledger import arrive
from worker.processes import name_lease

pytestmark = pytest.mark.acceptance

FILMS = 48
TRIES = 40


@pytest.fixture
def networks() -> Iterator[list[Network]]:
    with lay_cables(2) as networks:
        yield networks


def test_a_host_that_is_cut_off_in_mid_work_loses_and_doubles_nothing(hosts: Hosts, networks: list[Network]) -> None:
    hosts.start("watch", "watch", str(hosts.inbox), "--no-worker", address=LOCAL)
    for name, network in zip(("one", "two"), networks, strict=True):
        hosts.start(name, "worker", "--workers", "1", address=network.address, within=network.within)
    films = hosts.root / "films"
    films.mkdir()
    hashes = write_films(films, FILMS)
    hosts.wait_for_log("watch", '"started"')
    drop(films, hosts.inbox, *hashes)
    wait_until(lambda: list_held(hosts, "two"), what="work on the other host", seconds=60)
    held = cut_off(hosts, "one", networks[0])
    wait_until(lambda: is_settled(hosts), what="all results", seconds=90)
    networks[0].plug()

    ledger = Ledger.read(hosts.plain_database_url)
    assert find_faults(ledger, hosts.inbox.resolve(), hosts.home, hashes) == []
    again = {row.id: row for row in ledger.arrivals}[held]
    assert (again.transient_faults >= 1, again.attempts) == (True, 0), "the host was to blame, and not the file"
    told = "".join(path.read_text() for path in hosts.root.glob("*.log"))
    assert PASSWORD not in told
    assert not re.search(r"Traceback|\"bug\"", told)


def test_a_killed_worker_process_is_started_anew_and_leaves_nothing_behind(hosts: Hosts) -> None:
    hosts.start("worker", "worker", "--workers", "1")
    keeper = psutil.Process(hosts.processes["worker"].pid)
    wait_until(lambda: len(keeper.children()) == 1, what="the worker process", seconds=60)
    (first,) = keeper.children()
    held = arrive_held_by(hosts, first.pid)
    first.kill()
    wait_until(lambda: keeper.children() not in ([], [first]), what="another worker process", seconds=60)
    engine = open_database(hosts.plain_database_url)
    with reading(engine) as connection:
        arrival = find_arrival(connection, held)
    engine.dispose()
    assert arrival is not None
    assert (arrival.state, arrival.transient_faults) == (ArrivalState.WAITING, 1), "its lease is free at once"
    keeper.terminate()
    assert keeper.wait(60) == 0
    assert not psutil.pid_exists(first.pid)


def arrive_held_by(hosts: Hosts, pid: int) -> int:
    """Record a file as if a worker process had just claimed it."""
    engine = open_database(hosts.plain_database_url)
    (arrival_id,) = arrive(engine, "film.dcm")
    with engine.begin() as connection:
        assert claim_arrival(connection, arrival_id, name_lease(pid, "task"), 60) is not None
    engine.dispose()
    return arrival_id


def cut_off(hosts: Hosts, name: str, network: Network) -> int:
    """Pull a host's cable while it holds a file; return the arrival's id."""
    for _ in range(TRIES):
        wait_until(lambda: list_held(hosts, name), what=f"work on {name}", seconds=60)
        network.pull()
        if held := list_held(hosts, name):  # it can tell nobody any more that it has finished
            return held[0]
        network.plug()
    pytest.fail(f"the cable of {name} was never pulled in mid-work")
