"""An installation with users, and clients that are logged in to its page."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from cli.doors import build_doors
from installation.home import Home, prepare_home
from installation.installation import Installation
from store.access.users import add_user
from store.states import Role
from tests.installation.conftest import Install, install, place
from web.access import passwords
from web.app import create_app

__all__ = ["install", "place"]

PASSWORD = "correct horse battery staple"
BASE_URL = "http://localhost"
HASH = passwords.hash_password(PASSWORD)

LogIn = Callable[..., TestClient]


@pytest.fixture
def installation(place: Home, install: Install) -> Installation:
    """Return an installation whose ledger has a user for each role, of the role's name."""
    prepare_home(place)
    found = install(web="localhost:8080")
    found.upgrade_ledger()
    with found.ledger.begin() as connection:
        for role in Role:
            add_user(connection, role.value, role, HASH)
    return found


@pytest.fixture
def stranger(installation: Installation) -> Iterator[TestClient]:
    """Return a client that is not logged in."""
    with open_client(installation) as client:
        yield client


@pytest.fixture
def log_in(installation: Installation) -> Iterator[LogIn]:
    """Return a function that gives a client which is logged in as a user of a role; changes carry its token."""
    opened: list[TestClient] = []

    def log_in_as(role: Role = Role.VIEWER) -> TestClient:
        client = open_client(installation)
        opened.append(client)
        answer = client.post("/login", data={"username": role.value, "password": PASSWORD})
        assert answer.status_code == 303
        client.headers["X-CSRF-Token"] = find_csrf(client)
        return client

    yield log_in_as
    for client in opened:
        client.close()


def open_client(installation: Installation, **settings: Any) -> TestClient:
    app = create_app(installation, build_doors(installation))
    return TestClient(app, base_url=BASE_URL, follow_redirects=False, **settings)


def find_csrf(client: TestClient) -> str:
    found = re.search(r'data-csrf="([0-9a-f]{64})"', client.get("/account").text)
    assert found is not None
    return found[1]
