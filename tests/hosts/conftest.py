"""A site of several hosts: PostgreSQL and Valkey behind TLS and passwords, and the processes that reach them."""

import os
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest
import trustme
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from selftest.site import wait_until
from store.database import open_database
from store.schema import upgrade_schema
from tests.hosts.networks import plan_network
from tests.hosts.relay import Relay
from tests.hosts.servers import PASSWORD, run_postgresql, run_valkey

QUICK = {
    "XRAY_STABLE_SECONDS": "0.3",
    "XRAY_RESCAN_SECONDS": "1",
    "XRAY_READ_SECONDS": "5",
    "XRAY_LEASE_SECONDS": "15",
}
LOCAL = "127.0.0.1"
NAMES = ("localhost", LOCAL, *(plan_network(number).address for number in range(2)))


@dataclass(frozen=True)
class Servers:
    """Ports on this machine, without TLS."""

    valkey: int
    postgresql: int


@dataclass
class Hosts:
    """What every host of the site shares, and the processes that run on them."""

    root: Path
    runtime: Path
    ca_file: Path
    plain_database_url: str
    broker: Relay
    database: Relay
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def home(self) -> Path:
        return self.root / "home"

    def settings(self, address: str = "localhost", **changed: str) -> Mapping[str, str]:
        """Return what a host must be told that reaches the servers under this address."""
        database = f"{address}:{self.database.port}/{self.plain_database_url.rpartition('/')[2]}"
        checks = f"sslmode=verify-full&sslrootcert={self.ca_file}"
        return {
            "XRAY_HOME": str(self.home),
            "XRAY_BROKER_URL": f"rediss://:{PASSWORD}@{address}:{self.broker.port}/0",
            "XRAY_BROKER_CA_FILE": str(self.ca_file),
            "XRAY_DATABASE_URL": f"postgresql+psycopg://postgres:{PASSWORD}@{database}?{checks}",
            **QUICK,
            **changed,
        }

    def environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("XRAY_")}
        return inherited | {"XDG_RUNTIME_DIR": str(self.runtime)} | dict(settings)

    def run(self, *words: str, **changed: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "cli", *words],
            env=self.environment(self.settings(**changed)),
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self, name: str, *words: str, address: str = "localhost", within: tuple[str, ...] = ()) -> None:
        """Start a command on a host of this name; ``within`` goes before it."""
        with self.log(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [*within, sys.executable, "-m", "cli", *words],
                env=self.environment(self.settings(address)),
                cwd=self.root,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def log(self, name: str) -> Path:
        return self.root / f"{name}.log"

    def wait_for_log(self, name: str, words: str, seconds: float = 60.0) -> None:
        wait_until(lambda: words in self.log(name).read_text(), what=f"'{words}' of {name}", seconds=seconds)

    def stop(self) -> None:
        """End every process."""
        for process in self.processes.values():
            process.kill()
            process.wait(10)


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with run_valkey(tmp_path_factory.mktemp("valkey")) as valkey, run_postgresql() as postgresql:
        yield Servers(valkey, postgresql)


@pytest.fixture
def database_url(servers: Servers) -> Iterator[str]:
    """Make a database with its tables; give its URL without TLS."""
    address = f"postgresql+psycopg://postgres:{PASSWORD}@{LOCAL}:{servers.postgresql}"
    name = f"xray_{uuid4().hex}"
    _run_sql(f"{address}/postgres", f"CREATE DATABASE {name}")
    engine = open_database(f"{address}/{name}")
    upgrade_schema(engine)
    engine.dispose()
    yield f"{address}/{name}"
    _run_sql(f"{address}/postgres", f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def hosts(ca: trustme.CA, servers: Servers, database_url: str, tmp_path: Path) -> Iterator[Hosts]:
    ca_file = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(ca_file)
    (tmp_path / "inbox").mkdir()
    with ExitStack() as stack:
        context = build_context(ca, *NAMES)
        broker, database = Relay(servers.valkey, context), Relay(servers.postgresql, context)
        stack.callback(broker.close)
        stack.callback(database.close)
        runtime = stack.enter_context(TemporaryDirectory(prefix="xray-", ignore_cleanup_errors=True))
        hosts = Hosts(tmp_path, Path(runtime), ca_file, database_url, broker, database)
        stack.callback(hosts.stop)
        yield hosts


def build_context(ca: trustme.CA, *names: str) -> ssl.SSLContext:
    """Build a server's side of TLS, with a certificate for these names."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert(*names).configure_cert(context)
    return context


def _run_sql(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(statement))
