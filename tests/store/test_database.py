import multiprocessing
import sqlite3
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError, OperationalError

from store import database, location
from store.database import open_database, reading, undurable
from store.errors import DatabaseLocationError, DatabaseUrlError, StoreError
from store.ledger.arrivals import record_arrivals
from store.ledger.counts import count_pending
from store.ledger.models import record_model
from tests.ledger import arrive, digest, hold, new_arrival, new_screening, screen


@pytest.mark.parametrize(
    "url",
    [
        "mysql://root:secret@host/name",
        "postgresql://root:secret@host/name",
        "sqlite+aiosqlite:///x",
        "postgresql+psycopg://root:secret@host:port/name",
        "secret",
        "",
        "://",
    ],
)
def test_another_kind_of_database_or_nonsense_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(DatabaseUrlError, match=r"sqlite.*postgresql\+psycopg") as refused:
        open_database(url)
    assert "secret" not in str(refused.value)


@given(st.text())
def test_any_text_gives_an_engine_or_a_decision(url: str) -> None:
    try:
        open_database(url).dispose()
    except StoreError:
        return


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true"])
def test_a_database_that_forgets_is_refused(url: str) -> None:
    with pytest.raises(DatabaseLocationError, match="memory"):
        open_database(url)


def test_a_missing_folder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DatabaseLocationError, match="missing"):
        open_database(f"sqlite:///{tmp_path / 'missing' / 'x.db'}")


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_sqlite_on_a_share_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """A real share cannot be had without a server and root: the system's list of mounts is stood in for."""
    mount(monkeypatch, {"/": "ext4", str(tmp_path / "share"): kind})
    (tmp_path / "share").mkdir()
    (tmp_path / "link.db").symlink_to(tmp_path / "share" / "x.db")
    for place in ("share/x.db", "link.db"):
        with pytest.raises(DatabaseLocationError, match=kind):
            open_database(f"sqlite:///{tmp_path / place}")
    open_database(f"sqlite:///{tmp_path / 'x.db'}").dispose()


def mount(monkeypatch: pytest.MonkeyPatch, mounts: dict[str, str]) -> None:
    parts = [SimpleNamespace(mountpoint=folder, fstype=kind) for folder, kind in mounts.items()]
    monkeypatch.setattr(location.psutil, "disk_partitions", lambda **_: parts)


def test_sqlite_writes_through_the_log_and_waits_for_the_disk(sqlite_engine: Engine) -> None:
    with sqlite_engine.begin() as connection:
        found = {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")}
        foreign_keys = connection.execute(text("PRAGMA foreign_keys")).scalar()
    assert found == {"journal_mode": "wal", "synchronous": 2}
    assert foreign_keys == 1


def test_what_may_be_done_again_does_not_wait_for_the_disk_and_the_next_commit_does(engine: Engine) -> None:
    def read_waits(connection: Connection) -> object:
        asked = "SHOW synchronous_commit" if engine.dialect.name == "postgresql" else "PRAGMA synchronous"
        return connection.execute(text(asked)).scalar()

    with engine.begin() as connection:
        durable = read_waits(connection)
    with undurable(engine) as connection:
        assert read_waits(connection) in {"off", 1}
        record_arrivals(connection, [new_arrival("a.dcm")])

    def fail_half_way() -> None:
        with undurable(engine) as connection:
            record_arrivals(connection, [new_arrival("b.dcm")])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    with engine.begin() as connection:
        assert read_waits(connection) == durable
        assert count_pending(connection) == 1
    assert durable in {"on", 2}


def test_a_writer_takes_sqlites_lock_before_its_first_statement(sqlite_engine: Engine, sqlite_url: str) -> None:
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), timeout=0, isolation_level=None)
    with sqlite_engine.begin(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.close()


def test_a_reader_neither_waits_for_a_writer_nor_makes_one_wait(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(engine, "a.dcm")
    with engine.begin() as writer:
        record_arrivals(writer, [new_arrival("b.dcm")])
        with reading(engine) as reader:
            assert count_pending(reader) == 1
    with reading(engine) as reader:
        assert count_pending(reader) == 2
        arrive(engine, "c.dcm")


def test_a_reader_sees_one_moment_however_long_it_reads(engine: Engine) -> None:
    arrive(engine, "a.dcm")
    with reading(engine) as reader:
        assert count_pending(reader) == 1
        arrive(engine, "b.dcm")
        assert count_pending(reader) == 1


def test_a_connection_writes_again_after_it_has_read(engine: Engine) -> None:
    for name in ("a.dcm", "b.dcm", "c.dcm"):
        with reading(engine) as reader:
            count_pending(reader)
        arrive(engine, name)


def test_a_writer_that_waits_too_long_is_told_to_try_again(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    first, second = open_database(sqlite_url), open_database(sqlite_url)
    with first.begin(), pytest.raises(OperationalError, match="locked"), second.begin():
        pytest.fail("two writers at once")
    first.dispose()
    second.dispose()


def write_for(database_url: str, name: str, seconds: float) -> int:
    engine = open_database(database_url)
    end, rows = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        with reading(engine) as connection:
            count_pending(connection)
        arrive_blindly(engine, f"{name}-{rows}")
        rows += 1
    engine.dispose()
    return rows


def arrive_blindly(engine: Engine, name: str) -> None:
    with engine.begin() as connection:
        record_arrivals(connection, [new_arrival(name)])


def test_four_processes_write_to_one_file_and_none_finds_it_locked(sqlite_url: str, sqlite_engine: Engine) -> None:
    with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("spawn")) as processes:
        writers = [processes.submit(write_for, sqlite_url, f"{n}", 2.0) for n in range(4)]
        written = [writer.result(60) for writer in writers]
    assert min(written) > 0
    with reading(sqlite_engine) as connection:
        assert count_pending(connection) == sum(written)


def test_threads_share_an_engine(engine: Engine) -> None:
    threads = [threading.Thread(target=arrive_blindly, args=(engine, f"{n}")) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(engine) as connection:
        assert count_pending(connection) == 8


def test_an_error_of_the_database_shows_no_value_of_the_row(engine: Engine) -> None:
    arrival_id = hold(engine, "a.dcm")
    with engine.begin() as connection:
        record_model(connection, digest("m"), "1", Path("/bundle"))
    for screening in (
        new_screening(identity={"patient_id": "CANARY"}, model_sha256=digest("unknown")),
        new_screening(identity={"patient_id": "CANARY"}, model_sha256=digest("m"), label=None),
    ):
        with pytest.raises(IntegrityError) as refused:
            screen(engine, arrival_id, screening)
        assert "CANARY" not in f"{refused.value!s}{refused.value!r}{refused.value.orig!s}{refused.value.__cause__!s}"


def test_many_open_a_new_file_at_once(tmp_path: Path) -> None:
    for attempt in range(5):
        engines = [open_database(f"sqlite:///{tmp_path / f'{attempt}.db'}") for _ in range(6)]
        with ThreadPoolExecutor(6) as threads:
            modes = list(threads.map(read_journal_mode, engines))
        assert modes == ["wal"] * 6


def read_journal_mode(engine: Engine) -> str:
    with engine.begin() as connection:
        mode: str = connection.execute(text("PRAGMA journal_mode")).scalar_one()
    engine.dispose()
    return mode
