"""Many workers and two dispatchers at once: each arrival goes to exactly one of them."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import chain
from threading import Barrier

from sqlalchemy import Engine, select, text

from store.database import open_database, reading
from store.ledger.arrivals import claim_arrival, queue_arrivals
from store.ledger.sweeps import release_expired
from store.tables import arrivals
from tests.ledger import arrive


def claim_all(engine: Engine, ids: list[int], owner: str) -> list[int]:
    claimed = []
    for arrival_id in ids:
        with engine.begin() as connection:
            if claim_arrival(connection, arrival_id, owner, 60) is not None:
                claimed.append(arrival_id)
    return claimed


def claim_all_in_process(database_url: str, ids: list[int], owner: str) -> list[int]:
    engine = open_database(database_url)
    claimed = claim_all(engine, ids, owner)
    engine.dispose()
    return claimed


def run_at_once(count: int, work: Callable[[int], list[int]]) -> list[list[int]]:
    barrier = Barrier(count)

    def start(number: int) -> list[int]:
        barrier.wait(10)
        return work(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(start, range(count)))


def test_threads_claim_each_arrival_once(engine: Engine) -> None:
    ids = arrive(engine, *(f"{number}.dcm" for number in range(50)))
    shares = run_at_once(4, lambda number: claim_all(engine, ids, f"worker-{number}"))
    assert sorted(chain.from_iterable(shares)) == ids


def test_processes_claim_each_arrival_once(engine: Engine, database_url: str) -> None:
    ids = arrive(engine, *(f"{number}.dcm" for number in range(200)))
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as processes:
        started = [processes.submit(claim_all_in_process, database_url, ids, f"worker-{n}") for n in range(3)]
        shares = [share.result(60) for share in started]
    assert sorted(chain.from_iterable(shares)) == ids


def test_dispatchers_queue_each_arrival_once(engine: Engine) -> None:
    ids = arrive(engine, *(f"{number}.dcm" for number in range(60)))

    def dispatch(_number: int) -> list[int]:
        queued: list[int] = []
        for window in range(10, 200, 10):
            with engine.begin() as connection:
                queued += queue_arrivals(connection, window)
        return queued

    shares = run_at_once(2, dispatch)
    assert sorted(chain.from_iterable(shares)) == ids


def test_a_dispatcher_passes_over_what_another_is_about_to_queue(postgresql_engine: Engine) -> None:
    ids = arrive(postgresql_engine, *(f"{number}.dcm" for number in range(4)))
    with postgresql_engine.begin() as first, postgresql_engine.begin() as second:
        assert queue_arrivals(first, 2) == ids[:2]
        assert queue_arrivals(second, 2) == ids[2:]


def test_nobody_waits_for_a_host_that_hangs_in_mid_transaction(postgresql_engine: Engine) -> None:
    stuck, other, free = arrive(postgresql_engine, "stuck.dcm", "other.dcm", "free.dcm")
    with postgresql_engine.begin() as connection:
        for arrival_id in (stuck, other):
            claim_arrival(connection, arrival_id, "worker-1", -1)
    with postgresql_engine.connect() as hanging, postgresql_engine.begin() as connection:
        hanging.execute(select(arrivals.c.id).where(arrivals.c.id == stuck).with_for_update())
        connection.execute(text("SET LOCAL lock_timeout = '2s'"))  # who waits fails
        assert claim_arrival(connection, stuck, "worker-2", 60) is None
        assert release_expired(connection) == 1
        assert queue_arrivals(connection, 10) == [other, free]


def test_the_server_ends_what_hangs_in_a_transaction_but_not_who_reads_at_leisure(postgresql_engine: Engine) -> None:
    asked = text("SHOW idle_in_transaction_session_timeout")
    with postgresql_engine.begin() as connection:
        assert connection.scalar(asked) == "30s"
    with reading(postgresql_engine) as connection:
        assert connection.scalar(asked) == "1h"
