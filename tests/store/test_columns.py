import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import StatementError

from documents.text import find_file_name
from store.columns import FileName, FilePath, UtcDateTime, database_now
from store.ledger.models import list_models, record_model
from store.tables import arrivals
from tests.ledger import digest

NAMES = st.binary(min_size=1, max_size=60).filter(lambda name: b"\0" not in name and b"/" not in name)
HOSTILE = [
    rb"\xff",
    b"\xff",
    rb"\\xff",
    b"a\nb",
    b"\\",
    rb"\x5c",
    b"\xed\xb3\xbf",
    "Röntgen 胸.dcm".encode(),
    b"\x1b[31m",
]


@given(NAMES)
@example(HOSTILE[0])
@example(HOSTILE[1])
@example(HOSTILE[2])
@example(HOSTILE[6])
def test_any_name_on_disk_comes_back_from_its_text(name: bytes) -> None:
    path = Path(os.fsdecode(b"/inbox/" + name))
    column, dialect = FilePath(), sqlite.dialect()
    stored = column.process_bind_param(path, dialect)
    assert stored is not None
    stored.encode()  # what is not UTF-8 would be refused by the database
    assert column.process_result_value(stored, dialect) == path


@given(NAMES.filter(lambda name: name not in {b".", b".."}))
@example(HOSTILE[1])
@example(HOSTILE[2])
@example(HOSTILE[5])
def test_a_file_name_is_read_without_its_folders_as_people_read_it(name: bytes) -> None:
    path = Path(os.fsdecode(rb"/in\xffbox/" + name))
    stored = FilePath().process_bind_param(path, sqlite.dialect())
    assert FileName().process_result_value(stored, sqlite.dialect()) == find_file_name(path)


def test_hostile_names_come_back_from_the_database(engine: Engine) -> None:
    paths = [Path(os.fsdecode(b"/inbox/" + name)) for name in HOSTILE]
    with engine.begin() as connection:
        for path in paths:
            record_model(connection, digest(repr(path)), "1", path)
    with engine.begin() as connection:
        assert {model.folder for model in list_models(connection)} == set(paths)


def test_two_names_never_share_a_text() -> None:
    texts = {FilePath().process_bind_param(Path(os.fsdecode(name)), sqlite.dialect()) for name in HOSTILE}
    assert len(texts) == len(HOSTILE)


def test_no_path_is_no_path() -> None:
    assert FilePath().process_bind_param(None, sqlite.dialect()) is None
    assert FilePath().process_result_value(None, sqlite.dialect()) is None


def test_a_time_without_a_zone_is_refused(engine: Engine) -> None:
    naive = datetime(2026, 11, 1)  # noqa: DTZ001  (the very thing that is refused)
    with engine.begin() as connection, pytest.raises(StatementError, match="without a time zone"):
        connection.execute(select(arrivals.c.id).where(arrivals.c.finished_at < naive))


def test_a_time_is_the_same_moment_in_whatever_zone_it_was_given(engine: Engine) -> None:
    elsewhere = datetime(2026, 11, 1, 5, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    column = UtcDateTime()
    stored = column.process_bind_param(elsewhere, engine.dialect)
    found = column.process_result_value(stored, engine.dialect)
    assert found == elsewhere
    assert found is not None
    assert found.tzinfo is UTC


def test_the_databases_clock_is_utc(engine: Engine) -> None:
    with engine.begin() as connection:
        now = connection.execute(select(database_now())).scalar_one()
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=1)
    assert now.utcoffset() == timedelta(0)


@pytest.mark.parametrize("seconds", [0, 0.001, -0.25, 0.00001, 1e-9, -1e-7, 60, 86_400 * 400, -86_400 * 400])
def test_the_databases_clock_can_be_read_ahead_and_back(engine: Engine, seconds: float) -> None:
    with engine.begin() as connection:
        before = connection.execute(select(database_now())).scalar_one()
        moved = connection.execute(select(database_now(seconds))).scalar_one()
    error = moved - before - timedelta(seconds=seconds)
    assert timedelta(milliseconds=-2) <= error < timedelta(seconds=1)


def test_the_databases_clock_orders_with_times_that_python_wrote(engine: Engine) -> None:
    moment = datetime.now(UTC)
    with engine.begin() as connection:
        for offset, later in ((-2, True), (2, False)):
            bound = moment + timedelta(seconds=offset)
            assert connection.execute(select(database_now() > bound)).scalar() == later
