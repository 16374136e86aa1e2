"""Through a real pgbouncer that gives each transaction another of the server's sessions."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Engine, make_url, select, text
from sqlalchemy.exc import OperationalError

from store.database import open_database, reading
from store.errors import describe_database_error
from store.schema import check_encoding, check_schema
from store.tables import arrivals
from tests.ledger import arrive, predict, register_model
from tests.needs import find_program

SETTINGS = """[databases]
{name} = host={host} port={port} dbname={name} user={user}
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
listen_port = 6543
auth_type = any
pool_mode = transaction
default_pool_size = 2
logfile = {folder}/pgbouncer.log
pidfile = {folder}/pgbouncer.pid
{more}
"""


@pytest.fixture(params=["", "ignore_startup_parameters = options"], ids=["strict", "lenient"])
def pooled_url(request: pytest.FixtureRequest, postgresql_url: str) -> Iterator[str]:
    """Give the URL of a migrated database behind a pooler."""
    program = find_program("pgbouncer", "pgbouncer")
    url = make_url(postgresql_url)
    with TemporaryDirectory(prefix="xray-pool-", dir="/tmp") as made:
        folder = Path(made)
        folder.chmod(0o777)
        place = {"host": url.query.get("host", url.host), "port": url.port or 5432, "folder": folder}
        settings = folder / "pgbouncer.ini"
        more = request.param
        settings.write_text(SETTINGS.format(name=url.database, user=url.username, more=more, **place))
        as_user = _as_owner_of(Path(str(place["host"])) / f".s.PGSQL.{place['port']}")
        with subprocess.Popen([*as_user, program, "-q", str(settings)], stderr=subprocess.PIPE) as process:
            try:
                _wait_for(folder / ".s.PGSQL.6543")
                yield f"postgresql+psycopg://{url.username}@/{url.database}?host={folder}&port=6543"
            finally:
                process.terminate()


def _as_owner_of(socket: Path) -> list[str]:
    """Root's pgbouncer does not start, and others may not be let in by the server."""
    return ["setpriv", f"--reuid={socket.stat().st_uid}", "--clear-groups"] if os.geteuid() == 0 else []


def _wait_for(socket: Path) -> None:
    deadline = time.monotonic() + 10
    while not socket.exists():
        assert time.monotonic() < deadline, "pgbouncer did not start"
        time.sleep(0.05)


@pytest.fixture
def engine(pooled_url: str) -> Iterator[Engine]:
    engine = open_database(pooled_url)
    yield engine
    engine.dispose()


def test_the_ledger_works_through_it(engine: Engine) -> None:
    check_schema(engine)
    check_encoding(engine)
    register_model(engine)
    for number in range(12):  # more often than a statement is prepared, over sessions that take turns
        predict(engine, f"{number}.dcm")
        arrive(engine, f"waiting {number}.dcm")
    other = open_database(str(engine.url.render_as_string(hide_password=False)))
    with reading(engine) as first, reading(other) as second:
        assert len(first.execute(select(arrivals)).all()) == len(second.execute(select(arrivals)).all()) == 24
    other.dispose()


@pytest.mark.parametrize("pooled_url", [""], indirect=True)
def test_a_host_that_is_cut_off_in_mid_transaction_lets_go(engine: Engine) -> None:
    with engine.begin() as connection:
        assert connection.scalar(text("SHOW idle_in_transaction_session_timeout")) == "30s"
    with reading(engine) as connection:
        assert connection.scalar(text("SHOW idle_in_transaction_session_timeout")) == "1h"
        assert connection.scalar(text("SHOW transaction_isolation")) == "repeatable read"


def test_what_a_server_says_reaches_the_user(postgresql_server: str) -> None:
    engine = open_database(postgresql_server.replace("/postgres?", "/missing?", 1))
    with pytest.raises(Exception, match="does not exist") as refused:
        check_encoding(engine)
    assert describe_database_error(refused.value) == 'the database refuses us (database "missing" does not exist)'


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            'to "x" failed: fe_sendauth: no password supplied',
            "refuses us (fe_sendauth: no password supplied)",
        ),
        (
            'to "x" failed: FATAL:  too many clients',
            "refuses us (too many clients)",
        ),
        ('to "x" failed: Connection refused', "does not answer (RuntimeError)"),
    ],
)
def test_a_refusal_is_in_the_servers_or_the_clients_words(said: str, expected: str) -> None:
    error = OperationalError("SELECT 1", {}, RuntimeError(said))
    assert describe_database_error(error) == f"the database {expected}"
