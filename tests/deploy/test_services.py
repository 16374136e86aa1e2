"""The very commands of docker-compose.yml's services, as processes: they start, screen, say how they are, and stop."""

import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from redis.exceptions import AuthenticationError, RedisError

from tests.acceptance.conftest import wait_until
from tests.acceptance.test_main_job import drop_phantoms
from tests.deploy.compose import ROOT, Composed
from tests.ports import find_free_port

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]

LASTING = ("watch", "worker")


@pytest.fixture
def composed(tmp_path: Path, empty_postgresql_url: str) -> Iterator[Composed]:
    """Folders, secrets and ports for the services; only the addresses of database and broker are this machine's."""
    ports = {name: find_free_port() for name in (*LASTING, "valkey")}
    secrets = tmp_path / "run" / "secrets"
    secrets.parent.mkdir()
    subprocess.run([ROOT / "deploy" / "make-secrets", secrets], check=True)
    broker_url = (secrets / "broker_url").read_text().replace("@valkey:6379", f"@127.0.0.1:{ports['valkey']}")
    for name, url in (("database_url", empty_postgresql_url), ("broker_url", broker_url)):
        (secrets / name).chmod(0o600)
        (secrets / name).write_text(url)
    for folder in ("inbox", "home", "data"):
        (tmp_path / folder).mkdir()
    with TemporaryDirectory(prefix="xray-") as runtime:
        composed = Composed(tmp_path, Path(runtime), ports)
        yield composed
        for name in list(composed.processes):
            composed.kill(name)


def start_valkey(composed: Composed) -> None:
    """Start the broker, and wait until it asks for the password."""
    composed.start("valkey", "--port", str(composed.ports["valkey"]))

    def refuses() -> bool:
        try:
            composed.ask_valkey(None).ping()
        except AuthenticationError:
            return True
        except RedisError:
            pass
        return False

    wait_until(refuses, what="a broker that wants a password")


def wait_for_health(composed: Composed, name: str, *, healthy: bool) -> None:
    holds = partial(composed.is_healthy, name)
    wait_until(lambda: holds() is healthy, what=f"{name}: healthy {healthy}", seconds=180)


def test_the_services_start_screen_tell_their_health_and_stop(composed: Composed) -> None:
    start_valkey(composed)
    assert [composed.is_healthy(name) for name in LASTING] == [False, False]
    migrated = composed.run("migrate")
    assert migrated.returncode == 0, migrated.stderr
    for name in LASTING:
        composed.start(name)
    for name in LASTING:
        wait_for_health(composed, name, healthy=True)
    drop_phantoms(composed.root / "inbox", 2)
    wait_until(lambda: not list((composed.root / "inbox").iterdir()), what="an empty inbox", seconds=180)
    assert len(list((composed.root / "home" / "processed").rglob("*.dcm"))) == 2
    moved = 'xray_stage_seconds_count{stage="move"} 2.0'
    wait_until(lambda: moved in composed.fetch("worker", "/metrics"), what="the worker's figures")
    wait_until(lambda: "xray_arrivals_total 2.0" in composed.fetch("watch", "/metrics"), what="the watcher's figures")

    composed.kill("valkey")
    for name in LASTING:
        wait_for_health(composed, name, healthy=False)
    start_valkey(composed)
    for name in LASTING:
        wait_for_health(composed, name, healthy=True)
        assert composed.stop(name) == 0
