"""What is not who it says it is, is refused: in one line, with an exit code, and without the password."""

from collections.abc import Iterator

import pytest
import trustme

from tests.hosts.conftest import Hosts, Servers, build_context
from tests.hosts.relay import Relay
from tests.hosts.servers import PASSWORD
from worker.errors import BrokerUnavailableError
from worker.queue.broker import check_broker

UNAVAILABLE = 69


@pytest.fixture
def misnamed(ca: trustme.CA, servers: Servers) -> Iterator[Relay]:
    """Give a broker whose certificate is sound, and another host's."""
    relay = Relay(servers.valkey, build_context(ca, "broker.example.org"))
    yield relay
    relay.close()


@pytest.fixture
def misnamed_database(ca: trustme.CA, servers: Servers) -> Iterator[Relay]:
    relay = Relay(servers.postgresql, build_context(ca, "database.example.org"))
    yield relay
    relay.close()


def test_a_site_over_tls_with_passwords_is_sound(hosts: Hosts) -> None:
    answer = hosts.run("db", "check")
    assert answer.returncode == 0, answer.stderr
    told = hosts.run("status", "--format", "json").stdout
    assert '"broker": "answers"' in told
    assert '"database_answers": true' in told


@pytest.mark.parametrize("command", [("watch", "--no-worker"), ("worker",)])
def test_a_broker_signed_by_somebody_else_is_refused(hosts: Hosts, command: tuple[str, ...]) -> None:
    stranger = hosts.root / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(stranger)
    answer = hosts.run(*command, XRAY_BROKER_CA_FILE=str(stranger))
    assert answer.returncode == UNAVAILABLE, answer.stderr
    (line,) = answer.stderr.splitlines()
    assert line.startswith("xray-cli: the broker's certificate is refused (")
    assert PASSWORD not in answer.stdout + answer.stderr


def test_a_broker_with_another_hosts_certificate_is_refused(hosts: Hosts, misnamed: Relay) -> None:
    url = f"rediss://:{PASSWORD}@localhost:{misnamed.port}/0?ssl_ca_certs={hosts.ca_file}"
    with pytest.raises(BrokerUnavailableError, match=r"certificate is refused \(.*localhost") as refused:
        check_broker(url)
    assert PASSWORD not in str(refused.value)


def test_a_broker_that_wants_another_password_is_refused(hosts: Hosts) -> None:
    url = f"rediss://:wrong@localhost:{hosts.broker.port}/0?ssl_ca_certs={hosts.ca_file}"
    with pytest.raises(BrokerUnavailableError, match="refuses user name or password"):
        check_broker(url)


def test_a_broker_that_is_away_is_waited_for(hosts: Hosts) -> None:
    hosts.broker.close()
    check_broker(f"rediss://localhost:{hosts.broker.port}/0")


def test_a_ca_file_that_holds_no_certificate_or_is_not_there_is_said(hosts: Hosts) -> None:
    hosts.ca_file.write_text("no certificate")
    with pytest.raises(BrokerUnavailableError, match="XRAY_BROKER_CA_FILE"):
        check_broker(f"rediss://localhost:{hosts.broker.port}/0?ssl_ca_certs={hosts.ca_file}")
    hosts.ca_file.unlink()
    answer = hosts.run("worker")
    assert (answer.returncode, "XRAY_BROKER_CA_FILE" in answer.stderr) == (78, True)


@pytest.mark.parametrize(
    ("flaw", "told"),
    [
        ("stranger", "certificate verify failed"),
        ("misnamed", "does not match host name"),
        ("password", "password authentication failed"),
    ],
)
def test_a_database_that_is_not_the_right_one_is_refused(
    hosts: Hosts, misnamed_database: Relay, flaw: str, told: str
) -> None:
    url = hosts.settings()["XRAY_DATABASE_URL"]
    match flaw:
        case "stranger":
            trustme.CA().cert_pem.write_to_path(hosts.ca_file)
        case "misnamed":
            url = url.replace(f":{hosts.database.port}/", f":{misnamed_database.port}/")
        case "password":
            url = url.replace(PASSWORD, "wrong")
    answer = hosts.run("worker", XRAY_DATABASE_URL=url, XRAY_BROKER_URL="redis://127.0.0.1:1")
    assert answer.returncode == UNAVAILABLE, answer.stderr
    (line,) = answer.stderr.splitlines()
    assert line.startswith("xray-cli: the database refuses us (")
    assert told in line
    assert PASSWORD not in answer.stdout + answer.stderr
