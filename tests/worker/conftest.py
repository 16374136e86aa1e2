"""A home, an inbox and a ledger in a temporary folder."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Engine

from installation.home import Home, prepare_home
from store.database import reading
from store.ledger.arrivals import Arrival, NewArrival, claim_arrival, list_arrivals, record_arrivals
from store.states import AfterScreening, ArrivalState, Priority
from tests.databases import sqlite_engine, sqlite_template, sqlite_url
from worker.intake.inbox import fingerprint_file, look_at

__all__ = ["sqlite_engine", "sqlite_template", "sqlite_url"]

OWNER = "attempt-1"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    # a socket's path has 107 bytes, and pytest's folders get longer with every run
    with TemporaryDirectory(prefix="xray-", ignore_cleanup_errors=True) as runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        home = Home(tmp_path / "home")
        prepare_home(home)
        yield home


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def engine(sqlite_engine: Engine) -> Iterator[Engine]:
    return sqlite_engine


def enroll(
    engine: Engine,
    path: Path,
    after: AfterScreening = AfterScreening.MOVE,
    priority: Priority = Priority.ROUTINE,
) -> int:
    """Record a file of the inbox as the intake would; return the arrival's id."""
    look = look_at(str(path))
    assert look is not None
    fingerprint = fingerprint_file(path, look)
    with engine.begin() as connection:
        record_arrivals(connection, [NewArrival(fingerprint, path.parent, path, look.size_bytes, after, priority)])
    with reading(engine) as connection:
        return max(arrival.id for arrival in list_arrivals(connection, ArrivalState.WAITING))


def claim(engine: Engine, arrival_id: int, owner: str = OWNER) -> Arrival:
    with engine.begin() as connection:
        arrival = claim_arrival(connection, arrival_id, owner, 60)
    assert arrival is not None
    return arrival
