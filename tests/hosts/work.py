"""What the ledger says of the hosts of a site: who holds what, and whether all is done."""

from pathlib import Path

import psutil
from sqlalchemy import select

from store.database import open_database, reading
from store.ledger.arrivals import list_arrivals
from store.ledger.counts import count_pending
from store.ledger.sweeps import list_unsettled
from store.states import ArrivalState
from store.tables import arrivals
from tests.hosts.conftest import Hosts
from worker.processes import name_lease


def list_held(hosts: Hosts, name: str) -> list[int]:
    """List the arrivals that a host's worker process has leased."""
    held_by = tuple(name_lease(child.pid) for child in psutil.Process(hosts.processes[name].pid).children())
    a = arrivals.c
    engine = open_database(hosts.plain_database_url)
    with reading(engine) as connection:
        rows = connection.execute(select(a.id, a.lease_owner).where(a.state == ArrivalState.SCREENING)).all()
    engine.dispose()
    return [row.id for row in rows if row.lease_owner.startswith(held_by)]


def is_settled(hosts: Hosts) -> bool:
    engine = open_database(hosts.plain_database_url)
    with reading(engine) as connection:
        pending, unsettled = count_pending(connection), list_unsettled(connection, -60.0)
        done = len(list_arrivals(connection, ArrivalState.DONE))
    engine.dispose()
    return pending == 0 and not unsettled and done > 0 and not list(Path(hosts.inbox).iterdir())
