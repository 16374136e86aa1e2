"""Two services at one inbox, and two workers at one arrival."""

import os
import subprocess
import time

import pytest

from selftest.site import PROGRAM
from store.database import open_database, reading
from store.ledger.arrivals import list_arrivals
from store.states import ArrivalState, Priority
from tests.acceptance.conftest import Site
from tests.faults.conftest import FaultRun
from worker.queue.queues import build_celery, send_arrival

pytestmark = pytest.mark.faults


def test_a_second_home_does_not_take_the_files_of_an_inbox(run: FaultRun) -> None:
    run.site.start()
    other = Site(run.site.root / "other", run.site.runtime)
    other.root.mkdir()
    refused = other.run("watch", run.site.inbox)
    assert refused.returncode == os.EX_CANTCREAT
    assert "another service takes the files" in refused.stderr
    assert "Traceback" not in refused.stderr
    run.drop_next(4)
    run.finish()
    run.prove()


def test_two_workers_and_ids_that_are_sent_again_and_again_give_each_file_one_result(run: FaultRun) -> None:
    run.site.start()
    worker = subprocess.Popen([*PROGRAM, "worker"], env=run.site.environment, cwd=run.site.root)
    app = build_celery(f"redis+socket://{run.site.find_broker_socket()}")
    engine = open_database(run.site.database_url)
    try:
        run.drop_next(40)
        while run.site.count_finished() < len(run.dropped):
            with reading(engine) as connection:
                waiting = [
                    *list_arrivals(connection, ArrivalState.QUEUED),
                    *list_arrivals(connection, ArrivalState.SCREENING),
                ]
            for arrival in waiting[-4:]:
                send_arrival(app, arrival.id, Priority.ROUTINE)
            time.sleep(0.1)
        run.finish()
    finally:
        app.close()
        engine.dispose()
        worker.terminate()
        worker.wait(60)
    run.prove()
    assert {row.attempts for row in run.read().arrivals} == {0}
